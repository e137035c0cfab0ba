//! Server-Sent Events: frames to bytes, and bytes to events.
//!
//! The format is that of WHATWG HTML, sections [9.2.5] (grammar) and [9.2.6] (interpretation). No I/O, no clock, no
//! unsafe code; without the feature `alloc` no heap, without default features no dependency.
//!
//! - [`Decoder`] reads a stream in chunks of any size and finds each [`Item`]: an [`Event`], a comment, a
//!   reconnection time, a last event ID.
//! - [`Frame`] is one block to be sent, checked when it is built.
//! - [`ChunkedBody`] takes off the framing in which HTTP/1.1 sends a stream, for those who have no HTTP client.
//! - [`LineReader`] and [`Line`] are the layer below, for those who must see every field.
//!
//! ```
//! use sse_proto::{Decoder, Fixed, Frame};
//!
//! let frame = Frame::message("It is late").with_event_type("clock")?.with_id("7")?;
//! let mut buffer = [0; 64];
//! let length = frame.encode_into(&mut buffer).unwrap();
//!
//! let mut decoder = Decoder::with_storage(Fixed::<256, 64>::new());
//! let mut rest = &buffer[..length];
//! while let Some(event) = decoder.next_event(&mut rest) {
//!     assert_eq!(event.unwrap().to_frame()?, frame);
//! }
//! # Ok::<(), sse_proto::FrameError>(())
//! ```
//!
//! Inside, a stream goes `search` (where a line ends), `chunk`, `whole` (lines that lie whole in it) and `torn` (those that
//! do not; without the feature `whole-lines` all of them), `field` (what a line is about), `block` (the buffers of the
//! standard), `decoder`. The sentences of the standard stand at the code that follows them.
//!
//! [9.2.5]: https://html.spec.whatwg.org/multipage/server-sent-events.html#parsing-an-event-stream
//! [9.2.6]: https://html.spec.whatwg.org/multipage/server-sent-events.html#event-stream-interpretation

#![no_std]
#![warn(
    missing_debug_implementations,
    clippy::must_use_candidate,
    clippy::return_self_not_must_use
)]

#[cfg(feature = "alloc")]
extern crate alloc;
#[cfg(feature = "std")]
extern crate std;

mod buffer;
mod chunked;
#[cfg(feature = "serde")]
mod data;
mod decoder;
mod error;
mod event;
#[cfg(any(
    feature = "std",
    feature = "stream",
    feature = "embedded-io",
    feature = "embedded-io-async"
))]
mod events;
mod field;
mod formatted;
mod found;
mod frame;
#[cfg(feature = "alloc")]
mod heap;
mod line;
mod lines;
mod milliseconds;
mod out;
#[cfg(feature = "alloc")]
mod owned;
mod pieces;
mod place;
mod search;
mod storage;
mod text;
mod unfinished;
mod utf8;

pub use chunked::{ChunkError, ChunkedBody};
pub use decoder::Decoder;
pub use error::{BufferTooSmall, EncodeError, FrameError, LastEventIdError, LimitExceeded, Part};
pub use event::{Event, Item};
#[cfg(feature = "embedded-io-async")]
pub use events::EmbeddedAsyncReader;
#[cfg(feature = "embedded-io")]
pub use events::EmbeddedReader;
#[cfg(feature = "std")]
pub use events::Reader;
#[cfg(feature = "futures-io")]
pub use events::{AsyncBufReader, AsyncReader};
#[cfg(feature = "stream")]
pub use events::{ByteStreamExt, Chunks};
#[cfg(any(
    feature = "std",
    feature = "stream",
    feature = "embedded-io",
    feature = "embedded-io-async"
))]
pub use events::{Events, ReadError};
pub use formatted::FormattedFrame;
pub use found::Found;
pub use frame::Frame;
pub use line::Line;
pub use lines::LineReader;
#[cfg(feature = "alloc")]
pub use owned::OwnedEvent;
pub use pieces::Pieces;
pub use storage::{Fixed, Growable, Lent, Limits, Storage};
pub use text::Text;
pub use unfinished::Unfinished;

#[cfg(doctest)]
#[doc = include_str!("../README.md")]
struct Readme;

#[cfg(all(doctest, feature = "stream", feature = "std"))]
#[doc = include_str!("../COMING_FROM.md")]
struct ComingFrom;
