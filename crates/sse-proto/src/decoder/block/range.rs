//! What lies whole in the chunk is remembered as a range of it. Imports the block.

use super::Block;
use crate::buffer::Buffer;
use crate::error::Part;
use crate::field::is_plain;
use crate::found::Found;
use crate::place::{Place, Range};
use crate::storage::{Parts, Slot};
use crate::text::Text;

impl<S: Parts, T: Text + ?Sized> Block<S, T> {
    /// Whether a blank line now would change nothing: no field that counts has come since the last one.
    #[inline]
    pub(crate) const fn is_empty(&self) -> bool {
        self.data.is_nowhere() && self.event_type.is_nowhere() && !self.has_id
    }

    #[inline]
    pub(crate) fn append(&mut self, part: Part, bytes: &[u8]) -> bool {
        self.storage.buffer(self.current, part).append(bytes)
    }

    /// The first bytes of a data line that does not lie whole in the chunk.
    #[inline]
    pub(crate) fn begin_data(&mut self, chunk: &[u8], line: &[u8]) -> bool {
        self.keep_data(chunk);
        let is_joined = !self.data.is_nowhere();
        let mut data = self.storage.buffer(Slot::A, Part::Data);
        if is_joined {
            return data.append_line(line);
        }
        data.clear();
        data.append(line)
    }

    /// A data line that lies whole in the chunk.
    #[inline]
    pub(crate) fn data_line(&mut self, chunk: &[u8], range: Range) -> bool {
        if self.data.is_nowhere() && range.end - range.start <= self.limit(Part::Data) {
            self.data = Place::Chunk(range);
            return true;
        }
        self.begin_data(chunk, range.of(chunk)) && self.end(Part::Data)
    }

    /// A data line that lies whole in the chunk, and the blank line after it. False, and nothing done, if there is anything
    /// else in the block, or if the line passes the limit.
    #[inline(always)]
    pub(crate) fn dispatch_line(&mut self, range: Range) -> bool {
        if !self.is_empty() || range.end - range.start > self.limit(Part::Data) {
            return false;
        }
        self.data = Place::Chunk(range);
        self.dispatch().is_some()
    }

    /// The data so far, for more lines of it.
    #[inline]
    pub(crate) fn join_data(&mut self, chunk: &[u8]) -> S::Buffer<'_> {
        self.keep_data(chunk);
        self.storage.buffer(Slot::A, Part::Data)
    }

    /// More bytes of the data line that is being read.
    #[inline]
    pub(crate) fn more_of_data(&mut self, bytes: &[u8]) -> bool {
        self.storage.buffer(Slot::A, Part::Data).append(bytes)
    }

    /// An ID that lies whole in the chunk; false if it passes the limit.
    pub(crate) fn id_line(&mut self, value: &[u8]) -> bool {
        if !self.begin(Part::LastEventId) {
            return false;
        }
        if is_plain(value) {
            let fits = self.append(Part::LastEventId, value);
            self.set_pending(fits);
            return fits;
        }
        let nul = value.iter().position(|byte| *byte == 0);
        let before = value.get(..nul.unwrap_or(value.len())).unwrap_or_default();
        self.append(Part::LastEventId, before) && (nul.is_some() || self.end_id())
    }

    /// An event type that lies whole in the chunk.
    #[inline]
    pub(crate) fn event_type_line(&mut self, range: Range) -> bool {
        self.event_type = Place::Chunk(range);
        range.end - range.start <= self.limit(Part::EventType)
    }

    /// A comment that lies whole in the chunk.
    #[inline]
    pub(crate) fn comment_line(&mut self, range: Range) -> Found {
        self.comment = Place::Chunk(range);
        // If it is not UTF-8 it is repaired there.
        self.current = self.free_cell();
        let fits = range.end - range.start <= self.limit(Part::Comment);
        if fits { Found::Comment } else { self.exceed(Part::Comment) }
    }

    /// Copies what was only remembered as a range of `chunk`, because the chunk goes away.
    #[inline]
    pub(crate) fn keep(&mut self, chunk: &[u8]) {
        self.keep_data(chunk);
        if let Place::Chunk(range) = self.event_type {
            self.event_type = Place::Buffer;
            self.fill(Slot::EventType, Part::EventType, range.of(chunk));
        }
    }

    #[inline]
    pub(crate) fn keep_data(&mut self, chunk: &[u8]) {
        if let Place::Chunk(range) = self.data {
            self.data = Place::Buffer;
            self.fill(Slot::A, Part::Data, range.of(chunk));
        }
    }

    fn fill(&mut self, slot: Slot, part: Part, bytes: &[u8]) {
        let mut buffer = self.storage.buffer(slot, part);
        buffer.clear();
        // It fits: that was checked when the line was read.
        buffer.append(bytes);
    }
}
