#![doc = include_str!("../README.md")]
#![forbid(unsafe_code)]
#![warn(missing_debug_implementations)]

mod batch;
mod block;
mod channel;
mod entry;
mod era;
mod feed;
mod follower;
mod gap;
mod history;
mod id;
mod log;
mod ring;
pub mod snapshot;
mod source;
mod stats;
mod subscription;
mod waiters;

pub use crate::batch::Batch;
pub use crate::block::{Block, Framing};
pub use crate::channel::Channel;
pub use crate::entry::Entry;
pub use crate::feed::Feed;
pub use crate::gap::Gap;
pub use crate::history::{History, Lag, Replay};
pub use crate::id::EventId;
pub use crate::log::{Changed, Log, Read};
pub use crate::source::{Page, PageFuture, Source};
pub use crate::stats::ChannelStats;
pub use crate::subscription::{Cut, Subscription};
pub use sse_proto::Frame;
