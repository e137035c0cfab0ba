//! What goes out: one block, checked when it is built. Imports `core`, and `alloc` behind its feature.

use core::fmt;
use core::time::Duration;

use crate::error::{BufferTooSmall, FrameError, Part};
use crate::search::find_line_end;

/// One block of an event stream.
///
/// On the wire: the comment, `event`, `id`, `retry`, `data`, a blank line. What the format
/// cannot carry cannot be built.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Frame<'a> {
    pub(crate) comment: Option<&'a str>,
    pub(crate) event_type: Option<&'a str>,
    pub(crate) id: Option<&'a str>,
    pub(crate) retry: Option<Duration>,
    pub(crate) data: Option<&'a str>,
}

impl<'a> Frame<'a> {
    pub(crate) const EMPTY: Self = Self {
        comment: None,
        event_type: None,
        id: None,
        retry: None,
        data: None,
    };

    /// An event with this data and the type `message`.
    ///
    /// The data is split into lines at CR, LF and CRLF; the receiver joins them by LF.
    #[must_use]
    pub const fn message(data: &'a str) -> Self {
        Self {
            data: Some(data),
            ..Self::EMPTY
        }
    }

    /// A comment, which fires nothing: a heartbeat. Split into lines as data is.
    #[must_use]
    pub const fn comment(text: &'a str) -> Self {
        Self {
            comment: Some(text),
            ..Self::EMPTY
        }
    }

    /// A new reconnection time, in whole milliseconds, without an event.
    #[must_use]
    pub const fn retry(time: Duration) -> Self {
        Self {
            retry: Some(time),
            ..Self::EMPTY
        }
    }

    /// A block that moves the receiver's last event ID without firing an event.
    ///
    /// # Errors
    ///
    /// If the ID holds CR, LF or NUL.
    pub fn cursor(id: &'a str) -> Result<Self, FrameError> {
        Self::EMPTY.id(id)
    }

    /// This frame with an event type. The empty type is no type: `message`.
    ///
    /// # Errors
    ///
    /// If the event type holds CR or LF.
    pub fn event_type(self, event_type: &'a str) -> Result<Self, FrameError> {
        check(Part::EventType, event_type)?;
        Ok(Self {
            event_type: (!event_type.is_empty()).then_some(event_type),
            ..self
        })
    }

    /// This frame with an ID. The empty ID resets the receiver's last event ID.
    ///
    /// # Errors
    ///
    /// If the ID holds CR, LF or NUL.
    pub fn id(self, id: &'a str) -> Result<Self, FrameError> {
        check(Part::LastEventId, id)?;
        Ok(Self {
            id: Some(id),
            ..self
        })
    }

    /// This frame with a reconnection time, in whole milliseconds.
    #[must_use]
    pub const fn with_retry(self, time: Duration) -> Self {
        Self {
            retry: Some(time),
            ..self
        }
    }

    /// This frame with a comment before it.
    #[must_use]
    pub const fn with_comment(self, text: &'a str) -> Self {
        Self {
            comment: Some(text),
            ..self
        }
    }

    /// The exact number of bytes of the encoded frame.
    #[must_use]
    pub fn encoded_len(&self) -> usize {
        let mut length = 0;
        let Ok(()) = self.write_pieces(&mut |piece: &str| {
            length += piece.len();
            Ok::<(), core::convert::Infallible>(())
        });
        length
    }

    /// Encodes the frame into the start of `buffer` and returns its length.
    ///
    /// # Errors
    ///
    /// If the frame does not fit; the error says how many bytes it needs. The content of
    /// `buffer` is then unspecified.
    pub fn encode_into(&self, buffer: &mut [u8]) -> Result<usize, BufferTooSmall> {
        let mut written = 0;
        let fits = self.write_pieces(&mut |piece: &str| {
            let end = written + piece.len();
            buffer
                .get_mut(written..end)
                .ok_or(())?
                .copy_from_slice(piece.as_bytes());
            written = end;
            Ok(())
        });
        match fits {
            Ok(()) => Ok(written),
            Err(()) => Err(BufferTooSmall {
                needed: self.encoded_len(),
            }),
        }
    }

    /// Appends the encoded frame to `bytes`.
    #[cfg(feature = "alloc")]
    pub fn append_to(&self, bytes: &mut alloc::vec::Vec<u8>) {
        bytes.reserve(self.encoded_len());
        let Ok(()) = self.write_pieces(&mut |piece: &str| {
            bytes.extend_from_slice(piece.as_bytes());
            Ok::<(), core::convert::Infallible>(())
        });
    }

    fn write_pieces<E>(&self, out: &mut impl FnMut(&str) -> Result<(), E>) -> Result<(), E> {
        if let Some(text) = self.comment {
            write_lines(out, ":", text)?;
        }
        if let Some(event_type) = self.event_type {
            write_line(out, "event:", event_type)?;
        }
        if let Some(id) = self.id {
            write_line(out, "id:", id)?;
        }
        if let Some(time) = self.retry {
            let mut digits = [0; 20];
            write_line(out, "retry:", milliseconds(time, &mut digits))?;
        }
        if let Some(data) = self.data {
            write_lines(out, "data:", data)?;
        }
        out("\n")
    }
}

impl fmt::Display for Frame<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.write_pieces(&mut |piece: &str| f.write_str(piece))
    }
}

fn check(part: Part, value: &str) -> Result<(), FrameError> {
    crate::field::find_forbidden(value, matches!(part, Part::LastEventId))
        .map_or(Ok(()), |(offset, byte)| {
            Err(FrameError { part, byte, offset })
        })
}

fn write_lines<E>(
    out: &mut impl FnMut(&str) -> Result<(), E>,
    name: &str,
    text: &str,
) -> Result<(), E> {
    let mut rest = text;
    while let Some(end) = find_line_end(rest.as_bytes()) {
        let (line, tail) = rest.split_at(end);
        write_line(out, name, line)?;
        rest = tail
            .strip_prefix("\r\n")
            .unwrap_or(tail.get(1..).unwrap_or_default());
    }
    write_line(out, name, rest)
}

fn write_line<E>(
    out: &mut impl FnMut(&str) -> Result<(), E>,
    name: &str,
    value: &str,
) -> Result<(), E> {
    out(name)?;
    if !value.is_empty() {
        out(" ")?;
        out(value)?;
    }
    out("\n")
}

/// The decimal digits of the whole milliseconds of `time`, at most `u64::MAX`.
fn milliseconds(time: Duration, digits: &mut [u8; 20]) -> &str {
    let mut rest = time
        .as_secs()
        .saturating_mul(1000)
        .saturating_add(u64::from(time.subsec_millis()));
    let mut start = digits.len();
    for digit in digits.iter_mut().rev() {
        *digit = b'0' + (rest % 10) as u8;
        rest /= 10;
        start -= 1;
        if rest == 0 {
            break;
        }
    }
    digits
        .get(start..)
        .and_then(|digits| core::str::from_utf8(digits).ok())
        .unwrap_or("0")
}
