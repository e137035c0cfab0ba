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
//! | most that the stream's own `retry` counts | a day |
//! | "optionally, wait some more" | the delay is the reconnection time plus a random part of a window; the window is half the reconnection time after the first failure and doubles with each, until the delay could reach 60 s; without [`Builder::jitter`] the delay itself doubles |
//! | when the backoff starts afresh | when the connection was open for 5 s, or the server ended the body as its framing says and had sent an event or moved the last event ID: an end without either is a failure, however polite |
//! | what is tried again | what a network does: no address, refused, TLS handshake, timeouts, broken or truncated responses, what is not HTTP, a refusing proxy, the end of the stream |
//! | what is final ("futile") | what a server says: a status other than 200, a type other than `text/event-stream`, a compression or framing that was not asked for, a head over the limit, a redirect that cannot be followed |
//! | 204 | final, as any status other than 200; there is an error item that says so |
//! | statuses that are tried again | none; those named by [`Builder::retry_statuses`], after at least `retry-after-ms` or `Retry-After`, which counts up to a day |
//! | types that are tried again | none; those named by [`Builder::retry_types`] |
//! | 401 | final; with [`Builder::before_attempt`] tried again once, until a connection has delivered something |
//! | giving up after failures in a row | never |
//! | types that are streams | `text/event-stream`; [`Builder::stream_types`] and [`Builder::stream_without_type`] name more |
//! | `charset` and other parameters of the type | ignored, always; a stream is UTF-8 |
//! | several `Content-Type` values | the last that is a MIME type counts, always |
//! | redirects | 20 in a row; a loop is an error; 301 and 302 turn POST, 303 every method, into GET |
//! | the URL of a reconnect after a redirect | the original one, always |
//! | header fields on the way to another origin | only `Accept`, `Accept-Language`, `Cache-Control`, `Content-Language`, `Content-Type`, `User-Agent` and the last event ID go along, always: a secret can have any name |
//! | cookies | sent if the caller sets them, never stored |
//! | from `https` to `http` | refused |
//! | a request's body on reconnect | sent again for GET, PUT, DELETE and OPTIONS; after POST and any other method, if the request was sent, the end of the connection is final ([`Builder::resend`]); with [`Builder::resume_by_get`] what has a last event ID is a GET without a body |
//! | connect timeout, with lookup and TLS | 30 s |
//! | head timeout, from the connection to the end of the head | 5 min, because many servers send it with the first event |
//! | silence timeout, fed by every byte | none; TCP keepalive notices a dead peer after about 90 s, always |
//! | time without an event | none; [`Builder::event_timeout`] |
//! | address families | alternating, an attempt every 250 ms, the first connection wins (RFC 8305), always |
//! | limits: data, event type, ID, comment | 1 MiB, 1 KiB, 4 KiB, 64 KiB ([`Limits`]); past one the event is skipped and an error says so, the connection goes on |
//! | limit of a response head | 64 KiB and 128 fields; the fields always |
//! | the body of a refusal | its first 64 KiB, or what comes within 2 s, or within 250 ms if the status is 200 and no length was stated, always; [`Response::cut`] says so |
//! | what is not HTTP/1 | an error at the first byte that cannot be, always |
//! | a folded header line | its line's end becomes spaces (RFC 9112 5.2), always |
//! | `Transfer-Encoding` | `chunked` counts once, however often it is repeated; `identity` is nothing; any other is an error, always |
//! | `Content-Encoding: none` | nothing, as `identity`, always |
//! | a NUL in an ID | the field is ignored, as the standard says |
//! | an ID that the builder gets and that no stream can have set | [`BuildError::LastEventId`] |
//! | an ID with a control character, which no header field can carry | not sent, always; [`Builder::last_event_id_query`] can carry it |
//! | ID-only blocks, comments, reconnection times, lines that are no field | not delivered; [`Builder::details`] delivers them |
//! | the end of a stream | an error that says what ended it and what was unfinished ([`Error::ending`]); [`Builder::until`] names the event after which nothing is wanted |
//! | the connection after a body that has ended | closed, always; none is kept for the next request |
//! | proxies | none; one by [`Builder::proxy`], the environment's by [`Builder::proxy_from_env`], where one that cannot be used matters only to the URLs that it is for |
//! | non-ASCII host names | refused; write them in their `xn--` form |
//!
//! What a closed source has received and not delivered is dropped: nothing comes after
//! [`EventSource::close`].

#![warn(
    missing_debug_implementations,
    clippy::must_use_candidate,
    clippy::return_self_not_must_use
)]

mod answer;
mod attempt;
mod blocking;
mod body;
mod buffer;
mod build_error;
mod builder;
mod config;
mod connecting;
mod connector;
mod content;
mod control;
mod driver;
mod ending;
mod error;
mod exchange;
mod failure;
mod head;
mod inflate;
mod item;
mod kind;
mod live;
mod net;
mod outgoing;
mod policy;
mod proxy;
mod ready_state;
mod redirect;
mod refusal;
mod request;
mod resend;
mod response;
mod retry_after;
mod scan;
mod schedule;
mod source;
mod step;
mod strays;
mod tail;
mod tls;
mod token;
mod types;
mod url;

pub use answer::Answer;
pub use attempt::{Attempt, BoxError};
pub use blocking::{Blocking, TimedOut};
pub use build_error::BuildError;
pub use builder::Builder;
pub use connector::Endpoint;
pub use control::Handle;
pub use ending::{EndedBy, Ending};
pub use error::Error;
#[cfg(feature = "tls")]
pub use futures_rustls::rustls;
pub use head::Head;
pub use item::{Event, Item, ItemRef, Open};
pub use kind::{ErrorKind, RedirectError};
pub use net::Connection;
pub use ready_state::ReadyState;
pub use resend::Resend;
pub use response::{Cut, Response};
pub use source::EventSource;
pub use sse_proto::{self as proto, Limits};
pub use url::UrlError;

#[doc = include_str!("../README.md")]
#[cfg(doctest)]
struct Readme;

#[doc = include_str!("../COMING_FROM.md")]
#[cfg(doctest)]
struct ComingFrom;
