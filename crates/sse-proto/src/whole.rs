//! The fast way through a chunk: lines that lie whole in it are not copied. Imports what the decoder does.

use crate::buffer::{Buffer, Place, slice};
use crate::decoder::{Decoder, Position};
use crate::error::Part;
use crate::field::Name;
use crate::found::Found;
use crate::search::{
    BOM, find_data_line_end, find_far_line_end, find_line_end, find_near_line_end,
};
use crate::storage::Storage;

impl<S: Storage> Decoder<S> {
    /// Reads up to the end of the next item, or to the end of the chunk. Returns how far.
    ///
    /// "stream = [ bom ] *event"
    #[inline]
    pub(crate) fn read(&mut self, chunk: &[u8], comments: bool) -> usize {
        let mut at = 0;
        if self.torn {
            match self.resume(chunk, comments) {
                Some(end) => at = end,
                // Nothing of this chunk is remembered as a range of it.
                None => return chunk.len(),
            }
        }
        while self.found.is_none() && at < chunk.len() {
            at = self.line(chunk, at, comments);
        }
        if self.found != Some(Found::Event) {
            self.block.keep(chunk);
        }
        if at == chunk.len() && chunk.last() == Some(&b'\r') {
            self.after_cr = true;
            self.torn = true;
        }
        at
    }

    /// Reads the line that begins at `start`, and the blank line after it if it is there.
    /// Returns where the next line begins.
    ///
    /// "event = *( comment / field ) end-of-line"
    #[inline]
    fn line(&mut self, chunk: &[u8], start: usize, comments: bool) -> usize {
        let rest = chunk.get(start..).unwrap_or_default();
        // Nearly every block has a data line, and few have any other.
        if let Some(value) = rest.strip_prefix(b"data:") {
            let Some(length) = find_data_line_end(value) else {
                return self.tear_data(chunk, value);
            };
            let (begin, end) = data_range(start, value, length);
            let next = after_line_end(chunk, end);
            if !self.block.data_line(chunk, begin, end) {
                self.exceed(Part::Data);
                return next;
            }
            return match chunk.get(next) {
                Some(b'\n' | b'\r') => self.blank_line(chunk, next),
                Some(b'd') => self.more_data(chunk, next),
                _ => next,
            };
        }
        if matches!(rest.first(), Some(b'\n' | b'\r')) {
            return self.blank_line(chunk, start);
        }
        let Some(length) = find_line_end(rest) else {
            return self.tear(chunk, rest, comments);
        };
        let end = start + length;
        let next = after_line_end(chunk, end);
        match rest.first() {
            // "If the line starts with a U+003A COLON character (:): Ignore the line."
            Some(b':') if !comments => return self.pass_comments(chunk, next),
            Some(b':') => self.comment_line(chunk, start + 1, end),
            _ => self.field_line(chunk, start, end),
        }
        self.pass_blank_line(chunk, next)
    }

    /// Reads the data lines from `start` on, which follow another, as far as they lie whole in the chunk and fit.
    /// Returns where the line begins that does not.
    fn more_data(&mut self, chunk: &[u8], mut start: usize) -> usize {
        let mut data = self.block.join_data(chunk);
        while let Some(value) = chunk.get(start..).and_then(|rest| rest.strip_prefix(b"data:")) {
            let Some(length) = find_near_line_end(value) else { break };
            let (begin, end) = data_range(start, value, length);
            if !data.append_line(slice(chunk, begin, end)) {
                break;
            }
            start = after_line_end(chunk, end);
        }
        start
    }

    /// Passes the blank line at `start`, if there is one and nothing is to be said before.
    #[inline]
    fn pass_blank_line(&mut self, chunk: &[u8], start: usize) -> usize {
        if self.found.is_none() && matches!(chunk.get(start), Some(b'\n' | b'\r')) {
            return self.blank_line(chunk, start);
        }
        start
    }

    /// "If the line is empty (a blank line): Dispatch the event."
    #[inline]
    fn blank_line(&mut self, chunk: &[u8], start: usize) -> usize {
        self.dispatch();
        after_line_end(chunk, start)
    }

    /// Any other field than data: there is at most one of each in a usual block.
    ///
    /// "field = 1*name-char [ colon [ space ] *any-char ] end-of-line"
    fn field_line(&mut self, chunk: &[u8], start: usize, end: usize) {
        let line = chunk.get(start..end).unwrap_or_default();
        // "Collect the characters on the line before the first U+003A COLON character (:), and let field be that string."
        // "Collect the characters on the line after the first U+003A COLON character (:), and let value be that string."
        // "If value starts with a U+0020 SPACE character, remove it from value."
        let (name, value) = match Name::at_start_of(line) {
            (name, [b':', b' ', value @ ..] | [b':', value @ ..] | value @ []) => (name, value),
            _ => return,
        };
        // "Process the field using the steps described below, using field as the field name and value as the field value."
        match name {
            Name::Of(Part::EventType) => {
                if !self.block.event_type_line(end - value.len(), end) {
                    self.exceed(Part::EventType);
                }
            }
            Name::Of(Part::LastEventId) => {
                if !self.block.id_line(value) {
                    self.exceed(Part::LastEventId);
                }
            }
            _ => {
                self.begin_value(chunk, name);
                self.part_of_value(name, value);
                self.end_value(name);
            }
        }
    }

    /// Passes over the comments from `start` on, which nobody has asked for, and over blank lines if no block is open:
    /// so speaks a server that has nothing to say.
    #[inline]
    fn pass_comments(&self, chunk: &[u8], start: usize) -> usize {
        let is_empty = self.block.is_empty();
        let mut at = start;
        loop {
            let rest = chunk.get(at..).unwrap_or_default();
            match rest {
                [b':', b'\n', b'\n', ..] if is_empty => at += b":\n\n".len(),
                [b'\n' | b'\r', ..] if is_empty => at = after_line_end(chunk, at),
                [b':', ..] => match find_line_end(rest) {
                    Some(length) => at = after_line_end(chunk, at + length),
                    None => return at,
                },
                _ => return at,
            }
        }
    }

    /// "comment = colon *any-char end-of-line"
    #[inline]
    fn comment_line(&mut self, chunk: &[u8], start: usize, end: usize) {
        let start = start + usize::from(chunk.get(start) == Some(&b' '));
        self.comment = Place::Chunk(start, end);
        self.found = Some(Found::Comment);
        if end - start > self.block.limit(Part::Comment) {
            self.exceed(Part::Comment);
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

    /// Finishes what the chunks before have left open. Returns where the next line begins; `None` if that is in another
    /// chunk.
    #[inline]
    fn resume(&mut self, chunk: &[u8], comments: bool) -> Option<usize> {
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
            let end = at + length?;
            self.end_line(chunk);
            at = after_line_end(chunk, end);
        }
        if self.skipping && self.found.is_none() {
            at = self.skip_block(chunk, at);
        }
        self.torn = self.skipping
            || self.after_cr
            || usize::from(self.bom) < BOM.len()
            || !matches!(self.position, Position::Start);
        Some(at)
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
            at = after_line_end(chunk, at + length);
        }
        at
    }
}

/// From where to where the value goes of the data line at `start`, of which `rest` is behind the colon, up to `length`.
#[inline]
fn data_range(start: usize, rest: &[u8], length: usize) -> (usize, usize) {
    let begin = start + b"data:".len();
    // "If value starts with a U+0020 SPACE character, remove it from value."
    (begin + usize::from(rest.first() == Some(&b' ')), begin + length)
}

/// Where the next line begins after a line that ends at `end`.
///
/// "end-of-line = ( cr lf / cr / lf )"
#[inline]
fn after_line_end(chunk: &[u8], end: usize) -> usize {
    let is_pair = chunk.get(end) == Some(&b'\r') && chunk.get(end + 1) == Some(&b'\n');
    end + 1 + usize::from(is_pair)
}
