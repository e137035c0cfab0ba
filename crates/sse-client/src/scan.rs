//! Where a response head ends, and whether the bytes can be the beginning of one at all: known at the
//! first byte that cannot. Pure; depends on the alphabet of tokens.

use crate::token::is_tchar;

/// Looks at each byte of a head once, however it arrives.
#[derive(Debug, Default)]
pub(crate) struct Scan {
    looked: usize,
    place: Place,
}

/// The bytes cannot be the head of an HTTP/1 response.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct NotAHead;

/// What every status line begins with (RFC 9112 4). The protocols of before and after do not.
const VERSION: &[u8] = b"HTTP/1.";

#[derive(Debug, Clone, Copy)]
enum Place {
    /// So many bytes of the version were seen. Empty lines before it are passed over.
    Version(usize),
    StatusLine,
    /// At the start of a line; a folded one only continues a field.
    Line {
        may_fold: bool,
    },
    EmptyLineFeed,
    Name,
    /// White space between a name and its colon, which some servers send.
    NameEnd,
    Value,
}

impl Default for Place {
    fn default() -> Self {
        Self::Version(0)
    }
}

impl Scan {
    /// The length of the head at the start of `bytes`, up to and including its empty line; `None`
    /// while it has not ended. `bytes` only ever grows from call to call.
    pub(crate) fn end(&mut self, bytes: &[u8]) -> Result<Option<usize>, NotAHead> {
        while let Some(&byte) = bytes.get(self.looked) {
            self.looked += 1;
            match self.place.next(byte).ok_or(NotAHead)? {
                Next::Place(place) => self.place = place,
                Next::End => return Ok(Some(self.looked)),
            }
        }
        Ok(None)
    }

    /// How many bytes were seen.
    pub(crate) fn looked(&self) -> usize {
        self.looked
    }
}

enum Next {
    Place(Place),
    End,
}

impl Place {
    /// What follows a byte; `None` when it cannot stand here.
    fn next(self, byte: u8) -> Option<Next> {
        Some(Next::Place(match (self, byte) {
            (Self::Version(0), b'\r' | b'\n') => self,
            (Self::Version(seen), _) if VERSION.get(seen) == Some(&byte) => {
                if seen + 1 == VERSION.len() { Self::StatusLine } else { Self::Version(seen + 1) }
            }
            (Self::Version(_), _) => return None,
            (Self::StatusLine, b'\n') => Self::Line { may_fold: false },
            (Self::StatusLine, _) => Self::StatusLine,
            (Self::Line { .. } | Self::EmptyLineFeed, b'\n') => return Some(Next::End),
            (Self::Line { .. }, b'\r') => Self::EmptyLineFeed,
            (Self::Line { may_fold: true }, b' ' | b'\t') => Self::Value,
            (Self::Line { .. } | Self::Name, _) if is_tchar(byte) => Self::Name,
            (Self::Name | Self::NameEnd, b':') => Self::Value,
            (Self::Name | Self::NameEnd, b' ' | b'\t') => Self::NameEnd,
            (Self::Value, b'\n') => Self::Line { may_fold: true },
            (Self::Value, _) => Self::Value,
            _ => return None,
        }))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ends_at_the_first_empty_line_however_it_arrives() {
        for (text, length) in [
            ("HTTP/1.1 200 OK\r\nA: b\r\n\r\nbody\r\n\r\n", 25),
            ("HTTP/1.1 200 OK\nA: b\n\nbody", 22),
            ("HTTP/1.1 200 OK\r\n\r\n", 19),
            ("HTTP/1.1 200 OK\r\nA : b\r\n c\r\n\td\r\n\r\n", 34),
            ("\r\nHTTP/1.1 200 OK\r\n\r\n", 21),
        ] {
            assert_eq!(Scan::default().end(text.as_bytes()), Ok(Some(length)), "{text:?}");
            let mut scan = Scan::default();
            for end in 0..length {
                assert_eq!(scan.end(&text.as_bytes()[..end]), Ok(None), "{text:?} {end}");
                assert_eq!(scan.looked(), end);
            }
            assert_eq!(scan.end(&text.as_bytes()[..length]), Ok(Some(length)), "{text:?}");
        }
    }

    /// Each is told at its last byte, whether or not more comes.
    #[test]
    fn what_cannot_be_a_head_is_known_at_the_byte_that_tells() {
        for text in [
            &b"S"[..],
            b"HTTP/2",
            b"HTTP/0",
            b"ICY",
            b"\x15",
            b"\0",
            b"HTTP/1.1 200 OK\r\n ",
            b"HTTP/1.1 200 OK\r\n:",
            b"HTTP/1.1 200 OK\r\nno c",
            b"HTTP/1.1 200 OK\r\nname\r",
            b"HTTP/1.1 200 OK\nname\n",
            b"HTTP/1.1 200 OK\r\nA: b\r\n\xff",
            b"HTTP/1.1 200 OK\r\nA: b\r\n\rx",
        ] {
            let at = if matches!(text.first(), Some(b'I')) { 1 } else { text.len() };
            let mut scan = Scan::default();
            for end in 0..at {
                assert_eq!(scan.end(&text[..end]), Ok(None), "{}", text.escape_ascii());
            }
            assert_eq!(scan.end(&text[..at]), Err(NotAHead), "{}", text.escape_ascii());
        }
    }
}
