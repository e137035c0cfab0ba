//! An `EventSource` that survives bad networks.

mod blocking;
mod body;
mod buffer;
mod builder;
mod config;
mod connector;
mod content;
mod error;
mod establish;
mod head;
mod inflate;
mod item;
mod live;
mod net;
mod proxy;
mod redirect;
mod request;
mod retry_after;
mod schedule;
mod source;
mod tls;
mod url;

pub use blocking::Blocking;
pub use builder::{BuildError, Builder};
pub use connector::Endpoint;
pub use error::{Error, ErrorKind, RedirectError, Response};
#[cfg(feature = "tls")]
pub use futures_rustls::rustls;
pub use head::Head;
pub use item::{Event, Item, ItemRef, Open};
pub use net::Connection;
pub use source::{EventSource, ReadyState};
pub use sse_proto::{self as proto, Limits};
pub use url::UrlError;
