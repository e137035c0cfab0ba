//! The body's framing: which of the received bytes are the stream's. Pure; depends on nothing.
//!
//! The payload is told as a range of the caller's buffer, so nothing is copied.

/// How the end of a body is found.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Framing {
    Chunked,
    Length(u64),
    Close,
}

/// What the bytes at hand are.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Part {
    /// `skip` bytes of framing, then `len` bytes of payload, at least one.
    Data { skip: usize, len: usize },
    /// All of it was framing; more must be read.
    More,
    /// The body has ended, as its framing says.
    End,
}

/// The bytes are not a chunked body (RFC 9112 7.1).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct BadChunk;

/// Chunk extensions and trailers are ignored, but not without end: more than this many bytes of
/// them before the next payload are refused.
const MAX_IGNORED: u32 = 16 * 1024;

/// A body being received.
#[derive(Debug)]
pub(crate) struct Body {
    state: State,
    /// Bytes of extensions or trailers since the last payload.
    ignored: u32,
}

#[derive(Debug, Clone, Copy)]
enum State {
    UntilClose,
    Length(u64),
    /// The digits of a chunk's size; at least one was seen if `digit`.
    Size {
        value: u64,
        digit: bool,
    },
    Extension {
        size: u64,
    },
    SizeLineFeed {
        size: u64,
    },
    Data {
        left: u64,
    },
    DataEnd,
    DataLineFeed,
    /// In the trailers; `empty` while the line has no byte yet.
    Trailer {
        empty: bool,
    },
    TrailerLineFeed,
    End,
}

impl Body {
    pub(crate) fn new(framing: Framing) -> Self {
        let state = match framing {
            Framing::Chunked => State::Size { value: 0, digit: false },
            Framing::Length(0) => State::End,
            Framing::Length(length) => State::Length(length),
            Framing::Close => State::UntilClose,
        };
        Self { state, ignored: 0 }
    }

    /// Looks at the next bytes and consumes them: on `Data` the framing and the payload, on `More`
    /// all, on `End` none that matter.
    pub(crate) fn next(&mut self, input: &[u8]) -> Result<Part, BadChunk> {
        let mut skip = 0;
        loop {
            let available = input.len() - skip;
            match &mut self.state {
                State::End => return Ok(Part::End),
                _ if available == 0 => return Ok(Part::More),
                State::UntilClose => {
                    return Ok(Part::Data { skip, len: available });
                }
                State::Length(left) | State::Data { left } => {
                    let len = usize::try_from(*left).map_or(available, |left| left.min(available));
                    *left -= len as u64;
                    if *left == 0 {
                        self.state = match self.state {
                            State::Data { .. } => State::DataEnd,
                            _ => State::End,
                        };
                    }
                    self.ignored = 0;
                    return Ok(Part::Data { skip, len });
                }
                _ => {
                    self.state = self.frame(input[skip])?;
                    skip += 1;
                }
            }
        }
    }

    /// Like [`next`](Self::next), for the framing that most streams have nothing else of: a chunk
    /// whose `CRLF size CRLF` and payload are all at hand. `None`, and nothing done, for any other.
    #[inline]
    pub(crate) fn plain_chunk(&mut self, input: &[u8]) -> Option<Part> {
        let line = match self.state {
            State::DataEnd => input.strip_prefix(b"\r\n")?,
            State::Size { digit: false, .. } => input,
            _ => return None,
        };
        let (digits, size) = plain_size(line)?;
        let skip = input.len() - line.len() + digits + 2;
        let whole = size > 0 && size <= input.len().checked_sub(skip)?;
        whole.then(|| {
            self.state = State::DataEnd;
            self.ignored = 0;
            Part::Data { skip, len: size }
        })
    }

    /// Whether the end of the connection, here, is the end of the body.
    pub(crate) fn may_end(&self) -> bool {
        matches!(self.state, State::UntilClose | State::End)
    }

    /// One byte of chunk framing. A bare line feed is taken for a line's end, as RFC 9112 2.2 allows.
    fn frame(&mut self, byte: u8) -> Result<State, BadChunk> {
        let after_size = |size| match size {
            0 => State::Trailer { empty: true },
            left => State::Data { left },
        };
        Ok(match (self.state, byte) {
            (State::Size { value, .. }, b'0'..=b'9' | b'a'..=b'f' | b'A'..=b'F') => {
                let digit = char::from(byte).to_digit(16).ok_or(BadChunk)?;
                let value = value.checked_mul(16).ok_or(BadChunk)? + u64::from(digit);
                State::Size { value, digit: true }
            }
            (State::Size { value, digit: true }, b'\r') => State::SizeLineFeed { size: value },
            (State::Size { value, digit: true }, b'\n') => after_size(value),
            (State::Size { value, digit: true }, b';' | b' ' | b'\t') => {
                State::Extension { size: value }
            }
            (State::Extension { size }, b'\r') => State::SizeLineFeed { size },
            (State::Extension { size }, b'\n') => after_size(size),
            (State::Extension { size }, _) => self.ignore(State::Extension { size })?,
            (State::SizeLineFeed { size }, b'\n') => after_size(size),
            (State::DataEnd, b'\r') => State::DataLineFeed,
            (State::DataEnd | State::DataLineFeed, b'\n') => State::Size { value: 0, digit: false },
            (State::Trailer { empty: true }, b'\r') => State::TrailerLineFeed,
            (State::Trailer { empty: true } | State::TrailerLineFeed, b'\n') => State::End,
            (State::Trailer { .. }, b'\n') => State::Trailer { empty: true },
            (State::Trailer { .. }, _) => self.ignore(State::Trailer { empty: false })?,
            _ => return Err(BadChunk),
        })
    }

    fn ignore(&mut self, next: State) -> Result<State, BadChunk> {
        self.ignored += 1;
        if self.ignored > MAX_IGNORED { Err(BadChunk) } else { Ok(next) }
    }
}

/// Up to four hexadecimal digits and CRLF: how many digits, and their value.
#[inline]
fn plain_size(line: &[u8]) -> Option<(usize, usize)> {
    let mut size = 0;
    for (at, &byte) in line.iter().enumerate().take(5) {
        let digit = match byte {
            b'0'..=b'9' => byte - b'0',
            b'a'..=b'f' => byte - b'a' + 10,
            b'A'..=b'F' => byte - b'A' + 10,
            b'\r' if line.get(at + 1) == Some(&b'\n') => return Some((at, size)),
            _ => return None,
        };
        size = size << 4 | usize::from(digit);
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The payload of `input` cut into pieces of `size` bytes, and whether it ended: the same when
    /// plain chunks are taken for what they are.
    fn read(framing: Framing, input: &[u8], size: usize) -> Result<(Vec<u8>, bool), BadChunk> {
        let found = read_by(framing, input, size, false);
        assert_eq!(read_by(framing, input, size, true), found, "{framing:?} {input:?} by {size}");
        found
    }

    fn read_by(
        framing: Framing,
        input: &[u8],
        size: usize,
        plainly: bool,
    ) -> Result<(Vec<u8>, bool), BadChunk> {
        let mut body = Body::new(framing);
        let mut payload = Vec::new();
        for mut piece in input.chunks(size) {
            loop {
                let part = match plainly.then(|| body.plain_chunk(piece)).flatten() {
                    Some(part) => part,
                    None => body.next(piece)?,
                };
                match part {
                    Part::Data { skip, len } => {
                        assert!(len > 0);
                        payload.extend_from_slice(&piece[skip..skip + len]);
                        piece = &piece[skip + len..];
                    }
                    Part::More => break,
                    Part::End => return Ok((payload, true)),
                }
            }
        }
        let ended = body.next(&[])? == Part::End;
        assert!(!ended || body.may_end());
        Ok((payload, ended))
    }

    #[test]
    fn every_framing_in_pieces_of_every_size() {
        let chunked: &[u8] =
            b"5\r\nhello\r\n1;a=\"b\"\r\n \r\nA ;x\r\n0123456789\r\n000\r\nX: y\r\nZ: \r\n\r\n";
        for (framing, input, payload, ended) in [
            (Framing::Chunked, chunked, &b"hello 0123456789"[..], true),
            (Framing::Chunked, b"5\nhello\n0\n\n", b"hello", true),
            (Framing::Chunked, b"5\r\nhello\r\n0\r\n", b"hello", false),
            (Framing::Chunked, b"5\r\nhello\r\n0\r\nX: y\r\n", b"hello", false),
            (Framing::Chunked, b"5\r\nhel", b"hel", false),
            (Framing::Chunked, b"0\r\n\r\n", b"", true),
            (Framing::Length(5), b"hello more", b"hello", true),
            (Framing::Length(5), b"hell", b"hell", false),
            (Framing::Length(0), b"x", b"", true),
            (Framing::Close, b"hello", b"hello", false),
        ] {
            for size in 1..=input.len() {
                let found = read(framing, input, size);
                assert_eq!(found, Ok((payload.to_vec(), ended)), "{framing:?} {input:?} by {size}");
            }
        }
    }

    #[test]
    fn plain_chunks() {
        for (input, taken) in [
            (&b"a\r\n0123456789"[..], Some((3, 10))),
            (b"0A\r\n0123456789\r\n", Some((4, 10))),
            (b"a\r\n012345678", None),
            (b"a;x\r\n0123456789", None),
            (b"a\n0123456789", None),
            (b"00001\r\n0", None),
            (b"0\r\n\r\n", None),
            (b"\r\n", None),
            (b"", None),
        ] {
            let taken = taken.map(|(skip, len)| Part::Data { skip, len });
            assert_eq!(Body::new(Framing::Chunked).plain_chunk(input), taken, "{input:?}");
        }
        assert_eq!(Body::new(Framing::Close).plain_chunk(b"1\r\na"), None);
        assert_eq!(Body::new(Framing::Length(9)).plain_chunk(b"1\r\na"), None);
    }

    #[test]
    fn malformed_chunks() {
        for input in [
            &b"\r\n"[..],
            b"x\r\n",
            b"-1\r\n",
            b";a\r\n",
            b"5\rx",
            b"1\r\nab",
            b"1\r\na\rb",
            b"10000000000000000\r\n",
            b"0\r\n\rx",
        ] {
            for size in 1..=input.len() {
                assert_eq!(
                    read(Framing::Chunked, input, size),
                    Err(BadChunk),
                    "{input:?} by {size}"
                );
            }
        }
    }

    #[test]
    fn extensions_and_trailers_are_bounded() {
        for start in ["1;", "0\r\n"] {
            let endless = format!("{start}{}", "x".repeat(MAX_IGNORED as usize + 1));
            assert_eq!(read(Framing::Chunked, endless.as_bytes(), 999), Err(BadChunk));
            let bounded = format!("{start}{}", "x".repeat(MAX_IGNORED as usize));
            assert!(read(Framing::Chunked, bounded.as_bytes(), 999).is_ok());
        }
    }

    #[test]
    fn only_a_body_until_close_may_end_with_the_connection() {
        assert!(Body::new(Framing::Close).may_end());
        assert!(!Body::new(Framing::Chunked).may_end());
        assert!(!Body::new(Framing::Length(1)).may_end());
    }
}
