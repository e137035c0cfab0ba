//! The block that is being read: its values, and what outlives it. Imports `core` and the storage.

#[cfg(feature = "whole-lines")]
mod range;

use core::marker::PhantomData;

use crate::buffer::Buffer;
use crate::error::{LimitExceeded, Part};
use crate::event::{Event, Item};
use crate::field::from_milliseconds;
use crate::found::Found;
use crate::place::Place;
use crate::storage::{Parts, Slot};
use crate::text::{Text, value};

/// The three buffers that the standard gives to an event stream, and the last event ID string and the reconnection time
/// of the event source.
///
/// "When a stream is parsed, a data buffer, an event type buffer, and a last event ID buffer
/// must be associated with it. They must be initialized to the empty string."
#[derive(Debug)]
pub(crate) struct Block<S, T: ?Sized> {
    storage: S,
    data: Place,
    event_type: Place,
    /// Where the last comment is.
    comment: Place,
    /// The block has an `id` field that is not ignored.
    has_id: bool,
    /// A blank line has ended the block: the next byte begins another.
    is_over: bool,
    /// Which limit was passed last.
    passed: Part,
    /// Where a value goes that is being read byte by byte; what was read last is there until the next one begins.
    current: Slot,
    /// Where the last event ID string is.
    committed: Slot,
    /// Where the last event ID buffer is.
    pending: Slot,
    /// Where the last event ID string was before the last blank line.
    previous: Slot,
    /// In milliseconds.
    reconnection_time: Option<u64>,
    text: PhantomData<T>,
}

impl<S: Clone, T: ?Sized> Clone for Block<S, T> {
    fn clone(&self) -> Self {
        Self { storage: self.storage.clone(), ..*self }
    }
}

impl<S, T: ?Sized> Block<S, T> {
    pub(crate) const fn new(storage: S) -> Self {
        Self {
            storage,
            data: Place::Nowhere,
            event_type: Place::Nowhere,
            comment: Place::Nowhere,
            has_id: false,
            is_over: false,
            passed: Part::Line,
            current: Slot::A,
            committed: Slot::A,
            pending: Slot::A,
            previous: Slot::A,
            reconnection_time: None,
            text: PhantomData,
        }
    }

    /// In milliseconds.
    pub(crate) const fn reconnection_time(&self) -> Option<u64> {
        self.reconnection_time
    }

    /// The number of a `retry` field, if it has one.
    pub(crate) fn set_reconnection_time(&mut self, milliseconds: Option<u64>) -> Option<Found> {
        milliseconds?;
        self.reconnection_time = milliseconds;
        Some(Found::ReconnectionTime)
    }

    pub(crate) fn exceed(&mut self, part: Part) -> Found {
        self.passed = part;
        Found::Limit
    }

    /// The cell that holds no ID which may still be needed.
    fn free_cell(&self) -> Slot {
        let is_free = |cell| self.committed != cell && self.pending != cell;
        if is_free(Slot::A) {
            Slot::A
        } else if is_free(Slot::B) {
            Slot::B
        } else {
            Slot::C
        }
    }
}

impl<S: Parts, T: Text + ?Sized> Block<S, T> {
    /// A value begins that goes to its buffer; false if that passes the limit.
    ///
    /// "Append the field value to the data buffer, then append a single U+000A LINE FEED (LF) character to the data
    /// buffer." The line feed is appended with the next line instead. So there is nothing to do for "If the data buffer's
    /// last character is a U+000A LINE FEED (LF) character, then remove the last character from the data buffer."
    #[inline]
    pub(crate) fn begin(&mut self, part: Part) -> bool {
        let is_joined = part == Part::Data && !self.data.is_nowhere();
        self.current = match part {
            Part::Data | Part::Line => self.current,
            Part::EventType => {
                // "Set the event type buffer to the field value."
                self.event_type = Place::Buffer;
                Slot::EventType
            }
            Part::LastEventId | Part::Comment => self.free_cell(),
        };
        let mut buffer = self.storage.buffer(self.current, part);
        if is_joined {
            return buffer.push(b'\n');
        }
        buffer.clear();
        true
    }

    #[inline]
    pub(crate) fn push(&mut self, part: Part, byte: u8) -> bool {
        self.storage.buffer(self.current, part).push(byte)
    }

    /// A value ends that is in its buffer; false if it passes the limit as text.
    #[inline]
    pub(crate) fn end(&mut self, part: Part) -> bool {
        match part {
            Part::Data => self.data = Place::Buffer,
            Part::EventType | Part::Line => {}
            Part::LastEventId => return self.end_id(),
            Part::Comment => self.comment = Place::Buffer,
        }
        true
    }

    /// "If the field value does not contain U+0000 NULL, then set the last event ID buffer to
    /// the field value. Otherwise, ignore the field." Here is none that contains one.
    fn end_id(&mut self) -> bool {
        let fits = T::settle(&mut self.storage.buffer(self.current, Part::LastEventId));
        self.set_pending(fits);
        fits
    }

    /// What has been read is the last event ID buffer now, if it fits.
    #[inline]
    fn set_pending(&mut self, fits: bool) {
        if fits {
            self.pending = self.current;
            self.has_id = true;
        }
    }

    /// A blank line.
    #[inline]
    pub(crate) fn dispatch(&mut self) -> Option<Found> {
        // "Set the last event ID string of the event source to the value of the last event ID
        // buffer. The buffer does not get reset."
        self.previous = self.committed;
        self.committed = self.pending;
        let found = if !self.data.is_nowhere() {
            Found::Event
        } else if self.has_id {
            Found::LastEventId
        } else {
            // "If the data buffer is an empty string, set the data buffer and the event type
            // buffer to the empty string and return."
            self.event_type = Place::Nowhere;
            return None;
        };
        self.is_over = true;
        Some(found)
    }

    /// "Set the data buffer and the event type buffer to the empty string."
    ///
    /// "at a minimum they must set the data and event type buffers to the empty string before returning": here that is
    /// with the next call, because the event that was handed out borrows from them.
    #[inline]
    pub(crate) fn clear_if_over(&mut self) {
        if self.is_over {
            self.clear();
        }
    }

    #[inline]
    fn clear(&mut self) {
        self.data = Place::Nowhere;
        self.event_type = Place::Nowhere;
        self.has_id = false;
        self.is_over = false;
    }

    /// Forgets the unfinished block, its ID too.
    pub(crate) fn discard(&mut self) {
        self.clear();
        self.pending = self.committed;
    }

    /// The event that the last blank line has dispatched: "Let event be the result of creating an event using
    /// MessageEvent".
    ///
    /// Inlined, like those that call it: an event is put together where it is used, because its three texts, written to
    /// memory one by one and read together, would be waited for.
    #[cfg_attr(feature = "whole-lines", inline(always))]
    pub(crate) fn event<'d>(&'d mut self, chunk: &'d [u8]) -> Result<Event<'d, T>, LimitExceeded> {
        // "If an event doesn't have an "id" field, but an earlier event did [...], then the event's lastEventId field will
        // be set to the value of whatever the last seen "id" field was."
        let (data, event_type, id) = self.storage.event(self.committed);
        let limits = (data.limit(), event_type.limit());
        let exceeded = match value(data, self.data, chunk) {
            None => LimitExceeded { part: Part::Data, limit: limits.0 },
            Some(data) => match value(event_type, self.event_type, chunk) {
                None => LimitExceeded { part: Part::EventType, limit: limits.1 },
                Some(event_type) => {
                    let last_event_id = T::settled(id);
                    return Ok(Event { event_type, data, last_event_id, has_id: self.has_id });
                }
            },
        };
        // What was not delivered does not move the last event ID.
        self.committed = self.previous;
        self.pending = self.previous;
        Err(exceeded)
    }

    pub(crate) fn take_back_id(&mut self) {
        self.committed = self.previous;
        self.pending = self.previous;
    }

    pub(crate) fn take_back_reconnection_time(&mut self, milliseconds: Option<u64>) {
        self.reconnection_time = milliseconds;
    }

    /// The item that has been found.
    #[cfg_attr(feature = "whole-lines", inline(always))]
    pub(crate) fn item<'d>(
        &'d mut self,
        found: Found,
        chunk: &'d [u8],
    ) -> Result<Item<'d, T>, LimitExceeded> {
        match found {
            Found::Event => self.event(chunk).map(Item::Event),
            Found::Comment => self.comment(chunk).map(Item::Comment),
            Found::ReconnectionTime => Ok(Item::ReconnectionTime(from_milliseconds(
                self.reconnection_time.unwrap_or_default(),
            ))),
            Found::LastEventId => Ok(Item::LastEventId(self.last_event_id())),
            Found::Limit => Err(self.limit_exceeded()),
        }
    }

    fn comment<'d>(&'d mut self, chunk: &'d [u8]) -> Result<&'d T, LimitExceeded> {
        let place = self.comment;
        let comment = self.storage.buffer(self.current, Part::Comment);
        let limit = comment.limit();
        value(comment, place, chunk).ok_or(LimitExceeded { part: Part::Comment, limit })
    }

    pub(crate) fn last_event_id(&self) -> &T {
        T::settled(self.storage.slot(self.committed))
    }

    /// Sets both the last event ID string and the buffer.
    ///
    /// # Errors
    ///
    /// If that passes the limit.
    pub(crate) fn set_last_event_id(&mut self, id: &[u8]) -> Result<(), LimitExceeded> {
        let free = self.free_cell();
        let mut cell = self.storage.buffer(free, Part::LastEventId);
        let limit = cell.limit();
        cell.clear();
        if !cell.append(id) {
            return Err(LimitExceeded { part: Part::LastEventId, limit });
        }
        self.committed = free;
        self.pending = free;
        Ok(())
    }

    /// The limit that was passed last.
    pub(crate) fn limit_exceeded(&mut self) -> LimitExceeded {
        let part = self.passed;
        LimitExceeded { part, limit: self.limit(part) }
    }

    #[inline]
    pub(crate) fn limit(&mut self, part: Part) -> usize {
        self.storage.buffer(Slot::EventType, part).limit()
    }
}
