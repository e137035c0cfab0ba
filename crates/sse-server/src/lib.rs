#![doc = include_str!("../README.md")]
#![forbid(unsafe_code)]
#![warn(
    missing_debug_implementations,
    clippy::must_use_candidate,
    clippy::return_self_not_must_use
)]

/// Reports to the `log` crate if the feature is on.
macro_rules! event {
    ($level:ident, $($arg:tt)+) => {
        #[cfg(feature = "log")]
        ::log::$level!($($arg)+);
    };
}

mod access;
mod connection;
mod delivery;
mod events;
mod handle;
mod http;
mod intake;
mod ranked;
mod report;
mod response;
mod server;
mod service;
mod serving;
mod shutdown;
mod socket;
mod trial;

pub use crate::access::{Access, Outcome};
pub use crate::delivery::sink::Sink;
pub use crate::events::Events;
pub use crate::handle::Handle;
pub use crate::http::cors::Cors;
pub use crate::http::limits::Limits;
pub use crate::http::request::{Method, Request};
pub use crate::http::status::Refusal;
pub use crate::response::Response;
pub use crate::server::{BoundServer, Server};
pub use crate::service::Stats;
pub use crate::shutdown::Shutdown;
pub use crate::socket::sleep;
pub use crate::trial::Trial;
pub use sse_channel::{
    Changes, Channel, ChannelStats, Channels, ChannelsError, Entry, EventId, Frame, Gap, History,
    Lag, Log, Replay, StateChannel, Subscription, snapshot,
};
