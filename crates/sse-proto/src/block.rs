//! The block that is being read: its values, and the last event ID. Imports `core` and the storage.

use core::ops::Range;
use core::str::from_utf8;

use crate::error::{LimitExceeded, Part};
use crate::event::Event;
use crate::storage::{Buffer, Buffers, Limits, Parts};
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
    /// The cell of the last event ID string.
    committed: Cell,
    /// The cell of the last event ID buffer.
    pending: Cell,
    /// The cell of the last event ID string before the last blank line.
    previous: Cell,
}

/// Which of the three cells of the storage.
type Cell = u8;

/// Where a value is.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Place {
    /// There is none yet.
    Nowhere,
    /// At this range of the chunk that is being read.
    Chunk(usize, usize),
    /// In its buffer.
    Buffer,
}

/// What a blank line has found.
pub(crate) enum Dispatched {
    Nothing,
    Event,
    LastEventId,
}

impl<S> Block<S> {
    pub(crate) const fn new(storage: S) -> Self {
        Self {
            storage,
            data: Place::Nowhere,
            event_type: Place::Nowhere,
            has_id: false,
            committed: 0,
            pending: 0,
            previous: 0,
        }
    }

    fn free_cell(&self) -> Cell {
        match (self.committed, self.pending) {
            (0, 1) | (1, 0) => 2,
            (0, _) | (_, 0) => 1,
            _ => 0,
        }
    }
}

impl<S: Parts> Block<S> {
    /// A data line that lies whole in the chunk, in that range.
    ///
    /// "Append the field value to the data buffer, then append a single U+000A LINE FEED (LF)
    /// character to the data buffer." The line feed is appended with the next line, because
    /// the last one is removed again.
    #[inline]
    pub(crate) fn data_line(&mut self, chunk: &[u8], start: usize, end: usize) -> Result<(), Part> {
        if matches!(self.data, Place::Nowhere) && end - start <= self.limits().data {
            self.data = Place::Chunk(start, end);
            return Ok(());
        }
        self.append_data_line(chunk, slice(chunk, start, end))?;
        self.end_data();
        Ok(())
    }

    /// The data line that begins with these bytes, in the buffer.
    #[inline]
    pub(crate) fn append_data_line(&mut self, chunk: &[u8], line: &[u8]) -> Result<(), Part> {
        if let Place::Chunk(start, end) = self.data {
            self.push_data(slice(chunk, start, end))?;
            self.data = Place::Buffer;
        }
        let limit = self.limits().data;
        let data = &mut self.storage.buffers_mut().data;
        let fits = match self.data {
            Place::Nowhere => data.append(line, limit),
            Place::Chunk(..) | Place::Buffer => data.append_line(line, limit),
        };
        fits.then_some(()).ok_or(Part::Data)
    }

    /// A data line begins that does not lie whole in the chunk.
    pub(crate) fn begin_data(&mut self, chunk: &[u8]) -> Result<(), Part> {
        if let Place::Chunk(start, end) = self.data {
            self.push_data(slice(chunk, start, end))?;
            self.data = Place::Buffer;
        }
        if matches!(self.data, Place::Buffer) {
            self.push_data(b"\n")
        } else {
            Ok(())
        }
    }

    #[inline]
    pub(crate) fn push_data(&mut self, bytes: &[u8]) -> Result<(), Part> {
        let limit = self.limits().data;
        self.storage
            .buffers_mut()
            .data
            .append(bytes, limit)
            .then_some(())
            .ok_or(Part::Data)
    }

    pub(crate) fn end_data(&mut self) {
        self.data = Place::Buffer;
    }

    /// "Set the event type buffer to field value."
    pub(crate) fn event_type_line(&mut self, start: usize, end: usize) -> Result<(), Part> {
        self.event_type = Place::Chunk(start, end);
        if end - start <= self.limits().event_type {
            Ok(())
        } else {
            Err(Part::EventType)
        }
    }

    pub(crate) fn begin_event_type(&mut self) {
        self.storage.buffers_mut().event_type.clear();
        self.event_type = Place::Buffer;
    }

    pub(crate) fn push_event_type(&mut self, bytes: &[u8]) -> Result<(), Part> {
        let limit = self.limits().event_type;
        self.storage
            .buffers_mut()
            .event_type
            .append(bytes, limit)
            .then_some(())
            .ok_or(Part::EventType)
    }

    /// A value begins that needs a cell of its own: an ID or a comment.
    pub(crate) fn begin_cell(&mut self) {
        let free = self.free_cell();
        if let Some(cell) = self.cell_mut(free) {
            cell.clear();
        }
    }

    pub(crate) fn push_cell(&mut self, bytes: &[u8], part: Part) -> Result<(), Part> {
        let limits = self.limits();
        let limit = if part == Part::Comment {
            limits.comment
        } else {
            limits.last_event_id
        };
        let free = self.free_cell();
        self.cell_mut(free)
            .is_some_and(|cell| cell.append(bytes, limit))
            .then_some(())
            .ok_or(part)
    }

    /// "If the field value does not contain U+0000 NULL, then set the last event ID buffer to
    /// the field value. Otherwise, ignore the field."
    pub(crate) fn end_id(&mut self) -> Result<(), Part> {
        let limit = self.limits().last_event_id;
        let free = self.free_cell();
        let Some(cell) = self.cell_mut(free) else {
            return Ok(());
        };
        if cell.as_slice().contains(&0) {
            return Ok(());
        }
        if from_utf8(cell.as_slice()).is_err() && !utf8::repair(cell, limit) {
            return Err(Part::LastEventId);
        }
        self.pending = free;
        self.has_id = true;
        Ok(())
    }

    /// A blank line.
    #[inline]
    pub(crate) fn dispatch(&mut self) -> Dispatched {
        // "Set the last event ID string of the event source to the value of the last event ID
        // buffer. The buffer does not get reset."
        self.previous = self.committed;
        self.committed = self.pending;
        if !matches!(self.data, Place::Nowhere) {
            Dispatched::Event
        } else if self.has_id {
            Dispatched::LastEventId
        } else {
            // "If the data buffer is an empty string, set the data buffer and the event type
            // buffer to the empty string and return."
            self.event_type = Place::Nowhere;
            Dispatched::Nothing
        }
    }

    /// "Set the data buffer and the event type buffer to the empty string."
    #[inline]
    pub(crate) fn clear(&mut self) {
        self.storage.buffers_mut().data.clear();
        self.data = Place::Nowhere;
        self.event_type = Place::Nowhere;
        self.has_id = false;
    }

    /// Forgets the unfinished block, its ID too.
    pub(crate) fn discard(&mut self) {
        self.clear();
        self.pending = self.committed;
    }

    /// Copies what was only remembered as a range of `chunk`, because the chunk goes away.
    #[inline]
    pub(crate) fn keep(&mut self, chunk: &[u8]) {
        // Neither can pass its limit: it was checked, and the buffers are empty.
        if let Place::Chunk(start, end) = self.data {
            let _ = self.push_data(slice(chunk, start, end));
            self.data = Place::Buffer;
        }
        if let Place::Chunk(start, end) = self.event_type {
            self.begin_event_type();
            let _ = self.push_event_type(slice(chunk, start, end));
        }
    }

    /// The event that the last blank line has dispatched.
    #[inline]
    pub(crate) fn event<'d>(&'d mut self, chunk: &'d [u8]) -> Result<Event<'d>, LimitExceeded> {
        let limits = self.storage.limits();
        let Buffers {
            data,
            event_type,
            cells,
        } = self.storage.buffers_mut();
        let Some(data) = text(self.data, data, chunk, limits.data) else {
            (self.committed, self.pending) = (self.previous, self.previous);
            return Err(exceeded(Part::Data, &limits));
        };
        let Some(event_type) = text(self.event_type, event_type, chunk, limits.event_type) else {
            (self.committed, self.pending) = (self.previous, self.previous);
            return Err(exceeded(Part::EventType, &limits));
        };
        let last_event_id = content(cells.get(usize::from(self.committed)));
        Ok(Event {
            event_type,
            data,
            last_event_id,
            has_id: self.has_id,
        })
    }

    pub(crate) fn comment<'d>(
        &'d mut self,
        place: Place,
        chunk: &'d [u8],
    ) -> Result<&'d str, LimitExceeded> {
        let limits = self.limits();
        let free = self.free_cell();
        self.cell_mut(free)
            .and_then(|cell| text(place, cell, chunk, limits.comment))
            .ok_or(exceeded(Part::Comment, &limits))
    }

    pub(crate) fn last_event_id(&self) -> &str {
        content(
            self.storage
                .buffers()
                .cells
                .get(usize::from(self.committed)),
        )
    }

    pub(crate) fn set_last_event_id(&mut self, id: &str) -> Result<(), LimitExceeded> {
        self.begin_cell();
        self.push_cell(id.as_bytes(), Part::LastEventId)
            .map_err(|part| exceeded(part, &self.limits()))?;
        (self.committed, self.pending) = (self.free_cell(), self.free_cell());
        Ok(())
    }

    pub(crate) fn limits(&self) -> Limits {
        self.storage.limits()
    }

    fn cell_mut(&mut self, cell: Cell) -> Option<&mut S::Text> {
        self.storage.buffers_mut().cells.get_mut(usize::from(cell))
    }
}

pub(crate) fn exceeded(part: Part, limits: &Limits) -> LimitExceeded {
    let limit = match part {
        Part::Data | Part::Line => limits.data,
        Part::EventType => limits.event_type,
        Part::LastEventId => limits.last_event_id,
        Part::Comment => limits.comment,
    };
    LimitExceeded { part, limit }
}

/// The value at `place`, with U+FFFD for what is not UTF-8. `None` if that passes the limit.
#[inline]
fn text<'d>(
    place: Place,
    buffer: &'d mut impl Buffer,
    chunk: &'d [u8],
    limit: usize,
) -> Option<&'d str> {
    match place {
        Place::Nowhere => return Some(""),
        Place::Chunk(start, end) => {
            let bytes = slice(chunk, start, end);
            if let Some(text) = utf8::check(bytes) {
                return Some(text);
            }
            buffer.clear();
            buffer.append(bytes, limit).then_some(())?;
        }
        Place::Buffer => {}
    }
    buffer.text(limit)
}

/// The content of a cell, which is always UTF-8.
fn content(cell: Option<&impl Buffer>) -> &str {
    cell.and_then(|cell| from_utf8(cell.as_slice()).ok())
        .unwrap_or_default()
}

#[inline]
fn slice(chunk: &[u8], start: usize, end: usize) -> &[u8] {
    chunk.get(Range { start, end }).unwrap_or_default()
}
