#![doc = include_str!("../README.md")]
#![forbid(unsafe_code)]
#![warn(
    missing_debug_implementations,
    clippy::must_use_candidate,
    clippy::return_self_not_must_use
)]

mod away;
mod batch;
mod block;
mod channel;
mod channels;
mod chunk;
mod cut;
mod entered;
mod entry;
mod era;
mod feed;
mod follower;
mod following;
mod gap;
mod history;
mod id;
mod joined;
mod joint_id;
mod json;
mod keeper;
mod leaf;
mod log;
mod render;
mod replica;
mod ring;
mod several;
mod shown;
pub mod snapshot;
mod source;
mod state_channel;
mod stats;
mod subscription;
mod voice;
mod waiters;

pub use crate::batch::Batch;
pub use crate::block::{Block, Framing};
pub use crate::channel::Channel;
pub use crate::channels::{Channels, ChannelsError};
pub use crate::cut::Cut;
pub use crate::entry::Entry;
pub use crate::feed::Feed;
pub use crate::gap::Gap;
pub use crate::history::{History, Lag, Replay};
pub use crate::id::EventId;
pub use crate::keeper::{Keeper, Stopped};
pub use crate::log::{Changed, Log, Read};
pub use crate::replica::Replica;
pub use crate::source::{Page, PageFuture, Source};
pub use crate::state_channel::{Changes, StateChannel};
pub use crate::stats::ChannelStats;
pub use crate::subscription::Subscription;
pub use sse_proto::Frame;
