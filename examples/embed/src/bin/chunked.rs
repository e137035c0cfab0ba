//! The program of `empty.rs` with a stream that comes in the chunks of an HTTP/1.1 response: what it takes more is the
//! reader of chunked bodies. In a program of use, a decoder gets the payload.

#![no_std]
#![no_main]
#![forbid(unsafe_code)]

use cortex_m_rt::entry;
use cortex_m_semihosting::debug::{self, EXIT_FAILURE, EXIT_SUCCESS};
use cortex_m_semihosting::hio;
use embed::{CHUNKED, PIECE, receive};
use sse_proto::ChunkedBody;

#[entry]
fn main() -> ! {
    let Ok(mut host) = hio::hstdout() else {
        fail();
    };
    let mut body = ChunkedBody::new();
    let mut stream = CHUNKED;
    let mut chunk = [0; PIECE];
    let mut buffer = [0; 512];
    loop {
        let length = receive(&mut stream, &mut chunk);
        if length == 0 {
            break;
        }
        let mut rest = &chunk[..length];
        while let Some(payload) = body.next(&mut rest) {
            let Ok(payload) = payload else {
                fail();
            };
            // At most a piece.
            let length = payload.len().min(PIECE);
            buffer[..length].copy_from_slice(&payload[..length]);
            if host.write_all(&buffer[..length]).is_err() {
                fail();
            }
        }
    }
    if !body.is_complete() {
        fail();
    }
    debug::exit(EXIT_SUCCESS);
    loop {}
}

fn fail() -> ! {
    debug::exit(EXIT_FAILURE);
    loop {}
}

#[panic_handler]
fn panic(_: &core::panic::PanicInfo<'_>) -> ! {
    fail()
}
