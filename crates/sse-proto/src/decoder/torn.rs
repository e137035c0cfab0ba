//! The line that is being read byte by byte: at the seams of chunks and, without the feature `whole-lines`, everywhere.
//! Imports the block.

use super::block::Block;
use crate::error::Part;
use crate::field::{Digits, Name, Spelling};
use crate::found::Found;
use crate::search::BOM;
use crate::storage::Parts;
use crate::text::Text;

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

/// Reads up to the end of the next item, or to the end of the chunk. Returns how far.
#[cfg_attr(feature = "whole-lines", inline(never))]
pub(crate) fn read<S: Parts, T: Text + ?Sized>(
    chunk: &[u8],
    block: &mut Block<S, T>,
    torn: &mut Torn,
    comments: bool,
) -> (usize, Option<Found>) {
    for (at, byte) in chunk.iter().enumerate() {
        let found = torn.byte(block, *byte, comments);
        if found.is_some() {
            return (at + 1, found);
        }
    }
    (chunk.len(), None)
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
        let found = match self.position {
            Position::AfterCr if byte == b'\n' => None,
            Position::Start | Position::AfterCr | Position::Mark { seen: 0 } => {
                self.blank_line(block)
            }
            Position::Value(name) | Position::Colon(name) => self.end_value(block, name),
            // "using the whole line as the field name, and the empty string as the field value."
            Position::Name(name) if name.next_byte() == b':' => {
                let found = self.begin_value(block, name.name());
                if found.is_none() { self.end_value(block, name.name()) } else { found }
            }
            Position::Name(_) | Position::Mark { .. } => None,
        };
        self.position = if byte == b'\r' { Position::AfterCr } else { Position::Start };
        found
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
            Name::Retry => block.set_reconnection_time(self.digits.time()),
            Name::Unknown => None,
        }
    }

    /// A limit is passed: the rest of the block will be skipped, or of the comment.
    #[cold]
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

/// What lines that lie whole in a chunk leave to this, at its start and at its end.
#[cfg(feature = "whole-lines")]
impl Torn {
    /// Whether the next byte begins a line, and nothing is open.
    #[inline]
    pub(crate) const fn is_at_start(&self) -> bool {
        matches!(self.position, Position::Start) && !self.skipping
    }

    /// Makes ready for a chunk that begins with `byte`. Returns how many bytes of it are the rest of a line ending.
    #[inline]
    pub(crate) fn begin_chunk(&mut self, byte: u8) -> usize {
        match self.position {
            Position::Mark { seen: 0 } if byte != BOM[0] => self.position = Position::Start,
            Position::AfterCr => {
                self.position = Position::Start;
                return usize::from(byte == b'\n');
            }
            _ => {}
        }
        0
    }

    /// The chunk ends with a CR.
    #[inline]
    pub(crate) fn end_chunk_after_cr(&mut self) {
        self.position = Position::AfterCr;
    }

    /// The field whose value is being read.
    #[inline]
    pub(crate) const fn in_value(&self) -> Option<Name> {
        match self.position {
            Position::Value(name) => Some(name),
            _ => None,
        }
    }

    #[inline]
    pub(crate) const fn is_in_data(&self) -> bool {
        matches!(self.position, Position::Value(Name::Of(Part::Data)))
    }

    /// A data line ends with the chunk, behind the colon or in its value.
    #[inline]
    pub(crate) fn tear_data(&mut self, is_behind_colon: bool) {
        let data = Name::Of(Part::Data);
        self.position = if is_behind_colon { Position::Colon(data) } else { Position::Value(data) };
    }

    /// Reads bytes of the value of a data line.
    #[inline]
    pub(crate) fn part_of_data<S: Parts, T: Text + ?Sized>(
        &mut self,
        block: &mut Block<S, T>,
        bytes: &[u8],
    ) -> Option<Found> {
        (!block.more_of_data(bytes)).then(|| self.exceed(block, Part::Data))
    }

    /// Whether it is of no use what the rest of this line says.
    #[inline]
    pub(crate) const fn is_ignored(&self) -> bool {
        matches!(self.position, Position::Value(Name::Unknown)) && !self.skipping
    }

    /// A comment begins that nobody wants to see.
    #[inline]
    pub(crate) fn begin_ignored(&mut self) {
        self.ignore_line();
    }

    /// The line has ended, and its value has been seen to.
    #[inline]
    pub(crate) fn start_line(&mut self) {
        self.position = Position::Start;
    }

    /// Reads bytes of a value, not only one.
    #[inline]
    pub(crate) fn part_of_value<S: Parts, T: Text + ?Sized>(
        &mut self,
        block: &mut Block<S, T>,
        name: Name,
        bytes: &[u8],
    ) -> Option<Found> {
        match name {
            Name::Of(Part::LastEventId) => return self.part_of_id(block, bytes),
            Name::Of(part) if !block.append(part, bytes) => {
                return Some(self.exceed(block, part));
            }
            Name::Retry if !bytes.iter().all(|byte| self.digits.push(*byte)) => self.ignore_line(),
            _ => {}
        }
        None
    }

    fn part_of_id<S: Parts, T: Text + ?Sized>(
        &mut self,
        block: &mut Block<S, T>,
        bytes: &[u8],
    ) -> Option<Found> {
        let nul = bytes.iter().position(|byte| *byte == 0);
        let before = bytes.get(..nul.unwrap_or(bytes.len())).unwrap_or_default();
        if !block.append(Part::LastEventId, before) {
            return Some(self.exceed(block, Part::LastEventId));
        }
        if nul.is_some() {
            self.ignore_line();
        }
        None
    }

    /// Reads the line ending of a line of which everything else has been read.
    #[inline]
    pub(crate) fn end_line<S: Parts, T: Text + ?Sized>(
        &mut self,
        block: &mut Block<S, T>,
    ) -> Option<Found> {
        self.end_of_line(block, b'\n')
    }

    /// Reads the value of a line that lies whole in the chunk.
    pub(crate) fn line<S: Parts, T: Text + ?Sized>(
        &mut self,
        block: &mut Block<S, T>,
        name: Name,
        value: &[u8],
    ) -> Option<Found> {
        let found =
            self.begin_value(block, name).or_else(|| self.part_of_value(block, name, value));
        // What has ended the value early is found already, or has changed where the line stands.
        let end = self.end_line(block);
        found.or(end)
    }

    /// A limit is passed by a line that lies whole in the chunk.
    pub(crate) fn exceed_by_line<S: Parts, T: Text + ?Sized>(
        &mut self,
        block: &mut Block<S, T>,
        part: Part,
    ) -> Found {
        let found = self.exceed(block, part);
        self.position = Position::Start;
        found
    }
}
