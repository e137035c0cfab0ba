//! Chunked bodies read as RFC 9112 writes them down, whole; and what the reader of pieces must make of them.
//!
//! Depends on the codec's public API.

use sse_proto::ChunkedBody;

use crate::chunking::cut;
use crate::streams::{Random, cuts};

/// What a chunked body is, as far as it goes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Body {
    /// The data of its chunks.
    pub payload: Vec<u8>,
    /// How it ends.
    pub end: End,
}

/// How a chunked body ends.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum End {
    /// As it should; so many bytes follow that are not of it.
    Complete(usize),
    /// More must come.
    Cut,
    /// This is no chunked body.
    Malformed,
}

/// Reads all of `bytes`, section 7.1 sentence by sentence.
#[must_use]
pub fn decode(mut bytes: &[u8]) -> Body {
    let mut payload = Vec::new();
    let end = loop {
        // "chunk = chunk-size [ chunk-ext ] CRLF chunk-data CRLF"
        let size = match size(&mut bytes) {
            Ok(size) => size,
            Err(end) => break end,
        };
        // "last-chunk = 1*("0") [ chunk-ext ] CRLF"
        if size == 0 {
            break trailers(bytes);
        }
        let length = usize::try_from(size).unwrap_or(usize::MAX).min(bytes.len());
        payload.extend_from_slice(&bytes[..length]);
        bytes = &bytes[length..];
        if let Err(end) = line_end(&mut bytes) {
            break end;
        }
    };
    Body { payload, end }
}

/// "chunk-size = 1*HEXDIG", and "A recipient MUST ignore unrecognized chunk extensions."
fn size(bytes: &mut &[u8]) -> Result<u64, End> {
    let digits = bytes.iter().take_while(|byte| byte.is_ascii_hexdigit()).count();
    let text = std::str::from_utf8(&bytes[..digits]).expect("digits are ASCII");
    let significant = text.trim_start_matches('0');
    let size = match significant {
        "" => 0,
        _ => u64::from_str_radix(significant, 16).map_err(|_| End::Malformed)?,
    };
    *bytes = &bytes[digits..];
    match (bytes.first(), digits) {
        (None, _) => return Err(End::Cut),
        (Some(_), 0) => return Err(End::Malformed),
        // "chunk-ext = *( BWS ";" BWS chunk-ext-name [ BWS "=" BWS chunk-ext-val ] )"
        (Some(b';' | b' ' | b'\t'), _) => {
            let end = bytes.iter().position(|byte| matches!(byte, b'\r' | b'\n'));
            *bytes = &bytes[end.ok_or(End::Cut)?..];
        }
        (Some(b'\r' | b'\n'), _) => {}
        (Some(_), _) => return Err(End::Malformed),
    }
    line_end(bytes)?;
    Ok(size)
}

/// "a recipient MAY recognize a single LF as a line terminator and ignore any preceding CR"
fn line_end(bytes: &mut &[u8]) -> Result<(), End> {
    let rest = bytes.strip_prefix(b"\r").unwrap_or(bytes);
    let first = *rest.first().ok_or(End::Cut)?;
    *bytes = &rest[1..];
    if first == b'\n' { Ok(()) } else { Err(End::Malformed) }
}

/// "trailer-section = *( field-line CRLF )", and the CRLF that ends the body.
fn trailers(mut bytes: &[u8]) -> End {
    loop {
        if bytes.is_empty() {
            return End::Cut;
        }
        if matches!(bytes[0], b'\r' | b'\n') {
            return line_end(&mut bytes).map_or_else(|end| end, |()| End::Complete(bytes.len()));
        }
        let Some(line_feed) = bytes.iter().position(|&byte| byte == b'\n') else {
            return End::Cut;
        };
        bytes = &bytes[line_feed + 1..];
    }
}

/// Reads `bytes` in pieces cut at random, with and without asking for whole chunks first.
///
/// # Panics
///
/// If what is read is not what [`decode`] says.
pub fn check(bytes: &[u8], random: &mut Random) {
    let expected = decode(bytes);
    let cuts = cuts(random, bytes.len());
    for whole_first in [false, true] {
        let read = read(cut(bytes, &cuts), whole_first);
        assert_eq!(read, expected, "{} cut at {cuts:?}, {whole_first}", bytes.escape_ascii());
    }
}

fn read<'a>(pieces: impl Iterator<Item = &'a [u8]>, whole_first: bool) -> Body {
    let mut body = ChunkedBody::new().with_ignored_limit(u32::MAX);
    let mut payload = Vec::new();
    let mut after = 0;
    for piece in pieces {
        let mut rest = piece;
        loop {
            let whole = if whole_first { body.whole_chunk(&mut rest) } else { None };
            match whole.map(Ok).or_else(|| body.next(&mut rest)) {
                Some(Ok(part)) => payload.extend_from_slice(part),
                Some(Err(_)) => return Body { payload, end: End::Malformed },
                None => break,
            }
        }
        after += rest.len();
    }
    Body { payload, end: if body.is_complete() { End::Complete(after) } else { End::Cut } }
}

/// `stream` in chunks of random sizes, with all that may stand around them, then something that is not of the body;
/// now and then with a fault.
#[must_use]
pub fn encode(stream: &[u8], random: &mut Random) -> Vec<u8> {
    let mut body = Vec::new();
    let cuts = cuts(random, stream.len());
    for chunk in cut(stream, &cuts).filter(|chunk| !chunk.is_empty()) {
        let zeros = random.pick(&["", "", "0", "000"]);
        let extension = random.pick(&["", "", ";a=b", ";a=\"b c\"", " ;x"]);
        let line_end = random.pick(&["\r\n", "\r\n", "\r\n", "\n"]);
        body.extend_from_slice(format!("{zeros}{:x}{extension}{line_end}", chunk.len()).as_bytes());
        body.extend_from_slice(chunk);
        body.extend_from_slice(random.pick(&["\r\n", "\r\n", "\r\n", "\n"]).as_bytes());
    }
    body.extend_from_slice(random.pick(&["0\r\n\r\n", "00;x\r\nA: b\r\n\r\n", "0\n\n"]).as_bytes());
    body.extend_from_slice(random.pick(&["", "", "HTTP/1.1 200 OK\r\n"]).as_bytes());
    if random.below(4) == 0 {
        let at = random.below(body.len());
        body[at] = random.pick(b"\r\n0fg; ");
    }
    body
}
