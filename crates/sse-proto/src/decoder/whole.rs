//! The fast way through a chunk: lines that lie whole in it are not copied. Imports the block and the torn line.

use super::block::Block;
use super::torn::{self, Torn};
use crate::buffer::Buffer;
use crate::error::Part;
use crate::field::Name;
use crate::found::Found;
use crate::place::Range;
use crate::search::{
    after_silence, find_data_line_end, find_far_line_end, find_line_end, find_near_line_end,
};
use crate::storage::Parts;
use crate::text::Text;

/// A chunk that is being read, and what it is read for.
///
/// Its methods are inlined into two functions: so nothing of it is written to memory, to be read again with each line.
struct Whole<'r, S, T: ?Sized> {
    chunk: &'r [u8],
    block: &'r mut Block<S, T>,
    torn: &'r mut Torn,
    /// Whether anybody wants to see comments.
    comments: bool,
}

/// Where the next line begins, and what has been found before it.
pub(crate) type Step = (usize, Option<Found>);

/// Reads lines from `start` on, up to the end of the next item, or to the end of the chunk. Returns how far.
#[inline(never)]
pub(crate) fn read_lines<S: Parts, T: Text + ?Sized>(
    chunk: &[u8],
    start: usize,
    block: &mut Block<S, T>,
    torn: &mut Torn,
    comments: bool,
) -> Step {
    Whole { chunk, block, torn, comments }.read(start)
}

/// Reads so far as well from a data line on that the chunk begins with; `value` is what is behind its colon.
///
/// Most blocks are one data line. They are read by this alone, without a call but that of the search.
#[inline(always)]
pub(crate) fn read_data_block<S: Parts, T: Text + ?Sized>(
    chunk: &[u8],
    value: &[u8],
    block: &mut Block<S, T>,
    torn: &mut Torn,
    comments: bool,
) -> Step {
    let length = find_data_line_end(value);
    if let Some(length) = length {
        let range = data_range(0, value, length);
        let ends = match chunk.get(range.end..) {
            Some([b'\n', b'\n', ..]) => 2,
            Some([b'\r', b'\n', b'\r', b'\n', ..]) => 4,
            _ => 0,
        };
        if ends > 0 && block.dispatch_line(range) {
            return (range.end + ends, Some(Found::Event));
        }
    }
    match read_data_line(chunk, length, block, torn) {
        (start, None) => read_lines(chunk, start, block, torn, comments),
        step => step,
    }
}

/// Reads the data line that the chunk begins with, of which what is behind the colon has this length, or does not end in the
/// chunk. Returns how far.
#[inline(never)]
fn read_data_line<S: Parts, T: Text + ?Sized>(
    chunk: &[u8],
    length: Option<usize>,
    block: &mut Block<S, T>,
    torn: &mut Torn,
) -> Step {
    let mut whole = Whole { chunk, block, torn, comments: false };
    let step = whole.data_line(0, length);
    if step.1.is_some() { whole.leave(step) } else { step }
}

/// Finishes the line that the chunks before have left open. Returns how far.
#[inline(never)]
pub(crate) fn resume<S: Parts, T: Text + ?Sized>(
    chunk: &[u8],
    block: &mut Block<S, T>,
    torn: &mut Torn,
    comments: bool,
) -> Step {
    Whole { chunk, block, torn, comments }.resume()
}

/// The same for a line that is known to be of data.
#[inline(always)]
pub(crate) fn rest_of_data<S: Parts, T: Text + ?Sized>(
    chunk: &[u8],
    block: &mut Block<S, T>,
    torn: &mut Torn,
) -> Step {
    let length = find_far_line_end(chunk);
    let end = length.unwrap_or(chunk.len());
    let found = torn.part_of_data(block, chunk.get(..end).unwrap_or_default());
    if found.is_some() || length.is_none() {
        return (end, found);
    }
    torn.end_data(block, line_end(chunk, end));
    (after_line_end(chunk, end), None)
}

impl<S: Parts, T: Text + ?Sized> Whole<'_, S, T> {
    #[inline(always)]
    fn read(&mut self, start: usize) -> Step {
        let chunk = self.chunk;
        let mut step = (start, None);
        while step.1.is_none() && step.0 < chunk.len() {
            step = self.line(step.0);
        }
        self.leave(step)
    }

    /// The chunk has been read so far, and may go away.
    #[inline(always)]
    fn leave(&mut self, step: Step) -> Step {
        if step.1 != Some(Found::Event) {
            self.block.keep(self.chunk);
        }
        if step.0 == self.chunk.len() && self.chunk.last() == Some(&b'\r') {
            self.torn.end_chunk_after_cr();
        }
        step
    }

    /// Reads the line that begins at `start`, and the blank line after it if it is there.
    ///
    /// "event = *( comment / field ) end-of-line"
    #[inline(always)]
    fn line(&mut self, start: usize) -> Step {
        let chunk = self.chunk;
        let rest = chunk.get(start..).unwrap_or_default();
        // Nearly every block has a data line, and few have any other.
        if let Some(value) = rest.strip_prefix(b"data:") {
            let step = self.data_line(start, find_data_line_end(value));
            return match chunk.get(step.0) {
                _ if step.1.is_some() => step,
                Some(b'\n' | b'\r') => self.blank_line(step.0),
                Some(b'd') => (self.more_data(step.0), None),
                _ => step,
            };
        }
        if matches!(rest.first(), Some(b'\n' | b'\r')) {
            return self.blank_line(start);
        }
        let Some(length) = find_line_end(rest) else {
            return self.tear(start);
        };
        let end = start + length;
        let next = after_line_end(chunk, end);
        let found = match rest.first() {
            // "If the line starts with a U+003A COLON character (:): Ignore the line."
            Some(b':') if !self.comments => return (self.pass_comments(next), None),
            Some(b':') => {
                let start = start + 1 + usize::from(rest.get(1) == Some(&b' '));
                Some(self.block.comment_line(Range { start, end }))
            }
            _ => self.field_line(start, end),
        };
        match chunk.get(next) {
            Some(b'\n' | b'\r') if found.is_none() => self.blank_line(next),
            _ => (next, found),
        }
    }

    /// Reads the data line at `start`, of which what is behind the colon has this length, or does not end in the chunk.
    #[inline(always)]
    fn data_line(&mut self, start: usize, length: Option<usize>) -> Step {
        let value = self.chunk.get(start + b"data:".len()..).unwrap_or_default();
        let Some(length) = length else {
            return self.tear_data(value);
        };
        let range = data_range(start, value, length);
        let fits = self.block.data_line(self.chunk, range);
        let found = (!fits).then(|| self.torn.exceed_by_line(self.block, Part::Data));
        (after_line_end(self.chunk, range.end), found)
    }

    /// Reads the data lines from `start` on, which follow another, as far as they lie whole in the chunk and fit.
    /// Returns where the line begins that does not.
    #[inline(always)]
    fn more_data(&mut self, mut start: usize) -> usize {
        let chunk = self.chunk;
        let mut data = self.block.join_data(chunk);
        while let Some(value) = chunk.get(start..).and_then(|rest| rest.strip_prefix(b"data:")) {
            let Some(length) = find_near_line_end(value) else { break };
            let range = data_range(start, value, length);
            if !data.append_line(range.of(chunk)) {
                break;
            }
            start = after_line_end(chunk, range.end);
        }
        start
    }

    /// "If the line is empty (a blank line): Dispatch the event."
    #[inline(always)]
    fn blank_line(&mut self, start: usize) -> Step {
        (after_line_end(self.chunk, start), self.block.dispatch())
    }

    /// Any other field than data: there is at most one of each in a usual block.
    ///
    /// "field = 1*name-char [ colon [ space ] *any-char ] end-of-line"
    #[inline(always)]
    fn field_line(&mut self, start: usize, end: usize) -> Option<Found> {
        let line = self.chunk.get(start..end).unwrap_or_default();
        // "Collect the characters on the line before the first U+003A COLON character (:), and let field be that string."
        // "Collect the characters on the line after the first U+003A COLON character (:), and let value be that string."
        // "If value starts with a U+0020 SPACE character, remove it from value."
        let (name, value) = match Name::at_start_of(line) {
            (name, [b':', b' ', value @ ..] | [b':', value @ ..] | value @ []) => (name, value),
            _ => return None,
        };
        // "Process the field using the steps described below, using field as the field name and value as the field value."
        match name {
            Name::Of(Part::EventType) => {
                let range = Range { start: end - value.len(), end };
                let fits = self.block.event_type_line(range);
                (!fits).then(|| self.torn.exceed_by_line(self.block, Part::EventType))
            }
            Name::Of(Part::LastEventId) => {
                let fits = self.block.id_line(value);
                (!fits).then(|| self.torn.exceed_by_line(self.block, Part::LastEventId))
            }
            Name::Unknown => None,
            name => {
                if name == Name::Of(Part::Data) {
                    self.block.keep_data(self.chunk);
                }
                self.torn.line(self.block, name, value)
            }
        }
    }

    /// Passes over the comments from `start` on, which nobody has asked for, and over blank lines if no block is open:
    /// so speaks a server that has nothing to say.
    #[inline(always)]
    fn pass_comments(&self, start: usize) -> usize {
        let (chunk, is_empty) = (self.chunk, self.block.is_empty());
        let mut at = start;
        loop {
            let mut rest = chunk.get(at..).unwrap_or_default();
            if is_empty {
                rest = after_silence(rest);
                at = chunk.len() - rest.len();
            }
            match rest.first() {
                Some(b'\r') if is_empty => at = after_line_end(chunk, at),
                Some(b':') => match find_line_end(rest) {
                    Some(length) => at = after_line_end(chunk, at + length),
                    None => return at,
                },
                _ => return at,
            }
        }
    }

    /// The bytes from `start` on do not end their line: the next chunk will.
    #[inline(always)]
    fn tear(&mut self, start: usize) -> Step {
        let (at, found) = self.up_to_value(start);
        let rest = self.chunk.get(at..).unwrap_or_default();
        match self.torn.in_value() {
            Some(name) if found.is_none() => {
                (at + rest.len(), self.torn.part_of_value(self.block, name, rest))
            }
            _ => (at, found),
        }
    }

    #[inline(always)]
    fn up_to_value(&mut self, start: usize) -> Step {
        let rest = self.chunk.get(start..).unwrap_or_default();
        let (length, found) = torn::read_up_to_value(rest, self.block, self.torn, self.comments);
        (start + length, found)
    }

    /// A data line, of which `value` is what follows the colon, does not end in the chunk.
    #[inline(always)]
    fn tear_data(&mut self, value: &[u8]) -> Step {
        self.torn.tear_data(value.is_empty());
        let value = value.strip_prefix(b" ").unwrap_or(value);
        let fits = self.block.begin_data(self.chunk, value);
        (self.chunk.len(), (!fits).then(|| self.torn.exceed(self.block, Part::Data)))
    }

    #[inline(always)]
    fn resume(&mut self) -> Step {
        let mut step = (0, None);
        while let (None, Some(byte)) = (step.1, self.chunk.get(step.0)) {
            step.0 += self.torn.begin_chunk(*byte);
            step = match self.torn.in_value() {
                _ if self.torn.is_at_start() => break,
                Some(name) => self.rest_of_value(name, step.0),
                None => self.up_to_value(step.0),
            };
        }
        step
    }

    #[inline(always)]
    fn rest_of_value(&mut self, name: Name, start: usize) -> Step {
        let rest = self.chunk.get(start..).unwrap_or_default();
        let length = find_far_line_end(rest);
        let part = rest.get(..length.unwrap_or(rest.len())).unwrap_or_default();
        let end = start + part.len();
        let found = self.torn.part_of_value(self.block, name, part);
        if found.is_some() || length.is_none() {
            return (end, found);
        }
        let line_end = line_end(self.chunk, end);
        (after_line_end(self.chunk, end), self.torn.end_line(self.block, line_end))
    }
}

/// Where the value is of the data line at `start`, of which `rest` is behind the colon, up to `length`.
#[inline]
fn data_range(start: usize, rest: &[u8], length: usize) -> Range {
    let begin = start + b"data:".len();
    // "If value starts with a U+0020 SPACE character, remove it from value."
    Range { start: begin + usize::from(rest.first() == Some(&b' ')), end: begin + length }
}

/// The line ending at `end`, as far as it matters what comes behind it: the LF of a CRLF comes with the next chunk if it
/// comes at all, when the CR is the last byte.
#[inline]
fn line_end(chunk: &[u8], end: usize) -> u8 {
    if chunk.get(end..) == Some(b"\r") { b'\r' } else { b'\n' }
}

/// Where the next line begins after a line that ends at `end`.
///
/// "end-of-line = ( cr lf / cr / lf )"
#[inline]
fn after_line_end(chunk: &[u8], end: usize) -> usize {
    let is_pair = chunk.get(end) == Some(&b'\r') && chunk.get(end + 1) == Some(&b'\n');
    end + 1 + usize::from(is_pair)
}
