//! Request bodies: how long one is, and taking it off the connection's bytes (RFC 9112, 6 and 7).
//! Pure; depends on `httparse` for chunk sizes.

use crate::Limits;
use crate::head::{Refusal, refuse};

/// Longest line between two chunks: a size with its extensions, or a trailer.
const LINE_BYTES: usize = 256;
/// Lines after the last chunk.
const TRAILERS: usize = 32;

/// How the end of a body is found.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Framing {
    Length(usize),
    Chunked,
}

impl Framing {
    /// What the headers of a request say.
    pub(crate) fn of(
        method: &str,
        headers: &[(String, String)],
        minor: u8,
        limits: &Limits,
    ) -> Result<Self, Refusal> {
        let all = |wanted: &'static str| {
            headers.iter().filter(move |(name, _)| name == wanted).map(|(_, value)| value.as_str())
        };
        let mut lengths = all("content-length");
        let mut codings = all("transfer-encoding");
        match (lengths.next(), lengths.next(), codings.next(), codings.next()) {
            (None, None, None, None) if matches!(method, "POST" | "PUT" | "PATCH") => {
                refuse(411, "The request needs a Content-Length.")
            }
            (None, None, None, None) => Ok(Self::Length(0)),
            (Some(length), None, None, None) => Self::with_length(length, limits),
            // "A server MAY reject a request that contains both Content-Length and
            // Transfer-Encoding": the two together are how requests are smuggled.
            (Some(_), _, Some(_), _) => {
                refuse(400, "The request has a length and a transfer coding.")
            }
            (Some(_), Some(_), ..) => refuse(400, "The request has more than one Content-Length."),
            (_, _, Some(_), _) if minor == 0 => refuse(400, "HTTP/1.0 has no transfer codings."),
            (_, _, Some(coding), None) if coding.eq_ignore_ascii_case("chunked") => {
                Ok(Self::Chunked)
            }
            _ => refuse(501, "This server knows no transfer coding but chunked."),
        }
    }

    fn with_length(value: &str, limits: &Limits) -> Result<Self, Refusal> {
        if value.is_empty() || !value.bytes().all(|byte| byte.is_ascii_digit()) {
            return refuse(400, "The Content-Length is not a number.");
        }
        match value.parse() {
            Ok(length) if length <= limits.body_bytes => Ok(Self::Length(length)),
            _ => refuse(413, "The request body is too large."),
        }
    }
}

/// Takes a body off the front of bytes that arrive piece by piece.
#[derive(Debug)]
pub(crate) struct BodyReader {
    expect: Expect,
    limit: usize,
    body: Vec<u8>,
}

#[derive(Debug)]
enum Expect {
    Bytes(usize),
    ChunkSize,
    ChunkData(usize),
    ChunkEnd,
    Trailer(usize),
}

impl BodyReader {
    pub(crate) fn new(framing: Framing, limits: &Limits) -> Self {
        let expect = match framing {
            Framing::Length(length) => Expect::Bytes(length),
            Framing::Chunked => Expect::ChunkSize,
        };
        Self { expect, limit: limits.body_bytes, body: Vec::new() }
    }

    /// Takes what is there; the body once it is complete. Bytes after it stay in `buffer`.
    pub(crate) fn take(&mut self, buffer: &mut Vec<u8>) -> Result<Option<Vec<u8>>, Refusal> {
        let mut rest = buffer.as_slice();
        let complete = self.advance(&mut rest)?;
        let taken = buffer.len() - rest.len();
        buffer.drain(..taken);
        Ok(complete.then(|| core::mem::take(&mut self.body)))
    }

    fn advance(&mut self, rest: &mut &[u8]) -> Result<bool, Refusal> {
        loop {
            self.expect = match self.expect {
                Expect::Bytes(left) => {
                    let left = self.copy(rest, left);
                    self.expect = Expect::Bytes(left);
                    return Ok(left == 0);
                }
                Expect::ChunkSize => {
                    let Some(line) = line(rest)? else {
                        return Ok(false);
                    };
                    match chunk_size(line) {
                        Some(0) => Expect::Trailer(0),
                        Some(size) => Expect::ChunkData(self.admit(size)?),
                        _ => return refuse(400, "A chunk size of the request body is not valid."),
                    }
                }
                Expect::ChunkData(left) => match self.copy(rest, left) {
                    0 => Expect::ChunkEnd,
                    left => {
                        self.expect = Expect::ChunkData(left);
                        return Ok(false);
                    }
                },
                Expect::ChunkEnd => match line(rest)? {
                    None => return Ok(false),
                    Some(b"\r\n") => Expect::ChunkSize,
                    Some(_) => {
                        return refuse(400, "A chunk of the request body is longer than its size.");
                    }
                },
                Expect::Trailer(count) => match line(rest)? {
                    None => return Ok(false),
                    Some(b"\r\n") => return Ok(true),
                    Some(_) if count < TRAILERS => Expect::Trailer(count + 1),
                    Some(_) => return refuse(431, "The request body has too many trailers."),
                },
            };
        }
    }

    /// A chunk's size, if the body stays within the limit with it.
    fn admit(&self, size: u64) -> Result<usize, Refusal> {
        match usize::try_from(size) {
            Ok(size) if size <= self.limit - self.body.len() => Ok(size),
            _ => refuse(413, "The request body is too large."),
        }
    }

    /// Copies up to `left` bytes and says how many are still to come.
    fn copy(&mut self, rest: &mut &[u8], left: usize) -> usize {
        let (data, tail) = rest.split_at(left.min(rest.len()));
        self.body.extend_from_slice(data);
        *rest = tail;
        left - data.len()
    }
}

/// The size at the beginning of a chunk; `httparse` would take an empty one for zero.
fn chunk_size(line: &[u8]) -> Option<u64> {
    match httparse::parse_chunk_size(line) {
        Ok(httparse::Status::Complete((_, size))) if line.first()?.is_ascii_hexdigit() => {
            Some(size)
        }
        _ => None,
    }
}

/// Takes one line, its ending included, if it is complete.
fn line<'a>(rest: &mut &'a [u8]) -> Result<Option<&'a [u8]>, Refusal> {
    match rest.iter().take(LINE_BYTES).position(|&byte| byte == b'\n') {
        Some(end) => {
            let (line, tail) = rest.split_at(end + 1);
            *rest = tail;
            Ok(Some(line))
        }
        None if rest.len() >= LINE_BYTES => {
            refuse(400, "A line of the chunked request body is too long.")
        }
        None => Ok(None),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn framing(method: &str, headers: &[(&str, &str)], minor: u8) -> Result<Framing, u16> {
        let headers: Vec<_> =
            headers.iter().map(|(n, v)| ((*n).to_owned(), (*v).to_owned())).collect();
        Framing::of(method, &headers, minor, &Limits::default()).map_err(|refusal| refusal.status)
    }

    #[test]
    fn lengths_and_codings() {
        let (length, coding) = ("content-length", "transfer-encoding");
        for (method, headers, minor, expected) in [
            ("GET", &[][..], 1, Ok(Framing::Length(0))),
            ("POST", &[], 1, Err(411)),
            ("POST", &[(length, "5")], 1, Ok(Framing::Length(5))),
            ("POST", &[(length, "65536")], 0, Ok(Framing::Length(65536))),
            ("POST", &[(length, "65537")], 1, Err(413)),
            ("POST", &[(length, "99999999999999999999999")], 1, Err(413)),
            ("POST", &[(length, "+5")], 1, Err(400)),
            ("POST", &[(length, "")], 1, Err(400)),
            ("POST", &[(length, "5, 5")], 1, Err(400)),
            ("POST", &[(length, "5"), (length, "6")], 1, Err(400)),
            ("POST", &[(length, "5"), (coding, "chunked")], 1, Err(400)),
            ("POST", &[(coding, "Chunked")], 1, Ok(Framing::Chunked)),
            ("POST", &[(coding, "chunked")], 0, Err(400)),
            ("POST", &[(coding, "gzip, chunked")], 1, Err(501)),
            ("POST", &[(coding, "chunked"), (coding, "chunked")], 1, Err(501)),
        ] {
            assert_eq!(framing(method, headers, minor), expected, "{method} {headers:?}");
        }
    }

    type Read = Option<(Vec<u8>, Vec<u8>)>;

    fn read(bytes: &[u8], cut: usize) -> Result<Read, u16> {
        let mut reader =
            BodyReader::new(Framing::Chunked, &Limits { body_bytes: 10, ..Limits::default() });
        let mut buffer = bytes[..cut].to_vec();
        let mut body = reader.take(&mut buffer).map_err(|refusal| refusal.status)?;
        buffer.extend_from_slice(&bytes[cut..]);
        if body.is_none() {
            body = reader.take(&mut buffer).map_err(|refusal| refusal.status)?;
        }
        Ok(body.map(|body| (body, buffer)))
    }

    #[test]
    fn chunked_bodies_at_every_cut() {
        let bytes = b"3\r\nabc\r\n04;x=y\r\ndefg\r\n0\r\nTrailer: z\r\n\r\nnext";
        for cut in 0..=bytes.len() {
            assert_eq!(
                read(bytes, cut),
                Ok(Some((b"abcdefg".to_vec(), b"next".to_vec()))),
                "{cut}"
            );
        }
    }

    #[test]
    fn chunked_bodies_that_are_refused() {
        let long = format!("1;{}\r\n", "x".repeat(300));
        let trailers = format!("0\r\n{}", "a: b\r\n".repeat(40));
        for (bytes, expected) in [
            ("b\r\n", Err(413)),
            ("6\r\nabcdef\r\n5\r\n", Err(413)),
            ("ffffffffffffffff\r\n", Err(413)),
            ("fffffffffffffffff\r\n", Err(400)),
            ("-1\r\n", Err(400)),
            ("\r\n", Err(400)),
            ("2\r\nabc\r\n", Err(400)),
            (long.as_str(), Err(400)),
            (trailers.as_str(), Err(431)),
            ("3\r\nab", Ok(None)),
        ] {
            for cut in 0..=bytes.len() {
                assert_eq!(read(bytes.as_bytes(), cut), expected, "{bytes:?} cut at {cut}");
            }
        }
    }

    #[test]
    fn a_body_with_length_leaves_what_follows() {
        let mut reader = BodyReader::new(Framing::Length(3), &Limits::default());
        let mut buffer = b"ab".to_vec();
        assert_eq!(reader.take(&mut buffer), Ok(None));
        buffer.extend_from_slice(b"cGET");
        assert_eq!(reader.take(&mut buffer), Ok(Some(b"abc".to_vec())));
        assert_eq!(buffer, b"GET");
    }
}
