//! How a decoder reads the lines that lie whole in a chunk. Imports what the decoder does.

use crate::block::Dispatched;
use crate::buffer::Place;
use crate::decoder::{Decoder, Ready};
use crate::error::Part;
use crate::field::Name;
use crate::search::find_line_end;
use crate::storage::Storage;

impl<S: Storage> Decoder<S> {
    /// Reads up to the end of the next item, or to the end of the chunk. Returns how far.
    pub(crate) fn scan(&mut self, chunk: &[u8], comments: bool) -> (usize, Ready) {
        if matches!(self.ready, Ready::Event | Ready::LastEventId) {
            self.block.clear();
        }
        self.ready = Ready::Nothing;
        let mut at = if self.torn {
            self.resume(chunk, comments)
        } else {
            0
        };
        while self.ready == Ready::Nothing && at < chunk.len() {
            at = self.line(chunk, at, comments);
        }
        if self.ready != Ready::Event {
            self.block.keep(chunk);
        }
        (at, self.ready)
    }

    /// Reads the line that begins at `start`, and the blank line after it if it is there.
    /// Returns where the next line begins.
    #[inline]
    fn line(&mut self, chunk: &[u8], start: usize, comments: bool) -> usize {
        let rest = chunk.get(start..).unwrap_or_default();
        // Nearly every block has a data line, and few have any other.
        if let Some(value) = rest.strip_prefix(b"data:") {
            let Some(length) = find_line_end(value) else {
                return self.tear_data(chunk, value);
            };
            let begin = start + b"data:".len();
            let end = begin + length;
            let space = usize::from(value.first() == Some(&b' '));
            if !self.block.data_line(chunk, begin + space, end) {
                self.exceed(Part::Data);
            }
            return self.end_of_line(chunk, end);
        }
        let Some(length) = find_line_end(rest) else {
            return self.tear(chunk, rest, comments);
        };
        let end = start + length;
        match rest.first() {
            // "If the line starts with a U+003A COLON character (:): Ignore the line."
            Some(b':') if comments => self.comment_line(chunk, start + 1, end),
            Some(b':') => {}
            Some(b'\n' | b'\r') => {
                // "If the line is empty (a blank line): Dispatch the event."
                self.dispatch();
                return self.pass_line_end(chunk, end);
            }
            _ => self.field_line(chunk, start, end),
        }
        self.end_of_line(chunk, end)
    }

    /// Passes the line ending at `end`, and the blank line after it, if that is there as well.
    #[inline]
    fn end_of_line(&mut self, chunk: &[u8], end: usize) -> usize {
        let next = self.pass_line_end(chunk, end);
        if chunk.get(next) == Some(&b'\n') && self.ready == Ready::Nothing {
            self.dispatch();
            return next + 1;
        }
        next
    }

    /// Any other field than data: there is at most one of each in a usual block.
    fn field_line(&mut self, chunk: &[u8], start: usize, end: usize) {
        let line = chunk.get(start..end).unwrap_or_default();
        let name = line
            .first()
            .map_or(Name::Unknown, |&first| Name::beginning_with(first));
        // "Collect the characters on the line before the first U+003A COLON character (:), and
        // let field be that string." "If value starts with a U+0020 SPACE character, remove it
        // from value."
        let value = match line.strip_prefix(name.as_bytes()) {
            Some([b':', b' ', value @ ..] | [b':', value @ ..] | value @ []) => value,
            _ => return,
        };
        if name == Name::Of(Part::EventType) {
            if !self.block.event_type_line(end - value.len(), end) {
                self.exceed(Part::EventType);
            }
            return;
        }
        self.begin_value(chunk, name);
        self.part_of_value(name, value);
        self.end_value(name);
    }

    #[inline]
    fn comment_line(&mut self, chunk: &[u8], start: usize, end: usize) {
        let start = start + usize::from(chunk.get(start) == Some(&b' '));
        self.comment = Place::Chunk(start, end);
        self.ready = Ready::Comment;
        if end - start > self.block.limit(Part::Comment) {
            self.exceed(Part::Comment);
        }
    }

    /// Where the next line begins after a line that ends at `end`.
    #[inline]
    pub(crate) fn pass_line_end(&mut self, chunk: &[u8], end: usize) -> usize {
        if chunk.get(end) != Some(&b'\r') {
            return end + 1;
        }
        match chunk.get(end + 1) {
            Some(b'\n') => end + 2,
            Some(_) => end + 1,
            None => {
                self.after_cr = true;
                self.torn = true;
                end + 1
            }
        }
    }

    /// A blank line: "dispatch the event".
    #[inline]
    fn dispatch(&mut self) {
        self.ready = match self.block.dispatch() {
            Dispatched::Nothing => Ready::Nothing,
            Dispatched::Event => Ready::Event,
            Dispatched::LastEventId => Ready::LastEventId,
        };
    }

    /// A limit is passed: the rest of the block will be skipped, or of the comment.
    #[cold]
    pub(crate) fn exceed(&mut self, part: Part) {
        self.ready = Ready::Limit;
        self.passed = part;
        if part != Part::Comment {
            self.block.discard();
            self.skipping = true;
            self.torn = true;
        }
    }
}
