//! What a decoder does at the seams of chunks, and to skip a block. Imports what the decoder does.

use crate::buffer::Place;
use crate::decoder::{Decoder, Position, Ready};
use crate::error::Part;
use crate::field::{Digits, Name};
use crate::search::{BOM, find_far_line_end, find_line_end};
use crate::storage::Storage;

impl<S: Storage> Decoder<S> {
    /// The bytes from `rest` on do not end their line: the next chunk will.
    pub(crate) fn tear(&mut self, chunk: &[u8], rest: &[u8], comments: bool) -> usize {
        self.torn = true;
        self.part_of_line(chunk, rest, comments);
        chunk.len()
    }

    /// The same for a data line, of which `value` is what follows the colon.
    #[inline]
    pub(crate) fn tear_data(&mut self, chunk: &[u8], value: &[u8]) -> usize {
        self.torn = true;
        self.position = Position::Colon(Name::Of(Part::Data));
        if let Some(&first) = value.first() {
            self.position = Position::Value(Name::Of(Part::Data));
            let value = value.get(usize::from(first == b' ')..).unwrap_or_default();
            if !self.block.tear_data(chunk, value) {
                self.exceed(Part::Data);
            }
        }
        chunk.len()
    }

    /// Finishes what the chunks before have left open. Returns where the next line begins.
    #[inline]
    pub(crate) fn resume(&mut self, chunk: &[u8], comments: bool) -> usize {
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

    /// Skips the rest of a byte order mark or of a CRLF.
    fn skip_prefix(&mut self, chunk: &[u8]) -> usize {
        let mut at = 0;
        // "The UTF-8 decode algorithm strips one leading UTF-8 Byte Order Mark (BOM), if any."
        while let (Some(expected), Some(byte)) = (BOM.get(usize::from(self.bom)), chunk.get(at)) {
            if byte != expected {
                if self.bom > 0 {
                    // What looked like one begins the name of a field that nobody knows.
                    self.position = Position::Value(Name::Unknown);
                }
                self.bom = BOM.len() as u8;
                break;
            }
            self.bom += 1;
            at += 1;
        }
        if self.after_cr && !chunk.is_empty() {
            self.after_cr = false;
            at += usize::from(chunk.first() == Some(&b'\n'));
        }
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

    /// Reads bytes of a line that is split over chunks; none of them ends it.
    #[inline]
    fn part_of_line(&mut self, chunk: &[u8], bytes: &[u8], comments: bool) {
        match self.position {
            Position::Value(name) => self.part_of_value(name, bytes),
            _ => self.part_of_name(chunk, bytes, comments),
        }
    }

    fn part_of_name(&mut self, chunk: &[u8], mut bytes: &[u8], comments: bool) {
        while let Some((&byte, rest)) = bytes.split_first() {
            self.position = match self.position {
                Position::Start if byte != b':' => Position::Name {
                    name: Name::beginning_with(byte),
                    seen: 1,
                },
                Position::Start if comments => Position::Colon(Name::Of(Part::Comment)),
                Position::Start => Position::Colon(Name::Unknown),
                Position::Name { name, seen } => match name.as_bytes().get(usize::from(seen)) {
                    Some(expected) if byte == *expected => Position::Name {
                        name,
                        seen: seen + 1,
                    },
                    None if byte == b':' => Position::Colon(name),
                    _ => Position::Value(Name::Unknown),
                },
                Position::Colon(name) | Position::Value(name) => {
                    self.begin_value(chunk, name);
                    // "If value starts with a U+0020 SPACE character, remove it from value."
                    let value = if byte == b' ' { rest } else { bytes };
                    return self.part_of_value(name, value);
                }
            };
            bytes = rest;
        }
    }

    /// The line that was split over chunks ends.
    fn end_line(&mut self, chunk: &[u8]) {
        let name = match self.position {
            Position::Value(name) => name,
            Position::Colon(name) => {
                self.begin_value(chunk, name);
                name
            }
            // "using the whole line as the field name, and the empty string as the field value."
            Position::Name { name, seen } if usize::from(seen) == name.as_bytes().len() => {
                self.begin_value(chunk, name);
                name
            }
            Position::Name { .. } | Position::Start => Name::Unknown,
        };
        self.position = Position::Start;
        self.end_value(name);
    }

    /// A value begins that does not lie whole in the chunk, or is not needed as it lies there.
    pub(crate) fn begin_value(&mut self, chunk: &[u8], name: Name) {
        self.position = Position::Value(name);
        match name {
            Name::Of(part) if !self.skipping => {
                if !self.block.begin(part, chunk) {
                    self.exceed(part);
                }
            }
            _ => self.retry = Digits::NONE,
        }
    }

    /// Takes over bytes of a value.
    #[inline]
    pub(crate) fn part_of_value(&mut self, name: Name, bytes: &[u8]) {
        match name {
            Name::Of(part) if !self.skipping => {
                if !self.block.push(part, bytes) {
                    self.position = Position::Value(Name::Unknown);
                    self.exceed(part);
                }
            }
            Name::Retry => self.retry.push(bytes),
            Name::Of(_) | Name::Unknown => {}
        }
    }

    /// A value ends with its line.
    pub(crate) fn end_value(&mut self, name: Name) {
        self.position = Position::Start;
        match name {
            _ if self.skipping => {}
            Name::Of(Part::Data) => self.block.end_data(),
            Name::Of(Part::LastEventId) => {
                if !self.block.end_id() {
                    self.exceed(Part::LastEventId);
                }
            }
            Name::Of(Part::Comment) if self.ready == Ready::Nothing => {
                self.comment = Place::Buffer;
                self.ready = Ready::Comment;
            }
            Name::Retry => {
                // "set the event stream's reconnection time to that integer"
                if let Some(time) = self.retry.time() {
                    self.reconnection_time = Some(time);
                    self.ready = Ready::ReconnectionTime;
                }
            }
            Name::Of(_) | Name::Unknown => {}
        }
    }
}
