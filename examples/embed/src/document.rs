//! A server's answer that is larger than the memory it could be put together in: a document of 5 KiB, sent from where it
//! lies, as one event in one chunk of an HTTP/1.1 response.

use sse_proto::{ChunkedBody, Fixed, Frame, LineReader};

/// 5 KiB in 80 lines.
pub const DOCUMENT: &str = match core::str::from_utf8(&BYTES) {
    Ok(document) => document,
    Err(_) => panic!("it is ASCII"),
};

const LINE: &[u8; 64] = b"<p>A reading: 21.5 C, 1013 hPa, 40 % humidity, all is well.</p>\n";

const BYTES: [u8; 5120] = {
    let mut bytes = [0; 5120];
    let mut place = 0;
    while place < bytes.len() {
        bytes[place] = LINE[place % LINE.len()];
        place += 1;
    }
    bytes
};

/// Sends a frame as a chunk (RFC 9112, section 7.1): its size, its pieces, a line ending. `write` stands for the socket.
pub fn send(frame: &Frame<'_>, write: &mut dyn FnMut(&[u8])) {
    write(&size_line(frame.encoded_len()));
    for piece in frame.pieces() {
        write(piece);
    }
    write(b"\r\n");
}

/// `chunk-size = 1*HEXDIG`, and the end of the line.
fn size_line(mut size: usize) -> [u8; 10] {
    let mut line = *b"00000000\r\n";
    for digit in line[..8].iter_mut().rev() {
        *digit = b"0123456789abcdef"[size % 16];
        size /= 16;
    }
    line
}

/// Sends the document to a receiver that has room for a line of it. Whether all of it arrives, and as its framing says.
pub fn arrives() -> bool {
    let mut body = ChunkedBody::new();
    let mut lines = LineReader::with_storage(Fixed::<128, 0>::new());
    let mut expected = DOCUMENT.split('\n').map(str::as_bytes);
    let mut right = true;
    let mut receive = |mut bytes: &[u8]| {
        while let Some(payload) = body.next(&mut bytes) {
            let mut rest = payload.unwrap_or_default();
            while let Some(line) = lines.next(&mut rest) {
                right &= is_next(line.unwrap_or_default(), &mut expected);
            }
        }
    };
    send(&Frame::message(DOCUMENT), &mut receive);
    receive(b"0\r\n\r\n");
    right && expected.next().is_none() && body.is_complete()
}

/// Whether this is the event's next line: the document's, or the blank one behind it.
fn is_next<'d>(line: &[u8], expected: &mut impl Iterator<Item = &'d [u8]>) -> bool {
    match line.strip_prefix(b"data:") {
        Some(value) => expected.next() == Some(value.strip_prefix(b" ").unwrap_or(value)),
        None => line.is_empty() && expected.next().is_none(),
    }
}
