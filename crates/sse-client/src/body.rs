//! The body's framing: which of the received bytes are the stream's. Pure; depends on the codec's chunked bodies.
//!
//! The payload is told as a range of the caller's buffer, so nothing is copied.

use sse_proto::{ChunkError, ChunkedBody};

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

/// A body being received.
#[derive(Debug)]
pub(crate) enum Body {
    Chunked(ChunkedBody),
    /// So many bytes are to come.
    Length(u64),
    UntilClose,
}

impl Body {
    pub(crate) fn new(framing: Framing) -> Self {
        match framing {
            Framing::Chunked => Self::Chunked(ChunkedBody::new()),
            Framing::Length(length) => Self::Length(length),
            Framing::Close => Self::UntilClose,
        }
    }

    /// Looks at the next bytes and consumes them: on `Data` the framing and the payload, on `More`
    /// all, on `End` none that matter.
    pub(crate) fn next(&mut self, input: &[u8]) -> Result<Part, ChunkError> {
        match self {
            Self::Chunked(body) => {
                let mut rest = input;
                match body.next(&mut rest) {
                    Some(payload) => Ok(data(input, rest, payload?)),
                    None if body.is_complete() => Ok(Part::End),
                    None => Ok(Part::More),
                }
            }
            Self::Length(0) => Ok(Part::End),
            _ if input.is_empty() => Ok(Part::More),
            Self::Length(left) => {
                let len = usize::try_from(*left).map_or(input.len(), |left| left.min(input.len()));
                *left -= len as u64;
                Ok(Part::Data { skip: 0, len })
            }
            Self::UntilClose => Ok(Part::Data { skip: 0, len: input.len() }),
        }
    }

    /// Like [`next`](Self::next), for the framing that most streams have nothing else of: a chunk that is whole at hand.
    /// `None`, and nothing done, for any other.
    #[inline]
    pub(crate) fn plain_chunk(&mut self, input: &[u8]) -> Option<Part> {
        let Self::Chunked(body) = self else {
            return None;
        };
        let mut rest = input;
        let payload = body.whole_chunk(&mut rest)?;
        Some(data(input, rest, payload))
    }

    /// Whether the end of the connection, here, is the end of the body.
    pub(crate) fn may_end(&self) -> bool {
        match self {
            Self::Chunked(body) => body.is_complete(),
            Self::Length(left) => *left == 0,
            Self::UntilClose => true,
        }
    }
}

/// Where `payload` lies in `input`, when `rest` is what follows it.
#[inline]
fn data(input: &[u8], rest: &[u8], payload: &[u8]) -> Part {
    Part::Data { skip: input.len() - rest.len() - payload.len(), len: payload.len() }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The payload of `input` cut into pieces of `size` bytes, and whether it ended: the same when
    /// plain chunks are taken for what they are.
    fn read(framing: Framing, input: &[u8], size: usize) -> (Vec<u8>, bool) {
        let found = read_by(framing, input, size, false);
        assert_eq!(read_by(framing, input, size, true), found, "{framing:?} {input:?} by {size}");
        found
    }

    fn read_by(framing: Framing, input: &[u8], size: usize, plainly: bool) -> (Vec<u8>, bool) {
        let mut body = Body::new(framing);
        let mut payload = Vec::new();
        for mut piece in input.chunks(size) {
            loop {
                let part = match plainly.then(|| body.plain_chunk(piece)).flatten() {
                    Some(part) => part,
                    None => body.next(piece).unwrap(),
                };
                match part {
                    Part::Data { skip, len } => {
                        assert!(len > 0);
                        payload.extend_from_slice(&piece[skip..skip + len]);
                        piece = &piece[skip + len..];
                    }
                    Part::More => break,
                    Part::End => return (payload, true),
                }
            }
        }
        let ended = body.next(&[]).unwrap() == Part::End;
        assert!(!ended || body.may_end());
        (payload, ended)
    }

    #[test]
    fn every_framing_in_pieces_of_every_size() {
        for (framing, input, payload, ended) in [
            (
                Framing::Chunked,
                &b"5\r\nhello\r\n1;a\r\n \r\n0\r\nX: y\r\n\r\n"[..],
                &b"hello "[..],
                true,
            ),
            (Framing::Chunked, b"5\r\nhel", b"hel", false),
            (Framing::Length(5), b"hello more", b"hello", true),
            (Framing::Length(5), b"hell", b"hell", false),
            (Framing::Length(0), b"x", b"", true),
            (Framing::Close, b"hello", b"hello", false),
        ] {
            for size in 1..=input.len() {
                let found = read(framing, input, size);
                assert_eq!(found, (payload.to_vec(), ended), "{framing:?} {input:?} by {size}");
            }
        }
    }

    #[test]
    fn only_a_body_until_close_may_end_with_the_connection() {
        assert!(Body::new(Framing::Close).may_end());
        assert!(!Body::new(Framing::Chunked).may_end());
        assert!(!Body::new(Framing::Length(1)).may_end());
    }
}
