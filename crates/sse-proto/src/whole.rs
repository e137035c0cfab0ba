//! The fast way through a chunk: lines that lie whole in it are not copied. Imports what the decoder does.

use crate::buffer::Place;
use crate::decoder::{Decoder, Position, Ready};
use crate::error::Part;
use crate::field::Name;
use crate::search::{BOM, find_far_line_end, find_line_end};
use crate::storage::Storage;

impl<S: Storage> Decoder<S> {
    /// Reads up to the end of the next item, or to the end of the chunk. Returns how far.
    #[inline]
    pub(crate) fn read(&mut self, chunk: &[u8], comments: bool) -> usize {
        let mut at = if self.torn { self.resume(chunk, comments) } else { 0 };
        while self.ready == Ready::Nothing && at < chunk.len() {
            at = self.line(chunk, at, comments);
        }
        if self.ready != Ready::Event {
            self.block.keep(chunk);
        }
        at
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
        let name = line.first().map_or(Name::Unknown, |&first| Name::beginning_with(first));
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
    fn pass_line_end(&mut self, chunk: &[u8], end: usize) -> usize {
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

    /// The bytes from `rest` on do not end their line: the next chunk will.
    fn tear(&mut self, chunk: &[u8], rest: &[u8], comments: bool) -> usize {
        self.torn = true;
        self.part_of_line(chunk, rest, comments);
        chunk.len()
    }

    /// The same for a data line, of which `value` is what follows the colon.
    #[inline]
    fn tear_data(&mut self, chunk: &[u8], value: &[u8]) -> usize {
        self.torn = true;
        let (position, value) = match value {
            [] => (Position::Colon(Name::Of(Part::Data)), value),
            [b' ', value @ ..] | value => (Position::Value(Name::Of(Part::Data)), value),
        };
        self.position = position;
        if !self.block.tear_data(chunk, value) {
            self.exceed(Part::Data);
        }
        chunk.len()
    }

    /// Finishes what the chunks before have left open. Returns where the next line begins.
    #[inline]
    fn resume(&mut self, chunk: &[u8], comments: bool) -> usize {
        let mut at = 0;
        if matches!(self.position, Position::Start) {
            at = self.skip_prefix(chunk);
        }
        if !matches!(self.position, Position::Start) {
            let rest = chunk.get(at..).unwrap_or_default();
            let length = find_far_line_end(rest);
            let part = rest.get(..length.unwrap_or(rest.len())).unwrap_or_default();
            // Data above all: a long line comes in many chunks.
            if matches!(self.position, Position::Value(Name::Of(Part::Data))) && !self.skipping {
                if !self.block.push(Part::Data, part) {
                    self.exceed(Part::Data);
                }
            } else {
                self.part_of_line(chunk, part, comments);
            }
            let Some(length) = length else {
                return chunk.len();
            };
            self.end_line(chunk);
            at = self.pass_line_end(chunk, at + length);
        }
        if self.skipping && self.ready == Ready::Nothing {
            at = self.skip_block(chunk, at);
        }
        self.torn = self.skipping
            || self.after_cr
            || usize::from(self.bom) < BOM.len()
            || !matches!(self.position, Position::Start);
        at
    }

    /// Skips up to and with the next blank line.
    fn skip_block(&mut self, chunk: &[u8], mut at: usize) -> usize {
        while self.skipping && at < chunk.len() {
            let rest = chunk.get(at..).unwrap_or_default();
            let Some(length) = find_line_end(rest) else {
                self.position = Position::Value(Name::Unknown);
                return chunk.len();
            };
            self.skipping = length > 0;
            at = self.pass_line_end(chunk, at + length);
        }
        at
    }
}
