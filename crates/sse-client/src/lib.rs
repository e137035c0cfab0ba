//! An `EventSource` that survives bad networks: WHATWG HTML, section 9.2, outside a browser.
//!
//! It runs on any executor, and without one by [`EventSource::blocking`]. Without features its tree
//! has 27 crates, itself included.
//!
//! ```no_run
//! # futures_lite::future::block_on(async {
//! use sse_client::{EventSource, Item};
//!
//! let mut source = EventSource::new("http://127.0.0.1:8080/events")?;
//! while let Some(item) = source.next().await {
//!     match item {
//!         Item::Event(event) => println!("{}", event.data),
//!         Item::Error(error) => eprintln!("{error}"),
//!         _ => {}
//!     }
//! }
//! # Ok::<(), sse_client::BuildError>(()) });
//! ```
//!
//! | feature | what it adds |
//! |---|---|
//! | `tls` | `https`, by rustls with the roots of the Mozilla programme, or with the caller's configuration |
//! | `gzip` | compressed streams are asked for and read, event by event |
//!
//! # What the standard leaves open, and what this crate does
//!
//! Each number is a default that [`Builder`] can change, unless "always" stands there.
//!
//! | question | answer |
//! |---|---|
//! | reconnection time while the stream has set none | 3 s |
//! | least delay (`retry: 0`) | 500 ms |
//! | "optionally, wait some more" | the delay is the reconnection time plus a random part of a window; the window is half the reconnection time after the first failure and doubles with each, until the delay could reach 60 s |
//! | when the backoff starts afresh | when the connection was open for 5 s, or the server ended the body as its framing says |
//! | what is tried again | what a network does: no address, refused, TLS handshake, timeouts, broken or truncated responses, what is not HTTP, a refusing proxy, the end of the stream |
//! | what is final ("futile") | what a server says: a status other than 200, a type other than `text/event-stream`, a compression that was not asked for, a head over the limit, a redirect that cannot be followed |
//! | 204 | final, as any status other than 200; there is an error item that says so |
//! | statuses that are tried again | none; those named by [`Builder::retry_statuses`], after at least `Retry-After`, which counts up to a day |
//! | giving up after failures in a row | never |
//! | `charset` and other parameters of the type | ignored, always; a stream is UTF-8 |
//! | several `Content-Type` values | the last that is a MIME type counts, always |
//! | redirects | 20 in a row; a loop is an error; 301 and 302 turn POST, 303 every method, into GET |
//! | the URL of a reconnect after a redirect | the original one, always |
//! | header fields on the way to another origin | only `Accept`, `Accept-Language`, `Cache-Control`, `Content-Language`, `Content-Type`, `User-Agent` and the last event ID go along, always: a secret can have any name |
//! | cookies | sent if the caller sets them, never stored |
//! | from `https` to `http` | refused |
//! | a request's body on reconnect | sent again for GET, PUT, DELETE and OPTIONS; after POST and any other method, if the request was sent, the end of the connection is final ([`Builder::resend`]) |
//! | connect timeout, with lookup and TLS | 30 s |
//! | head timeout, from the connection to the end of the head | 5 min, because many servers send it with the first event |
//! | silence timeout, fed by every byte | none; TCP keepalive notices a dead peer after about 90 s, always |
//! | address families | alternating, an attempt every 250 ms, the first connection wins (RFC 8305), always |
//! | limits: data, event type, ID, comment | 1 MiB, 1 KiB, 4 KiB, 64 KiB ([`Limits`]); past one the event is skipped and an error says so, the connection goes on |
//! | limit of a response head | 64 KiB and 128 fields; the fields always |
//! | the body of a refusal | its first 64 KiB, or what comes within 2 s, always |
//! | a NUL in an ID | the field is ignored, as the standard says |
//! | an ID that the builder gets and that cannot be sent | [`BuildError::LastEventId`] |
//! | ID-only blocks, comments, reconnection times | not delivered; [`Builder::details`] delivers them |
//! | the connection after a body that has ended | closed, always; none is kept for the next request |
//! | proxies | none; one by [`Builder::proxy`], the environment's by [`Builder::proxy_from_env`] |
//! | non-ASCII host names | refused; write them in their `xn--` form |
//!
//! What a closed source has received and not delivered is dropped: nothing comes after
//! [`EventSource::close`].

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

#[doc = include_str!("../README.md")]
#[cfg(doctest)]
struct Readme;
