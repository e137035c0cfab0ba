//! A frame as the slices that it consists of, for who sends it from where its texts lie. Imports `core`, the search and
//! the digits.

use core::iter::FusedIterator;
use core::mem::take;
use core::time::Duration;

use crate::milliseconds::milliseconds;
use crate::search::find_line_end;

/// The slices of an encoded frame, in order: [`Frame::pieces`](crate::Frame::pieces).
#[derive(Clone, Debug)]
pub struct Pieces<'a> {
    values: Values<'a>,
    /// The lines that are still to come of the value in hand, and the name that each of them gets.
    lines: Option<(Name, &'a [u8])>,
    /// What comes next: the line whose name was the last piece, or its digits.
    line: &'a [u8],
    digits: [u8; 20],
    /// So many of the last digits are still to come.
    digits_left: usize,
    /// No line has been begun: there is none to be ended.
    is_first: bool,
    /// The blank line is still to come.
    is_open: bool,
}

/// The values that are still to come, in the order of the wire.
#[derive(Clone, Debug)]
pub(crate) struct Values<'a> {
    pub(crate) comment: Option<&'a str>,
    pub(crate) event_type: Option<&'a str>,
    pub(crate) id: Option<&'a str>,
    pub(crate) reconnection_time: Option<Duration>,
    pub(crate) data: Option<&'a str>,
}

/// The end of the line before, a field's name and colon, the space before its value.
type Name = &'static [u8];

impl<'a> Pieces<'a> {
    pub(crate) const fn new(values: Values<'a>) -> Self {
        Self {
            values,
            lines: None,
            line: &[],
            digits: [0; 20],
            digits_left: 0,
            is_first: true,
            is_open: true,
        }
    }

    /// What comes before the value of the next line, which it puts in place.
    fn next_name(&mut self) -> Option<Name> {
        let (name, lines) = match self.lines.take() {
            Some(lines) => lines,
            None => self.next_value()?,
        };
        let Some(end) = find_line_end(lines) else {
            self.line = lines;
            return Some(name);
        };
        let (line, rest) = lines.split_at_checked(end).unwrap_or_default();
        let rest = rest.strip_prefix(b"\r\n").or(rest.get(1..)).unwrap_or_default();
        (self.line, self.lines) = (line, Some((name, rest)));
        Some(name)
    }

    /// A name, and the lines that get it: one for each line of a comment or of data.
    fn next_value(&mut self) -> Option<(Name, &'a [u8])> {
        let values = &mut self.values;
        let (name, value): (Name, _) = if let Some(text) = values.comment.take() {
            (b"\n: ", text)
        } else if let Some(event_type) = values.event_type.take() {
            (b"\nevent: ", event_type)
        } else if let Some(id) = values.id.take() {
            (b"\nid: ", id)
        } else if let Some(time) = values.reconnection_time.take() {
            self.digits_left = milliseconds(time, &mut self.digits).len();
            (b"\nretry: ", "")
        } else {
            (b"\ndata: ", values.data.take()?)
        };
        Some((name, value.as_bytes()))
    }

    /// A digit is lent for as long as the texts are, since it does not lie here.
    fn next_digit(&mut self) -> Option<&'static [u8]> {
        let place = self.digits.len() - self.digits_left;
        let digit = usize::from(self.digits.get(place)?.checked_sub(b'0')?);
        self.digits_left -= 1;
        b"0123456789".get(digit..=digit)
    }
}

impl<'a> Iterator for Pieces<'a> {
    type Item = &'a [u8];

    fn next(&mut self) -> Option<&'a [u8]> {
        if !self.line.is_empty() {
            return Some(take(&mut self.line));
        }
        if let Some(digit) = self.next_digit() {
            return Some(digit);
        }
        let piece: &[u8] = match self.next_name() {
            Some(name) if self.line.is_empty() && self.digits_left == 0 => {
                name.strip_suffix(b" ").unwrap_or(name)
            }
            Some(name) => name,
            None if take(&mut self.is_open) => b"\n\n",
            None => return None,
        };
        // The first line ends none.
        if take(&mut self.is_first) { piece.get(1..) } else { Some(piece) }
    }
}

impl FusedIterator for Pieces<'_> {}
