//! What a decoder does at the seams of chunks, and to skip a block. Imports what the decoder does.

use crate::block::Place;
use crate::decoder::{Decoder, Position, Ready};
use crate::error::Part;
use crate::field::{Digits, Name};
use crate::search::{find_far_line_end, find_line_end};
use crate::storage::Storage;

const BOM: [u8; 3] = [0xEF, 0xBB, 0xBF];

impl<S: Storage> Decoder<S> {
    /// The bytes from `rest` on do not end their line: the next chunk will.
    pub(crate) fn tear(&mut self, chunk: &[u8], rest: &[u8], comments: bool) -> usize {
        self.torn = true;
        self.part_of_line(chunk, rest, comments);
        chunk.len()
    }

    /// The same, for the bytes after the colon of a data line.
    #[inline]
    pub(crate) fn tear_data(&mut self, chunk: &[u8], value: &[u8]) -> usize {
        self.torn = true;
        self.position = Position::Colon(Name::Data);
        if let Some(&first) = value.first() {
            self.position = Position::Value(Name::Data);
            let value = value.get(usize::from(first == b' ')..).unwrap_or_default();
            if let Err(part) = self.block.append_data_line(chunk, value) {
                self.exceed(part);
            }
        }
        chunk.len()
    }

    /// The same, for the bytes after the colon.
    pub(crate) fn tear_value(&mut self, chunk: &[u8], name: Name, value: &[u8]) -> usize {
        self.torn = true;
        self.position = Position::Colon(name);
        if let Some(&first) = value.first() {
            self.position = Position::Value(name);
            self.begin_value(chunk, name);
            // "If value starts with a U+0020 SPACE character, remove it from value."
            let value = value.get(usize::from(first == b' ')..).unwrap_or_default();
            self.part_of_value(name, value);
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
            // Data above all: long lines come in many chunks.
            if matches!(self.position, Position::Value(Name::Data)) && !self.skipping {
                match self.block.push_data(part) {
                    Ok(()) if length.is_some() => self.block.end_data(),
                    Ok(()) => {}
                    Err(part) => self.exceed(part),
                }
            } else {
                self.part_of_line(chunk, part, comments);
                if length.is_some() {
                    self.end_line(chunk);
                }
            }
            let Some(length) = length else {
                return chunk.len();
            };
            self.position = Position::Start;
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
        while let Some(rest) = chunk
            .get(at..)
            .filter(|rest| self.skipping && !rest.is_empty())
        {
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
    fn part_of_line(&mut self, chunk: &[u8], mut bytes: &[u8], comments: bool) {
        while let Some((&byte, rest)) = bytes.split_first() {
            self.position = match self.position {
                Position::Value(name) => return self.part_of_value(name, bytes),
                Position::Colon(name) => {
                    self.tear_value(chunk, name, bytes);
                    return;
                }
                Position::Start if byte == b':' => Position::Colon(if comments {
                    Name::Comment
                } else {
                    Name::Unknown
                }),
                Position::Start => Position::Name {
                    bytes: [byte, 0, 0, 0, 0],
                    length: 1,
                },
                Position::Name {
                    bytes: name,
                    length,
                } if byte == b':' => Position::Colon(Name::of(
                    name.get(..usize::from(length)).unwrap_or_default(),
                )),
                Position::Name {
                    bytes: mut name,
                    length,
                } => match name.get_mut(usize::from(length)) {
                    Some(place) => {
                        *place = byte;
                        Position::Name {
                            bytes: name,
                            length: length + 1,
                        }
                    }
                    None => Position::Value(Name::Unknown),
                },
            };
            bytes = rest;
        }
    }

    /// The line that was split over chunks ends.
    fn end_line(&mut self, chunk: &[u8]) {
        let name = match self.position {
            Position::Start => Name::Unknown,
            // "using the whole line as the field name, and the empty string as the field value."
            Position::Name { bytes, length } => {
                let name = Name::of(bytes.get(..usize::from(length)).unwrap_or_default());
                self.begin_value(chunk, name);
                name
            }
            Position::Colon(name) => {
                self.begin_value(chunk, name);
                name
            }
            Position::Value(name) => name,
        };
        self.position = Position::Start;
        self.end_value(name);
    }

    /// A value begins that does not lie whole in the chunk, or is not needed as it lies there.
    pub(crate) fn begin_value(&mut self, chunk: &[u8], name: Name) {
        match name {
            _ if self.skipping => {}
            Name::Data => self
                .block
                .begin_data(chunk)
                .unwrap_or_else(|part| self.exceed(part)),
            Name::EventType => self.block.begin_event_type(),
            Name::Id | Name::Comment => self.block.begin_cell(),
            Name::Retry => self.retry = Digits::NONE,
            Name::Unknown => {}
        }
    }

    /// Takes over bytes of a value.
    pub(crate) fn part_of_value(&mut self, name: Name, bytes: &[u8]) {
        let kept = match name {
            _ if self.skipping => Ok(()),
            Name::Data => self.block.push_data(bytes),
            Name::EventType => self.block.push_event_type(bytes),
            Name::Id => self.block.push_cell(bytes, Part::LastEventId),
            Name::Comment => self.block.push_cell(bytes, Part::Comment),
            Name::Retry => {
                self.retry.push(bytes);
                Ok(())
            }
            Name::Unknown => Ok(()),
        };
        match kept {
            Ok(()) => {}
            Err(Part::Comment) => {
                self.position = Position::Value(Name::Unknown);
                self.exceed_comment();
            }
            Err(part) => self.exceed(part),
        }
    }

    /// A value ends with its line.
    pub(crate) fn end_value(&mut self, name: Name) {
        match name {
            _ if self.skipping => {}
            Name::Data => self.block.end_data(),
            Name::Id => self.block.end_id().unwrap_or_else(|part| self.exceed(part)),
            Name::Retry => {
                // "set the event stream's reconnection time to that integer"
                if let Some(time) = self.retry.time() {
                    self.reconnection_time = Some(time);
                    self.ready = Ready::ReconnectionTime;
                }
            }
            Name::Comment => {
                self.comment = Place::Buffer;
                self.ready = Ready::Comment;
            }
            Name::EventType | Name::Unknown => {}
        }
    }
}
