//! The program of `empty.rs` with a stream that comes in the chunks of an HTTP/1.1 response: what it takes more is the
//! reader of chunked bodies. In a program of use, a decoder gets the payload.

#![no_std]
#![no_main]
#![forbid(unsafe_code)]

use cortex_m_rt::entry;
use embed::board::{Host, end};
use embed::{CHUNKED, PIECE, receive};
use sse_proto::ChunkedBody;

#[entry]
fn main() -> ! {
    let mut host = Host::open();
    let mut body = ChunkedBody::new();
    let mut stream = CHUNKED;
    let mut chunk = [0; PIECE];
    let mut buffer = [0; 512];
    loop {
        let length = receive(&mut stream, &mut chunk);
        if length == 0 {
            end(body.is_complete());
        }
        let mut rest = &chunk[..length];
        while let Some(payload) = body.next(&mut rest) {
            let Ok(payload) = payload else {
                end(false);
            };
            // At most a piece.
            let length = payload.len().min(PIECE);
            buffer[..length].copy_from_slice(&payload[..length]);
            host.print(&buffer[..length]);
        }
    }
}
