//! The line that is being read byte by byte: at the seams of chunks and, without the feature `whole-lines`, everywhere.
//! Imports the block.

#[cfg(feature = "whole-lines")]
mod seam;

use super::block::Block;
use crate::error::Part;
use crate::field::{Digits, Name, Spelling};
use crate::found::Found;
use crate::search::BOM;
use crate::storage::Parts;
use crate::text::Text;
#[cfg(feature = "whole-lines")]
pub(crate) use seam::{read, read_up_to_value};

/// What is known of a line whose end has not come: where the next byte stands in it.
#[derive(Clone, Debug)]
pub(crate) struct Torn {
    position: Position,
    /// A limit was passed: the rest of the block is not for us.
    skipping: bool,
    /// Of the value of a `retry` field.
    digits: Digits,
}

#[derive(Clone, Copy, Debug)]
enum Position {
    /// At the start of the stream, behind so many bytes of a byte order mark.
    Mark { seen: u8 },
    /// At the start of a line.
    Start,
    /// At the start of a line, after a CR: an LF now belongs to the same line ending.
    AfterCr,
    /// In what can only be a name.
    Name(Spelling),
    /// After the colon: one space may follow that is not of the value.
    Colon(Name),
    /// In a value.
    Value(Name),
}

/// Reads up to the end of the next item, or of the input, and takes what was read off its front.
#[cfg(not(feature = "whole-lines"))]
pub(crate) fn read<S: Parts, T: Text + ?Sized>(
    input: &mut &[u8],
    block: &mut Block<S, T>,
    torn: &mut Torn,
    comments: bool,
) -> Option<Found> {
    while let Some((byte, rest)) = input.split_first() {
        *input = rest;
        let found = torn.byte(block, *byte, comments);
        if found.is_some() {
            return found;
        }
    }
    None
}

impl Torn {
    /// "stream = [ bom ] *event"
    pub(crate) const START_OF_STREAM: Self =
        Self { position: Position::Mark { seen: 0 }, skipping: false, digits: Digits::NONE };

    /// Reads a byte of the stream.
    ///
    /// "event = *( comment / field ) end-of-line"
    #[inline(always)]
    fn byte<S: Parts, T: Text + ?Sized>(
        &mut self,
        block: &mut Block<S, T>,
        byte: u8,
        comments: bool,
    ) -> Option<Found> {
        if matches!(byte, b'\n' | b'\r') {
            return self.end_of_line(block, byte);
        }
        match self.position {
            Position::Value(name) => return self.byte_of_value(block, name, byte),
            Position::Colon(name) => {
                self.position = Position::Value(name);
                // "If value starts with a U+0020 SPACE character, remove it from value."
                if byte != b' ' {
                    return self.byte_of_value(block, name, byte);
                }
            }
            Position::Name(name) if byte != name.next_byte() => self.ignore_line(),
            Position::Name(name) if byte == b':' => return self.begin_value(block, name.name()),
            Position::Name(name) => self.position = Position::Name(name.behind_next_byte()),
            // "The UTF-8 decode algorithm strips one leading UTF-8 Byte Order Mark (BOM), if any."
            Position::Mark { seen } if BOM.get(usize::from(seen)) == Some(&byte) => {
                self.position = match seen {
                    2 => Position::Start,
                    _ => Position::Mark { seen: seen + 1 },
                };
            }
            Position::Mark { seen: 1.. } => self.ignore_line(),
            _ if self.skipping => self.ignore_line(),
            _ if byte == b':' && comments => {
                return self.begin_value(block, Name::Of(Part::Comment));
            }
            _ => {
                self.position = match Spelling::beginning_with(byte) {
                    Some(name) => Position::Name(name),
                    None => Position::Value(Name::Unknown),
                }
            }
        }
        None
    }

    /// The rest of the line is of no use.
    fn ignore_line(&mut self) {
        self.position = Position::Value(Name::Unknown);
    }

    /// "end-of-line = ( cr lf / cr / lf )"
    #[inline(always)]
    fn end_of_line<S: Parts, T: Text + ?Sized>(
        &mut self,
        block: &mut Block<S, T>,
        byte: u8,
    ) -> Option<Found> {
        // "using the whole line as the field name, and the empty string as the field value."
        let mut found = match self.position {
            Position::Name(name) if name.next_byte() == b':' => {
                self.begin_value(block, name.name())
            }
            _ => None,
        };
        if found.is_none() {
            found = match self.position {
                Position::AfterCr if byte == b'\n' => None,
                Position::Start | Position::AfterCr | Position::Mark { seen: 0 } => {
                    self.blank_line(block)
                }
                Position::Value(name) | Position::Colon(name) => self.end_value(block, name),
                Position::Name(_) | Position::Mark { .. } => None,
            };
        }
        self.begin_line(byte);
        found
    }

    /// A line begins after `byte`, which has ended another.
    #[inline]
    fn begin_line(&mut self, byte: u8) {
        self.position = if byte == b'\r' { Position::AfterCr } else { Position::Start };
    }

    /// "If the line is empty (a blank line): Dispatch the event." What the standard says of a task, which "dispatches the
    /// newly created event at the EventSource object", is up to the caller, who is handed the event.
    #[inline]
    fn blank_line<S: Parts, T: Text + ?Sized>(&mut self, block: &mut Block<S, T>) -> Option<Found> {
        if self.skipping {
            self.skipping = false;
            return None;
        }
        block.dispatch()
    }

    /// The colon of a field, or of a comment.
    fn begin_value<S: Parts, T: Text + ?Sized>(
        &mut self,
        block: &mut Block<S, T>,
        name: Name,
    ) -> Option<Found> {
        self.position = Position::Colon(name);
        self.digits = Digits::NONE;
        match name {
            Name::Of(part) if !block.begin(part) => Some(self.exceed(block, part)),
            _ => None,
        }
    }

    #[inline]
    fn byte_of_value<S: Parts, T: Text + ?Sized>(
        &mut self,
        block: &mut Block<S, T>,
        name: Name,
        byte: u8,
    ) -> Option<Found> {
        match name {
            // "If the field value does not contain U+0000 NULL [...]. Otherwise, ignore the field."
            Name::Of(Part::LastEventId) if byte == 0 => self.ignore_line(),
            Name::Of(part) if !block.push(part, byte) => return Some(self.exceed(block, part)),
            // "If the field value consists of only ASCII digits [...]. Otherwise, ignore the field."
            Name::Retry if !self.digits.push(byte) => self.ignore_line(),
            _ => {}
        }
        None
    }

    /// A value ends with its line: "Process the field using the steps described below, using field as the field name and
    /// value as the field value."
    fn end_value<S: Parts, T: Text + ?Sized>(
        &mut self,
        block: &mut Block<S, T>,
        name: Name,
    ) -> Option<Found> {
        match name {
            Name::Of(part) => {
                let fits = block.end(part);
                if !fits {
                    return Some(self.exceed(block, part));
                }
                (part == Part::Comment).then_some(Found::Comment)
            }
            // "set the event stream's reconnection time to that integer"
            Name::Retry => block.set_reconnection_time(self.digits.number()),
            Name::Unknown => None,
        }
    }

    /// A limit is passed: the rest of the block will be skipped, or of the comment.
    #[cold]
    #[inline(never)]
    pub(crate) fn exceed<S: Parts, T: Text + ?Sized>(
        &mut self,
        block: &mut Block<S, T>,
        part: Part,
    ) -> Found {
        self.ignore_line();
        if part != Part::Comment {
            block.discard();
            self.skipping = true;
        }
        block.exceed(part)
    }
}
