//! Server-Sent Events: frames to bytes, and bytes to events.
//!
//! The format is that of WHATWG HTML, sections 9.2.5 and 9.2.6. No I/O, no clock, no unsafe code, and without
//! the feature `alloc` no heap.

#![no_std]

#[cfg(feature = "alloc")]
extern crate alloc;

mod block;
mod buffer;
mod decoder;
mod error;
mod event;
mod field;
mod frame;
#[cfg(feature = "alloc")]
mod heap;
mod line;
mod lines;
mod scan;
mod search;
mod storage;
mod torn;
mod utf8;

pub use decoder::Decoder;
pub use error::{BufferTooSmall, FrameError, LastEventIdError, LimitExceeded, Part};
pub use event::{Event, Item};
pub use frame::Frame;
pub use line::Line;
pub use lines::LineReader;
pub use storage::{Fixed, Growable, Lent, Limits, Storage};
