//! An `EventSource` that survives bad networks.

mod body;
mod buffer;
mod builder;
mod config;
mod connector;
mod error;
mod establish;
mod head;
mod item;
mod live;
mod net;
mod redirect;
mod request;
mod schedule;
mod source;
mod url;

pub use builder::{BuildError, Builder};
pub use connector::Endpoint;
pub use error::{Error, ErrorKind, RedirectError, Response};
pub use head::Head;
pub use item::{Event, Item, ItemRef, Open};
pub use net::Connection;
pub use source::{EventSource, ReadyState};
pub use sse_proto::{self as proto, Limits};
pub use url::UrlError;
