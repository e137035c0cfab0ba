#![doc = include_str!("../README.md")]
#![forbid(unsafe_code)]

/// Reports to the `log` crate if the feature is on.
macro_rules! event {
    ($level:ident, $($arg:tt)+) => {
        #[cfg(feature = "log")]
        ::log::$level!($($arg)+);
    };
}

mod channel;
mod connection;
mod http;
mod intake;
mod log;
mod pump;
mod server;
mod service;
mod socket;
mod stream;
mod subscriber;
mod wire;

pub use crate::channel::{Channel, ChannelStats, History, Lag};
pub use crate::http::cors::Cors;
pub use crate::http::limits::Limits;
pub use crate::http::request::Request;
pub use crate::http::response::Response;
pub use crate::log::{Entry, EventId, Replay};
pub use crate::server::{BoundServer, Handle, Server};
pub use crate::service::{Access, Shutdown, Stats};
pub use crate::socket::sleep;
pub use crate::stream::Sink;
pub use sse_proto::Frame;

/// Locks a mutex; what a panicking thread left behind is whole, because nothing panics half-way.
pub(crate) fn lock<T>(mutex: &std::sync::Mutex<T>) -> std::sync::MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(std::sync::PoisonError::into_inner)
}
