//! The framing of a body that is sent in chunks: RFC 9112, section 7.1. Imports `core` only.

use core::fmt;

/// Takes the chunked transfer coding off a body that arrives in pieces of any size:
/// [RFC 9112, section 7.1](https://www.rfc-editor.org/rfc/rfc9112#section-7.1).
///
/// HTTP/1.1 servers send event streams so, and a chunk may end anywhere, inside an event too. Without this the sizes
/// of the chunks stand between the bytes of the stream. Nothing is copied and nothing kept: the payload is borrowed
/// from the piece it came in. It is found no matter where the pieces are cut.
///
/// - Chunk extensions and trailer fields are skipped, but not without end: see
///   [`with_ignored_limit`](Self::with_ignored_limit).
/// - A line may end with LF alone, as [section 2.2](https://www.rfc-editor.org/rfc/rfc9112#section-2.2) allows: this is
///   for those who receive a response. A server that lets others read the same bytes has to be stricter.
/// - A chunk has at most `u64::MAX` bytes; how large one is makes no difference to memory.
///
/// ```
/// use sse_proto::{ChunkedBody, Decoder, Fixed};
///
/// let mut body = ChunkedBody::new();
/// let mut decoder = Decoder::with_storage(Fixed::<64, 16>::new());
/// let mut events = 0;
/// for piece in [&b"A\r\nid: 1\ndata\r\n7;x"[..], b"=y\r\n: 1\n\nda\r", b"\n6\r\nta: 2\n\r\n0\r\n\r\n"] {
///     let mut received = piece;
///     while let Some(payload) = body.next(&mut received) {
///         let mut rest = payload?;
///         while let Some(event) = decoder.next_event(&mut rest) {
///             assert_eq!(event?.data(), "1");
///             events += 1;
///         }
///     }
/// }
/// // The stream has ended, and as its framing says; its last block was never finished.
/// assert!(body.is_complete());
/// assert_eq!(events, 1);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Debug)]
pub struct ChunkedBody {
    state: State,
    /// The size of the chunk; in its data, how much of it is to come.
    left: u64,
    /// Bytes of no use since the last payload.
    ignored: u32,
    limit: u32,
}

/// What comes next.
///
/// ```text
/// chunked-body = *chunk last-chunk trailer-section CRLF
/// chunk        = chunk-size [ chunk-ext ] CRLF chunk-data CRLF
/// chunk-size   = 1*HEXDIG
/// last-chunk   = 1*("0") [ chunk-ext ] CRLF
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum State {
    /// The first digit of a size.
    Size,
    /// Another digit, an extension, or the end of the line.
    Digits,
    Extension,
    /// The LF of a CRLF after the size.
    SizeLineFeed,
    Data,
    DataEnd,
    /// The LF of a CRLF after the data.
    DataLineFeed,
    /// At the start of a line of the trailer section.
    TrailerStart,
    Trailer,
    /// The LF of the last CRLF.
    LastLineFeed,
    Complete,
    Malformed(ChunkError),
}

impl ChunkedBody {
    /// At the start of a body; the limit on extensions and trailers is 16 KiB.
    #[must_use]
    pub const fn new() -> Self {
        Self { state: State::Size, left: 0, ignored: 0, limit: 16 << 10 }
    }

    /// This body with a limit on the bytes of extensions, trailer fields and leading zeros between two payloads, or
    /// after the last one.
    ///
    /// ```
    /// use sse_proto::{ChunkError, ChunkedBody};
    ///
    /// let mut body = ChunkedBody::new().with_ignored_limit(4);
    /// let payload = body.next(&mut &b"1;name=value\r\na\r\n"[..]);
    /// assert_eq!(payload, Some(Err(ChunkError::TooMuchIgnored)));
    /// ```
    #[must_use]
    pub const fn with_ignored_limit(self, bytes: u32) -> Self {
        Self { limit: bytes, ..self }
    }

    /// The next payload in `input`, never empty; what was read is taken off the front of `input`.
    ///
    /// `None` when all of `input` has been read, or when the body [is complete](Self::is_complete): what is left in
    /// `input` then belongs to the next message on the connection.
    ///
    /// # Errors
    ///
    /// If this is no chunked body. The rest of it means nothing: all of `input` is taken, and any more gives the same
    /// error.
    ///
    /// ```
    /// use sse_proto::{ChunkError, ChunkedBody};
    ///
    /// let mut body = ChunkedBody::new();
    /// let mut input = &b"3\r\nabc\r\n2\r\nd"[..];
    /// assert_eq!(body.next(&mut input), Some(Ok(&b"abc"[..])));
    /// assert_eq!(body.next(&mut input), Some(Ok(&b"d"[..])));
    /// assert_eq!(body.next(&mut input), None);
    /// assert_eq!(body.next(&mut &b"e!"[..]), Some(Ok(&b"e"[..])));
    /// assert_eq!(body.next(&mut &b"!"[..]), Some(Err(ChunkError::LineEnding)));
    /// ```
    #[inline]
    pub fn next<'i>(&mut self, input: &mut &'i [u8]) -> Option<Result<&'i [u8], ChunkError>> {
        #[cfg(feature = "whole-lines")]
        if let Some(payload) = self.whole_chunk(input) {
            return Some(Ok(payload));
        }
        self.next_part(input)
    }

    /// Like [`next`](Self::next), for what most streams have nothing else of: a chunk that lies whole in `input`, of at
    /// most 64 KiB, without extensions. `None`, and nothing read, for anything else.
    ///
    /// With the feature `whole-lines`, `next` begins with this. It is of use by itself to a loop that treats whole chunks
    /// apart.
    ///
    /// ```
    /// use sse_proto::ChunkedBody;
    ///
    /// let mut body = ChunkedBody::new();
    /// let mut input = &b"3\r\nabc\r\n2\r\nd"[..];
    /// assert_eq!(body.whole_chunk(&mut input), Some(&b"abc"[..]));
    /// assert_eq!(body.whole_chunk(&mut input), None);
    /// assert_eq!(input, b"\r\n2\r\nd");
    /// ```
    #[inline(always)]
    pub fn whole_chunk<'i>(&mut self, input: &mut &'i [u8]) -> Option<&'i [u8]> {
        let line = match self.state {
            State::DataEnd => input.strip_prefix(b"\r\n")?,
            State::Size => input,
            _ => return None,
        };
        let (size, data) = split_size(line)?;
        let (payload, rest) = data.split_at_checked(size)?;
        if payload.is_empty() {
            return None;
        }
        *input = rest;
        self.state = State::DataEnd;
        Some(payload)
    }

    /// Whether the last chunk and the trailer section have been read to their end.
    ///
    /// If a connection ends before that, the body was cut: what has come is not all of it.
    ///
    /// ```
    /// use sse_proto::ChunkedBody;
    ///
    /// let mut body = ChunkedBody::new();
    /// let mut input = &b"0\r\n\r\nHTTP/1.1 200 OK"[..];
    /// assert_eq!(body.next(&mut input), None);
    /// assert!(body.is_complete());
    /// assert_eq!(input, b"HTTP/1.1 200 OK");
    /// ```
    #[must_use]
    pub const fn is_complete(&self) -> bool {
        matches!(self.state, State::Complete)
    }

    fn next_part<'i>(&mut self, input: &mut &'i [u8]) -> Option<Result<&'i [u8], ChunkError>> {
        loop {
            match self.state {
                State::Data => return self.data(input).map(Ok),
                State::Complete => return None,
                _ => {}
            }
            let (&byte, rest) = input.split_first()?;
            match self.framing(byte) {
                Ok(state) => {
                    self.state = state;
                    *input = rest;
                }
                Err(error) => {
                    self.state = State::Malformed(error);
                    *input = &[];
                    return Some(Err(error));
                }
            }
        }
    }

    fn data<'i>(&mut self, input: &mut &'i [u8]) -> Option<&'i [u8]> {
        let length = usize::try_from(self.left).map_or(input.len(), |left| left.min(input.len()));
        let (payload, rest) = input.split_at_checked(length)?;
        if payload.is_empty() {
            return None;
        }
        *input = rest;
        self.ignored = 0;
        self.left -= length as u64;
        if self.left == 0 {
            self.state = State::DataEnd;
        }
        Some(payload)
    }

    /// One byte that is not data: what comes behind it.
    fn framing(&mut self, byte: u8) -> Result<State, ChunkError> {
        Ok(match (self.state, byte) {
            (State::Size | State::Digits, b'0'..=b'9' | b'A'..=b'F' | b'a'..=b'f') => {
                self.digit(byte)?
            }
            (State::Digits, b';' | b' ' | b'\t') => State::Extension,
            (State::Digits | State::Extension, b'\r') => State::SizeLineFeed,
            (State::Digits | State::Extension | State::SizeLineFeed, b'\n') => match self.left {
                0 => State::TrailerStart,
                _ => State::Data,
            },
            (State::Extension, _) => self.ignore(State::Extension)?,
            (State::DataEnd, b'\r') => State::DataLineFeed,
            (State::DataEnd | State::DataLineFeed, b'\n') => State::Size,
            (State::TrailerStart, b'\r') => State::LastLineFeed,
            (State::TrailerStart | State::LastLineFeed, b'\n') => State::Complete,
            (State::Trailer, b'\n') => State::TrailerStart,
            (State::TrailerStart | State::Trailer, _) => self.ignore(State::Trailer)?,
            (State::Malformed(error), _) => return Err(error),
            (State::Size | State::Digits, _) => return Err(ChunkError::Size),
            _ => return Err(ChunkError::LineEnding),
        })
    }

    fn digit(&mut self, byte: u8) -> Result<State, ChunkError> {
        // "recipients MUST anticipate potentially large hexadecimal numerals and prevent parsing errors due to integer
        // conversion overflows"
        if self.left >> 60 != 0 {
            return Err(ChunkError::Size);
        }
        // A letter of either case has bit 6 set, and its value is 9 more than its last four bits.
        let digit = (byte & 0xF) + (byte >> 6) * 9;
        self.left = self.left << 4 | u64::from(digit);
        match (self.state, self.left) {
            (State::Digits, 0) => self.ignore(State::Digits),
            _ => Ok(State::Digits),
        }
    }

    fn ignore(&mut self, next: State) -> Result<State, ChunkError> {
        if self.ignored >= self.limit {
            return Err(ChunkError::TooMuchIgnored);
        }
        self.ignored += 1;
        Ok(next)
    }
}

impl Default for ChunkedBody {
    fn default() -> Self {
        Self::new()
    }
}

/// Up to four hexadecimal digits and CRLF: their value, which is 0 if there are none, and what follows.
#[inline(always)]
fn split_size(line: &[u8]) -> Option<(usize, &[u8])> {
    let mut size = 0;
    for (at, &byte) in line.iter().take(5).enumerate() {
        match DIGITS[usize::from(byte)] {
            NO_DIGIT if byte == b'\r' => {
                let data = line.get(at + 2..)?;
                return (line.get(at + 1) == Some(&b'\n')).then_some((size, data));
            }
            NO_DIGIT => return None,
            digit => size = size << 4 | usize::from(digit),
        }
    }
    None
}

/// The value of each byte as a hexadecimal digit.
static DIGITS: [u8; 256] = {
    let mut digits = [NO_DIGIT; 256];
    let mut value = 0;
    while value < 16 {
        digits[b"0123456789abcdef"[value] as usize] = value as u8;
        digits[b"0123456789ABCDEF"[value] as usize] = value as u8;
        value += 1;
    }
    digits
};

const NO_DIGIT: u8 = 0xFF;

/// The bytes are no chunked body.
///
/// ```
/// let error = sse_proto::ChunkedBody::new().next(&mut &b"data: 1"[..]).unwrap().unwrap_err();
/// assert_eq!(error.to_string(), "a chunk does not begin with its size: is the body sent in chunks?");
/// ```
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum ChunkError {
    /// Where the size of a chunk must be, there is no hexadecimal number, or one past `u64::MAX`.
    Size,
    /// There is no end of a line where one must be: a chunk is longer than its size, or a CR stands alone.
    LineEnding,
    /// Extensions or trailer fields go on for longer than the limit.
    TooMuchIgnored,
}

impl fmt::Display for ChunkError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Size => "a chunk does not begin with its size: is the body sent in chunks?",
            Self::LineEnding => "a chunk does not end where its size says",
            Self::TooMuchIgnored => "extensions or trailers of a chunked body pass their limit",
        })
    }
}

impl core::error::Error for ChunkError {}
