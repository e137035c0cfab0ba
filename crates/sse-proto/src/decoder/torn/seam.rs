//! What lines that lie whole in a chunk leave to the torn line, at the chunk's start and at its end. Imports the torn line.

use super::super::block::Block;
use super::{Position, Torn};
use crate::error::Part;
use crate::field::{Name, is_plain};
use crate::found::Found;
use crate::search::BOM;
use crate::storage::Parts;
use crate::text::Text;

/// Reads up to the end of the next item, or to the end of the chunk. Returns how far.
#[inline(never)]
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

/// Reads up to the value of the line, or to its end. Returns how far.
pub(crate) fn read_up_to_value<S: Parts, T: Text + ?Sized>(
    bytes: &[u8],
    block: &mut Block<S, T>,
    torn: &mut Torn,
    comments: bool,
) -> (usize, Option<Found>) {
    for (at, byte) in bytes.iter().enumerate() {
        let found = torn.byte(block, *byte, comments);
        if found.is_some() || torn.in_value().is_some() || torn.is_at_start() {
            return (at + 1, found);
        }
    }
    (bytes.len(), None)
}

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

    /// Reads a byte if it is the next one of a name: none is found by that.
    #[inline]
    pub(crate) fn spell(&mut self, byte: u8) -> bool {
        match self.position {
            Position::Name(name) if byte == name.next_byte() && byte != b':' => {
                self.position = Position::Name(name.behind_next_byte());
                true
            }
            _ => false,
        }
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

    /// A data line ends.
    #[inline]
    pub(crate) fn end_data<S: Parts, T: Text + ?Sized>(
        &mut self,
        block: &mut Block<S, T>,
        line_end: u8,
    ) {
        block.end(Part::Data);
        self.begin_line(line_end);
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
        let nul = if is_plain(bytes) { None } else { bytes.iter().position(|byte| *byte == 0) };
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
        line_end: u8,
    ) -> Option<Found> {
        self.end_of_line(block, line_end)
    }

    /// Reads the value of a line that lies whole in the chunk.
    #[inline(never)]
    pub(crate) fn line<S: Parts, T: Text + ?Sized>(
        &mut self,
        block: &mut Block<S, T>,
        name: Name,
        value: &[u8],
    ) -> Option<Found> {
        let found =
            self.begin_value(block, name).or_else(|| self.part_of_value(block, name, value));
        // What has ended the value early is found already, or has changed where the line stands.
        let end = self.end_line(block, b'\n');
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
