//! A display that shows what an event stream tells it: no heap, buffers of a fixed size.
//!
//! The programs in `bin` run it where there is no operating system; `cargo xtask embedded` builds
//! and runs them all.

#![no_std]
#![forbid(unsafe_code)]

#[cfg(target_os = "none")]
pub mod board;
pub mod document;

use core::str::from_utf8;

use sse_proto::{Decoder, Fixed, Frame, Item};

/// 256 bytes for the data of an event, 64 for its type, its ID, a comment.
pub type Receiver = Decoder<Fixed<256, 64>>;

/// What comes from the network, some of it broken.
pub const STREAM: &[u8] = b"\xEF\xBB\xBF: welcome\r\nretry: 3000\r\n\r\n\
    event: show\nid: 41\ndata: 21.5 \xC2\xB0C\n\n\
    id: 42\rdata: two\rdata: lines \xFF\r\r\
    id: 43\n\ndata: unfinished";

/// Much the same as the body of an HTTP/1.1 response: RFC 9112, section 7.1.
pub const CHUNKED: &[u8] = b"B;first\r\n: welcome\n\n\r\n\
    1\r\ne\r\n\
    31\r\nvent: show\nid: 41\ndata: 21.5 \xC2\xB0C\n\nid: 42\rdata: tw\r\n\
    F\r\no\rdata: lines\r\r\r\n\
    0\r\nServer-Timing: x\r\n\r\n";

/// How many bytes the network hands over at once.
pub const PIECE: usize = 7;

/// Receives what comes next into `chunk`, and returns its length: 0 at the end of the stream.
pub fn receive(stream: &mut &[u8], chunk: &mut [u8; PIECE]) -> usize {
    let length = stream.len().min(PIECE);
    if let (Some((piece, rest)), Some(place)) =
        (stream.split_at_checked(length), chunk.get_mut(..length))
    {
        place.copy_from_slice(piece);
        *stream = rest;
    }
    length
}

/// What must be printed.
const EXPECTED: &str = "comment: welcome\n\
    reconnection time set\n\
    event: seen\nid: 41\ndata: 21.5 \u{B0}C\n\n\
    event: seen\nid: 42\ndata: two\ndata: lines \u{FFFD}\n\n\
    last event ID: 43\n";

/// Decodes the stream and prints a reply to each event. Whether all of it was as expected.
pub fn run(print: &mut dyn FnMut(&str)) -> bool {
    let mut expected = EXPECTED;
    let mut print = |text: &str| {
        print(text);
        // What differs once can no longer be used up.
        expected = expected.strip_prefix(text).unwrap_or("wrong");
    };
    let mut decoder = Receiver::default();
    for piece in STREAM.chunks(PIECE) {
        let mut rest = piece;
        while let Some(item) = decoder.next(&mut rest) {
            match item {
                Ok(item) => answer(item, &mut print),
                Err(_) => print("too long: skipped\n"),
            }
        }
    }
    expected.is_empty()
}

fn answer(item: Item<'_>, print: &mut dyn FnMut(&str)) {
    match item {
        Item::Event(event) => {
            let reply = Frame::message(event.data())
                .with_event_type("seen")
                .and_then(|frame| frame.with_id(event.last_event_id()));
            let mut buffer = [0; 128];
            let length = reply.ok().and_then(|frame| frame.encode_into(&mut buffer).ok());
            let bytes = length.and_then(|length| buffer.get(..length));
            print(bytes.and_then(|it| from_utf8(it).ok()).unwrap_or("no reply\n"));
        }
        Item::Comment(text) => {
            print("comment: ");
            print(text);
            print("\n");
        }
        Item::ReconnectionTime(_) => print("reconnection time set\n"),
        Item::LastEventId(id) => {
            print("last event ID: ");
            print(id);
            print("\n");
        }
    }
}
