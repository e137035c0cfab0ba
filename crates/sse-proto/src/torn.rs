//! How a decoder reads lines whose bytes come in parts: at the seams of chunks and, without the feature `memchr`,
//! everywhere. Imports what the decoder does.

#[cfg(not(feature = "memchr"))]
use core::mem::take;

use crate::buffer::Place;
use crate::decoder::{Decoder, Position};
use crate::error::Part;
use crate::field::{Digits, Name};
use crate::found::Found;
use crate::search::BOM;
#[cfg(not(feature = "memchr"))]
use crate::search::find_line_end;
use crate::storage::Storage;

impl<S: Storage> Decoder<S> {
    /// Reads up to the end of the next item, or to the end of the chunk. Returns how far.
    ///
    /// "stream = [ bom ] *event"
    #[cfg(not(feature = "memchr"))]
    pub(crate) fn read(&mut self, chunk: &[u8], comments: bool) -> usize {
        let mut at = 0;
        while self.found.is_none() && at < chunk.len() {
            if matches!(self.position, Position::Start) {
                at += self.skip_prefix(chunk.get(at..).unwrap_or_default());
            }
            let rest = chunk.get(at..).unwrap_or_default();
            let length = find_line_end(rest).unwrap_or(rest.len());
            let (part, ending) = rest.split_at_checked(length).unwrap_or_default();
            self.part_of_line(chunk, part, comments);
            at += length;
            if let Some(&byte) = ending.first() {
                self.after_cr = byte == b'\r';
                at += 1;
                if !matches!(self.position, Position::Start) {
                    self.end_line(chunk);
                } else if !take(&mut self.skipping) {
                    // "If the line is empty (a blank line): Dispatch the event."
                    self.dispatch();
                }
            }
        }
        at
    }

    /// Skips the rest of a byte order mark or of a CRLF.
    pub(crate) fn skip_prefix(&mut self, chunk: &[u8]) -> usize {
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

    /// Reads bytes of a line that is split over chunks; none of them ends it.
    ///
    /// "field = 1*name-char [ colon [ space ] *any-char ] end-of-line"
    pub(crate) fn part_of_line(&mut self, chunk: &[u8], mut bytes: &[u8], comments: bool) {
        while let Some((&byte, rest)) = bytes.split_first() {
            self.position = match self.position {
                Position::Start if byte != b':' => {
                    Position::Name { name: Name::beginning_with(byte), seen: 1 }
                }
                Position::Start if comments => self.begin_value(chunk, Name::Of(Part::Comment)),
                Position::Start => Position::Value(Name::Unknown),
                Position::Name { name, seen } => match name.as_bytes().get(usize::from(seen)) {
                    Some(expected) if byte == *expected => Position::Name { name, seen: seen + 1 },
                    None if byte == b':' => self.begin_value(chunk, name),
                    _ => Position::Value(Name::Unknown),
                },
                Position::Colon(name) => {
                    // "If value starts with a U+0020 SPACE character, remove it from value."
                    bytes = if byte == b' ' { rest } else { bytes };
                    self.position = Position::Value(name);
                    return self.part_of_value(name, bytes);
                }
                Position::Value(name) => return self.part_of_value(name, bytes),
            };
            bytes = rest;
        }
    }

    /// The line that was split over chunks ends.
    pub(crate) fn end_line(&mut self, chunk: &[u8]) {
        let name = match self.position {
            Position::Value(name) | Position::Colon(name) => name,
            // "using the whole line as the field name, and the empty string as the field value."
            Position::Name { name, seen } if usize::from(seen) == name.as_bytes().len() => {
                self.begin_value(chunk, name);
                name
            }
            Position::Name { .. } | Position::Start => Name::Unknown,
        };
        self.end_value(name);
    }

    /// A value begins that does not lie whole in the chunk, or is not needed as it lies there.
    pub(crate) fn begin_value(&mut self, chunk: &[u8], name: Name) -> Position {
        match name {
            Name::Of(part) if !self.skipping => {
                if !self.block.begin(part, chunk) {
                    self.exceed(part);
                }
            }
            _ => self.retry = Digits::NONE,
        }
        Position::Colon(name)
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

    /// A value ends with its line: "Process the field using the steps described below, using field as the field name and
    /// value as the field value."
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
            Name::Of(Part::Comment) if self.found.is_none() => {
                self.comment = Place::Buffer;
                self.found = Some(Found::Comment);
            }
            Name::Retry => {
                // "set the event stream's reconnection time to that integer"
                if let Some(time) = self.retry.time() {
                    self.reconnection_time = Some(time);
                    self.found = Some(Found::ReconnectionTime);
                }
            }
            Name::Of(_) | Name::Unknown => {}
        }
    }
}
