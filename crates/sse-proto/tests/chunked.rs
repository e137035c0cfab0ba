//! Chunked bodies: RFC 9112, section 7.1, in pieces of every size.

use sse_proto::{ChunkError, ChunkedBody};

/// The payload of `input` cut into pieces of `size` bytes, and what was left over once the body was complete: the same
/// when whole chunks are asked for first.
fn read(input: &[u8], size: usize) -> Result<(Vec<u8>, Option<usize>), ChunkError> {
    let found = read_by(input, size, ChunkedBody::next);
    let whole_first = read_by(input, size, |body, input| match body.whole_chunk(input) {
        Some(payload) => Some(Ok(payload)),
        None => body.next(input),
    });
    assert_eq!(whole_first, found, "{} by {size}", input.escape_ascii());
    found
}

type Next = for<'i> fn(&mut ChunkedBody, &mut &'i [u8]) -> Option<Result<&'i [u8], ChunkError>>;

fn read_by(input: &[u8], size: usize, next: Next) -> Result<(Vec<u8>, Option<usize>), ChunkError> {
    let mut body = ChunkedBody::new();
    let mut payload = Vec::new();
    for (at, piece) in input.chunks(size).enumerate() {
        let mut rest = piece;
        while let Some(part) = next(&mut body, &mut rest) {
            let part = part?;
            assert!(!part.is_empty());
            payload.extend_from_slice(part);
        }
        if body.is_complete() {
            assert_eq!(next(&mut body, &mut rest), None);
            return Ok((payload, Some(input.len() - at * size - piece.len() + rest.len())));
        }
        assert!(rest.is_empty());
    }
    Ok((payload, None))
}

#[test]
fn pieces_of_every_size() {
    let every_kind: &[u8] =
        b"5\r\nhello\r\n1;a=\"b\"\r\n \r\nA ;x\r\n0123456789\r\n000\r\nX: y\r\nZ: \r\n\r\n";
    for (input, payload, left_over) in [
        (every_kind, &b"hello 0123456789"[..], Some(0)),
        (b"00a\r\nhello\r\n\r\n0\r\n0\r\n\r\nnext", b"hello\r\n\r\n0", Some(4)),
        // RFC 9112, 2.2: "a recipient MAY recognize a single LF as a line terminator and ignore any preceding CR"
        (b"5\nhello\n0\n\n", b"hello", Some(0)),
        (b"5\r\nhello\r\n0\r\n", b"hello", None),
        (b"5\r\nhello\r\n0\r\nX: y\r\n", b"hello", None),
        (b"5\r\nhello", b"hello", None),
        (b"5\r\nhel", b"hel", None),
        (b"ffffffffffffffff\r\nx", b"x", None),
        (b"0\r\n\r\n", b"", Some(0)),
        (b"", b"", None),
    ] {
        for size in 1..=input.len().max(1) {
            let found = read(input, size);
            assert_eq!(
                found,
                Ok((payload.to_vec(), left_over)),
                "{} by {size}",
                input.escape_ascii()
            );
        }
    }
}

#[test]
fn what_is_no_chunked_body() {
    for (input, error) in [
        (&b"\r\n"[..], ChunkError::Size),
        (b"x\r\n", ChunkError::Size),
        (b"-1\r\n", ChunkError::Size),
        (b";a\r\n", ChunkError::Size),
        (b"1g\r\n", ChunkError::Size),
        (b"10000000000000000\r\n", ChunkError::Size),
        (b"5\rx", ChunkError::LineEnding),
        (b"5;a\rx", ChunkError::LineEnding),
        (b"1\r\nab", ChunkError::LineEnding),
        (b"1\r\na\rb", ChunkError::LineEnding),
        (b"0\r\n\rx", ChunkError::LineEnding),
    ] {
        for size in 1..=input.len() {
            assert_eq!(read(input, size), Err(error), "{} by {size}", input.escape_ascii());
        }
    }
}

#[test]
fn after_an_error_nothing_is_payload() {
    let mut body = ChunkedBody::new();
    let mut input = &b"x\r\n1\r\na\r\n"[..];
    assert_eq!(body.next(&mut input), Some(Err(ChunkError::Size)));
    // Whoever only logs the error comes to an end.
    assert_eq!(body.next(&mut input), None);
    assert_eq!(body.next(&mut &b"1\r\na"[..]), Some(Err(ChunkError::Size)));
    assert!(!body.is_complete());
}

#[test]
fn whole_chunks() {
    for (input, payload) in [
        (&b"a\r\n0123456789"[..], Some(&b"0123456789"[..])),
        (b"0A\r\n0123456789\r\n", Some(b"0123456789")),
        (b"a\r\n012345678", None),
        (b"a;x\r\n0123456789", None),
        (b"a\n0123456789", None),
        (b"00001\r\n0", None),
        (b"0\r\n\r\n", None),
        (b"\r\n", None),
        (b"", None),
    ] {
        let mut rest = input;
        assert_eq!(ChunkedBody::new().whole_chunk(&mut rest), payload, "{}", input.escape_ascii());
        assert_eq!(rest == input, payload.is_none());
    }
}

#[test]
fn extensions_trailers_and_zeros_are_bounded() {
    const LIMIT: usize = 16 << 10;
    for (start, filling) in [("1;", "x"), ("0\r\n", "x"), ("0\r\n", "x\n"), ("0", "0")] {
        let bytes = |length| [start, &filling.repeat(length)].concat().into_bytes();
        assert_eq!(read(&bytes(LIMIT), 999), Ok((vec![], None)), "{start}");
        assert_eq!(read(&bytes(LIMIT + 1), 999), Err(ChunkError::TooMuchIgnored), "{start}");
    }
    // What comes between two payloads counts, not the sum.
    let body = "1;extension\r\na\r\n".repeat(LIMIT);
    assert_eq!(read(body.as_bytes(), 999), Ok((vec![b'a'; LIMIT], None)));
}
