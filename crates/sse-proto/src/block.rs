//! The block that is being read: its values, and the last event ID. Imports `core` and the storage.

#[cfg(feature = "memchr")]
use crate::buffer::slice;
use crate::buffer::{Buffer, Place};
use crate::error::{LimitExceeded, Part};
use crate::event::Event;
use crate::found::Found;
use crate::storage::{Cell, Parts};
use crate::utf8;

/// The three buffers that the standard gives to an event stream, and the last event ID string
/// of the event source.
///
/// "When a stream is parsed, a data buffer, an event type buffer, and a last event ID buffer
/// must be associated with it. They must be initialized to the empty string."
#[derive(Clone, Debug)]
pub(crate) struct Block<S> {
    storage: S,
    data: Place,
    event_type: Place,
    /// The block has an `id` field that is not ignored.
    has_id: bool,
    /// A blank line has ended the block: the next byte begins another.
    dispatched: bool,
    /// The cell of the last event ID string.
    committed: Cell,
    /// The cell of the last event ID buffer.
    pending: Cell,
    /// The cell of the last event ID string before the last blank line.
    previous: Cell,
}

impl<S> Block<S> {
    pub(crate) const fn new(storage: S) -> Self {
        Self {
            storage,
            data: Place::Nowhere,
            event_type: Place::Nowhere,
            has_id: false,
            dispatched: false,
            committed: Cell::A,
            pending: Cell::A,
            previous: Cell::A,
        }
    }

    /// Whether a blank line now would change nothing: no field that counts has come since the last one.
    #[cfg(feature = "memchr")]
    #[inline]
    pub(crate) const fn is_empty(&self) -> bool {
        matches!((&self.data, &self.event_type), (Place::Nowhere, Place::Nowhere)) && !self.has_id
    }

    #[inline]
    pub(crate) const fn is_dispatched(&self) -> bool {
        self.dispatched
    }

    /// The cell that holds no ID which may still be needed.
    fn free_cell(&self) -> Cell {
        match (self.committed, self.pending) {
            (Cell::A, Cell::B) | (Cell::B, Cell::A) => Cell::C,
            (Cell::A, _) | (_, Cell::A) => Cell::B,
            _ => Cell::A,
        }
    }
}

impl<S: Parts> Block<S> {
    /// The first bytes of a data line that does not lie whole in the chunk.
    ///
    /// The line feed that the standard appends to each line is appended here with the next one. So there is nothing to
    /// do for "If the data buffer's last character is a U+000A LINE FEED (LF) character, then remove the last character
    /// from the data buffer."
    #[inline]
    pub(crate) fn tear_data(&mut self, chunk: &[u8], line: &[u8]) -> bool {
        self.keep_data(chunk);
        let in_buffer = matches!(self.data, Place::Buffer);
        let mut data = self.buffer(Part::Data);
        if in_buffer { data.append_line(line) } else { data.append(line) }
    }

    /// There is nothing to copy: without `memchr` everything is in its buffer.
    #[cfg(not(feature = "memchr"))]
    #[inline]
    fn keep_data(&mut self, _: &[u8]) {}

    /// A value begins that goes to its buffer.
    #[inline]
    pub(crate) fn begin(&mut self, part: Part, chunk: &[u8]) -> bool {
        match part {
            Part::Data => return self.tear_data(chunk, b""),
            Part::EventType => self.event_type = Place::Buffer,
            _ => {}
        }
        self.buffer(part).clear();
        true
    }

    #[inline]
    pub(crate) fn push(&mut self, part: Part, bytes: &[u8]) -> bool {
        self.buffer(part).append(bytes)
    }

    #[inline]
    pub(crate) fn end_data(&mut self) {
        self.data = Place::Buffer;
    }

    /// "If the field value does not contain U+0000 NULL, then set the last event ID buffer to
    /// the field value. Otherwise, ignore the field."
    pub(crate) fn end_id(&mut self) -> bool {
        let free = self.free_cell();
        let mut id = self.storage.buffer(Part::LastEventId, free);
        if id.as_slice().contains(&0) {
            return true;
        }
        let is_text = utf8::is_text(id.as_slice()) || id.repair();
        if is_text {
            self.pending = free;
            self.has_id = true;
        }
        is_text
    }

    /// A blank line.
    #[inline]
    pub(crate) fn dispatch(&mut self) -> Option<Found> {
        // "Set the last event ID string of the event source to the value of the last event ID
        // buffer. The buffer does not get reset."
        self.previous = self.committed;
        self.committed = self.pending;
        self.dispatched = true;
        if !matches!(self.data, Place::Nowhere) {
            Some(Found::Event)
        } else if self.has_id {
            Some(Found::LastEventId)
        } else {
            // "If the data buffer is an empty string, set the data buffer and the event type
            // buffer to the empty string and return."
            self.event_type = Place::Nowhere;
            self.dispatched = false;
            None
        }
    }

    /// "Set the data buffer and the event type buffer to the empty string."
    ///
    /// "at a minimum they must set the data and event type buffers to the empty string before returning": here that is
    /// with the next call, because the event that was handed out borrows from them.
    #[inline]
    pub(crate) fn clear(&mut self) {
        self.buffer(Part::Data).clear();
        self.data = Place::Nowhere;
        self.event_type = Place::Nowhere;
        self.has_id = false;
        self.dispatched = false;
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
    #[cfg_attr(feature = "memchr", inline(always))]
    pub(crate) fn event<'d>(&'d mut self, chunk: &'d [u8]) -> Result<Event<'d>, LimitExceeded> {
        // "If an event doesn't have an "id" field, but an earlier event did [...], then the event's lastEventId field will
        // be set to the value of whatever the last seen "id" field was."
        let (data, event_type, id) = self.storage.event(self.committed);
        let limits = (data.limit(), event_type.limit());
        let exceeded = match data.text_at(&self.data, chunk) {
            None => LimitExceeded { part: Part::Data, limit: limits.0 },
            Some(data) => match event_type.text_at(&self.event_type, chunk) {
                None => LimitExceeded { part: Part::EventType, limit: limits.1 },
                Some(event_type) => {
                    let last_event_id = utf8::check(id).unwrap_or_default();
                    return Ok(Event { event_type, data, last_event_id, has_id: self.has_id });
                }
            },
        };
        // What was not delivered does not move the last event ID.
        self.committed = self.previous;
        self.pending = self.previous;
        Err(exceeded)
    }

    /// The last event ID is again what it was before the last blank line.
    pub(crate) fn take_back_id(&mut self) {
        self.committed = self.previous;
        self.pending = self.previous;
    }

    pub(crate) fn comment<'d>(
        &'d mut self,
        place: &Place,
        chunk: &'d [u8],
    ) -> Result<&'d str, LimitExceeded> {
        let comment = self.buffer(Part::Comment);
        let limit = comment.limit();
        comment.text_at(place, chunk).ok_or(LimitExceeded { part: Part::Comment, limit })
    }

    pub(crate) fn last_event_id(&self) -> &str {
        utf8::check(self.storage.cell(self.committed)).unwrap_or_default()
    }

    /// Sets both the last event ID string and the buffer; false if that passes the limit.
    pub(crate) fn set_last_event_id(&mut self, id: &str) -> bool {
        let free = self.free_cell();
        let mut cell = self.storage.buffer(Part::LastEventId, free);
        cell.clear();
        let fits = cell.append(id.as_bytes());
        if fits {
            self.committed = free;
            self.pending = free;
        }
        fits
    }

    #[inline]
    pub(crate) fn limit(&mut self, part: Part) -> usize {
        self.buffer(part).limit()
    }

    #[inline]
    fn buffer(&mut self, part: Part) -> S::Buffer<'_> {
        let free = self.free_cell();
        self.storage.buffer(part, free)
    }
}

/// What lies whole in the chunk is remembered as a range of it.
#[cfg(feature = "memchr")]
impl<S: Parts> Block<S> {
    /// A data line that lies whole in the chunk.
    ///
    /// "Append the field value to the data buffer, then append a single U+000A LINE FEED (LF)
    /// character to the data buffer." The line feed is appended with the next line, because
    /// the last one is removed again.
    #[inline]
    pub(crate) fn data_line(&mut self, chunk: &[u8], start: usize, end: usize) -> bool {
        let fits = end - start <= self.limit(Part::Data);
        if matches!(self.data, Place::Nowhere) && fits {
            self.data = Place::Chunk(start, end);
            return true;
        }
        self.tear_data(chunk, slice(chunk, start, end)) && {
            self.data = Place::Buffer;
            true
        }
    }

    /// The data so far, for more lines of it.
    #[inline]
    pub(crate) fn join_data(&mut self, chunk: &[u8]) -> S::Buffer<'_> {
        self.keep_data(chunk);
        self.buffer(Part::Data)
    }

    /// "Set the event type buffer to the field value", for one that lies whole in the chunk.
    #[inline]
    pub(crate) fn event_type_line(&mut self, start: usize, end: usize) -> bool {
        self.event_type = Place::Chunk(start, end);
        end - start <= self.limit(Part::EventType)
    }

    /// An ID that lies whole in the chunk.
    pub(crate) fn id_line(&mut self, value: &[u8]) -> bool {
        self.buffer(Part::LastEventId).clear();
        self.push(Part::LastEventId, value) && self.end_id()
    }

    /// Copies what was only remembered as a range of `chunk`, because the chunk goes away.
    #[inline]
    pub(crate) fn keep(&mut self, chunk: &[u8]) {
        self.keep_data(chunk);
        if let Place::Chunk(start, end) = self.event_type {
            self.event_type = Place::Buffer;
            self.fill(Part::EventType, slice(chunk, start, end));
        }
    }

    #[inline]
    fn keep_data(&mut self, chunk: &[u8]) {
        if let Place::Chunk(start, end) = self.data {
            self.data = Place::Buffer;
            self.fill(Part::Data, slice(chunk, start, end));
        }
    }

    fn fill(&mut self, part: Part, bytes: &[u8]) {
        let mut buffer = self.buffer(part);
        buffer.clear();
        // It fits: that was checked when the line was read.
        buffer.append(bytes);
    }
}
