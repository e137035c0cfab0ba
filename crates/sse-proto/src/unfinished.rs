//! What the end of a stream has cut. Imports the decoder.

use crate::decoder::Decoder;
use crate::event::Item;
use crate::found::Found;
use crate::storage::Storage;

/// An event without its blank line, which the end of a stream has cut: "the incomplete event is not dispatched".
///
/// It is no [`Event`](crate::Event), because nobody can know whether all of it has come: the connection may have broken in
/// the middle of its data. Some servers forget the last blank line; who knows that theirs does may take
/// [`data`](Self::data) for what it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub struct Unfinished<'a> {
    event_type: &'a str,
    data: &'a str,
}

impl<'a> Unfinished<'a> {
    /// The event type, as far as it had come: `message` if there was none.
    #[must_use]
    pub const fn event_type(&self) -> &'a str {
        self.event_type
    }

    /// The data, as far as it had come. It may end in the middle of a line; a character that was cut is U+FFFD.
    #[must_use]
    pub const fn data(&self) -> &'a str {
        self.data
    }
}

/// What ends any block, wherever in a line it is: behind a CR, the first is of the same line ending.
const END_OF_BLOCK: &[u8] = b"\n\n";

impl<S: Storage> Decoder<S> {
    /// The event that the end of the stream has cut: a block with data, but without its blank line.
    ///
    /// Call it when the source has ended, before [`reset`](Self::reset), which forgets the block. It neither moves the
    /// last event ID nor the reconnection time. `None` if the stream ended after a block; or in one whose data
    /// had not begun, or which was too long.
    ///
    /// ```
    /// use sse_proto::{Decoder, Fixed};
    ///
    /// let mut decoder = Decoder::with_storage(Fixed::<64, 16>::new());
    /// assert!(decoder.next_event(&mut &b"id: 1\n\nid: 2\ndata: [DO"[..]).is_none());
    /// assert_eq!(decoder.unfinished().unwrap().data(), "[DO");
    /// assert_eq!(decoder.unfinished(), None);
    /// assert_eq!(decoder.last_event_id(), "1");
    /// ```
    pub fn unfinished(&mut self) -> Option<Unfinished<'_>> {
        let time = self.reconnection_milliseconds();
        let mut rest = END_OF_BLOCK;
        let (start, found) = loop {
            let start = rest;
            match self.advance(&mut rest) {
                None => break (start, None),
                Some(found @ (Found::Event | Found::LastEventId)) => break (start, Some(found)),
                Some(Found::Comment | Found::ReconnectionTime | Found::Limit) => {}
            }
        };
        // "retry: 5" may be the beginning of 5000, and "id: 4" that of 42.
        self.take_back_reconnection_time(time);
        let found = found?;
        self.take_back_id();
        match self.item(found, start) {
            Ok(Item::Event(event)) => {
                Some(Unfinished { event_type: event.event_type(), data: event.data() })
            }
            _ => None,
        }
    }
}
