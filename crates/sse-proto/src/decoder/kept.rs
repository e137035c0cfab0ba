//! What a decoder keeps from one connection to the next: the last event ID and the reconnection time. Imports the decoder.

use core::time::Duration;

use super::Decoder;
use super::torn::Torn;
use crate::error::{FrameError, LastEventIdError, Part};
use crate::field::{find_outside_of_id, from_milliseconds};
use crate::storage::Storage;
use crate::text::Text;

impl<S, T: ?Sized> Decoder<S, T> {
    /// The reconnection time that the stream has set, if any: at most `u64::MAX` milliseconds.
    ///
    /// [`reset`](Self::reset) does not change it.
    ///
    /// ```
    /// use core::time::Duration;
    /// use sse_proto::{Decoder, Fixed};
    ///
    /// let mut decoder = Decoder::with_storage(Fixed::<64, 16>::new());
    /// assert_eq!(decoder.reconnection_time(), None);
    /// assert!(decoder.next(&mut &b"retry: 2500\n"[..]).is_some());
    /// assert_eq!(decoder.reconnection_time(), Some(Duration::from_millis(2500)));
    /// ```
    #[must_use]
    pub const fn reconnection_time(&self) -> Option<Duration> {
        match self.block.reconnection_time() {
            Some(milliseconds) => Some(from_milliseconds(milliseconds)),
            None => None,
        }
    }
}

impl<S: Storage, T: Text + ?Sized> Decoder<S, T> {
    /// The last event ID: empty if the stream has set none, or has reset it.
    ///
    /// This is the "last event ID string" of the standard, what a client sends as `Last-Event-ID`
    /// when it comes back. The ID of a block counts from its blank line on, with an event or without.
    ///
    /// ```
    /// use sse_proto::{Decoder, Fixed};
    ///
    /// let mut decoder = Decoder::with_storage(Fixed::<64, 16>::new());
    /// assert!(decoder.next(&mut &b"id: 41\n\nid: 42\n"[..]).is_some());
    /// assert_eq!(decoder.last_event_id(), "41");
    /// ```
    #[must_use]
    pub fn last_event_id(&self) -> &T {
        self.block.last_event_id()
    }

    /// Sets the last event ID, for a stream that goes on where an earlier one has ended.
    ///
    /// Call it before the first byte of a stream. By the letter of the standard each stream begins
    /// with an empty last event ID buffer; browsers begin with the last event ID instead, so that an
    /// event without an ID does not make the client forget where it was. So does this decoder.
    ///
    /// # Errors
    ///
    /// If the ID holds CR, LF or NUL, or is longer than the storage allows. The last event ID
    /// is then what it was.
    ///
    /// ```
    /// use sse_proto::{Decoder, Fixed};
    ///
    /// let mut decoder = Decoder::with_storage(Fixed::<64, 16>::new());
    /// decoder.set_last_event_id("41")?;
    /// let event = decoder.next_event(&mut &b"data: 1\n\n"[..]).unwrap().unwrap();
    /// assert_eq!(event.last_event_id(), "41");
    /// # Ok::<(), sse_proto::LastEventIdError>(())
    /// ```
    pub fn set_last_event_id(&mut self, id: &T) -> Result<(), LastEventIdError> {
        let id = id.bytes();
        if let Some((offset, byte)) = find_outside_of_id(id) {
            let part = Part::LastEventId;
            return Err(LastEventIdError::Invalid(FrameError { part, byte, offset }));
        }
        self.block.set_last_event_id(id).map_err(LastEventIdError::TooLong)
    }

    /// Makes ready for the next connection: forgets the unfinished block, keeps the last event
    /// ID and the reconnection time.
    ///
    /// "Once the end of the file is reached, any pending data must be discarded. (If the file ends
    /// in the middle of an event, before the final empty line, the incomplete event is not
    /// dispatched.)"
    ///
    /// ```
    /// use sse_proto::{Decoder, Fixed};
    ///
    /// let mut decoder = Decoder::with_storage(Fixed::<64, 16>::new());
    /// assert!(decoder.next(&mut &b"id: 1\n\nid: 2\ndata: lost"[..]).is_some());
    /// decoder.reset();
    /// let event = decoder.next_event(&mut &b"data: kept\n\n"[..]).unwrap()?;
    /// assert_eq!((event.data(), event.last_event_id()), ("kept", "1"));
    /// # Ok::<(), sse_proto::LimitExceeded>(())
    /// ```
    pub fn reset(&mut self) {
        self.block.discard();
        self.torn = Torn::START_OF_STREAM;
    }

    /// The last event ID is again what it was before the last blank line.
    pub(crate) fn take_back_id(&mut self) {
        self.block.take_back_id();
    }

    /// The reconnection time in milliseconds.
    pub(crate) const fn reconnection_milliseconds(&self) -> Option<u64> {
        self.block.reconnection_time()
    }

    /// The reconnection time is again what it was.
    pub(crate) fn take_back_reconnection_time(&mut self, milliseconds: Option<u64>) {
        self.block.take_back_reconnection_time(milliseconds);
    }
}
