//! Channels that live in Redis Streams: any number of nodes deliver the same events in the same order, and a client goes
//! on where it was on whichever of them it comes back to.
//!
//! A [`Hub`] is what a node has: one reader that waits for news of all streams, one connection for all who ask. A
//! [`RedisChannel`] publishes to a stream and is followed like any other channel.

mod channel;
mod error;
mod fields;
mod hub;
mod id;
mod link;
mod node;
mod options;
mod pages;
mod place;
mod reader;
mod registry;
mod reply;
mod source;
mod stats;
mod time;
mod tls;

pub use crate::channel::RedisChannel;
pub use crate::error::{Error, PublishError};
pub use crate::fields::Skip;
pub use crate::hub::Hub;
pub use crate::options::{Notice, Options};
pub use crate::stats::HubStats;
pub use crate::tls::Certificates;
pub use sse_channel::{
    Entry, EventId, Frame, History, Keeper, Lag, Replay, Replica, Stopped, Subscription,
};

#[doc = include_str!("../README.md")]
#[cfg(doctest)]
struct Readme;
