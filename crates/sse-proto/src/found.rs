//! What a decoder says that it has found, before anything of it is text. Imports nothing.

/// What [`Decoder::advance`](crate::Decoder::advance) has found: of which kind it is, and no borrow.
///
/// [`Decoder::item`](crate::Decoder::item) makes the item of it, with its texts; who does not want it drops it.
///
/// ```
/// use sse_proto::{Decoder, Fixed, Found};
///
/// let mut decoder = Decoder::with_storage(Fixed::<64, 16>::new());
/// let mut rest = &b": beat\ndata: 1\n\n"[..];
/// assert_eq!(decoder.advance(&mut rest), Some(Found::Comment));
/// assert_eq!(decoder.advance(&mut rest), Some(Found::Event));
/// assert_eq!(decoder.advance(&mut rest), None);
/// ```
#[must_use = "`Decoder::item` makes the item of it"]
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Found {
    /// A blank line has dispatched an event.
    Event,
    /// A comment line has ended.
    Comment,
    /// A `retry` field has set the reconnection time.
    ReconnectionTime,
    /// A blank line has set the last event ID, without an event.
    LastEventId,
    /// A part of the stream is longer than the storage allows: there is an error instead of an item.
    Limit,
}
