//! Decodes the stream and prints the data of its events as the bytes that they are: what a decoder takes that never
//! checks whether they are text.

#![no_std]
#![no_main]
#![forbid(unsafe_code)]

use cortex_m_rt::entry;
use embed::board::{Host, end};
use embed::{PIECE, STREAM, receive};
use sse_proto::{Decoder, Fixed};

#[entry]
fn main() -> ! {
    let mut host = Host::open();
    let mut decoder = Decoder::for_bytes(Fixed::<256, 64>::new());
    let mut stream = STREAM;
    let mut chunk = [0; PIECE];
    loop {
        let length = receive(&mut stream, &mut chunk);
        if length == 0 {
            end(true);
        }
        let mut rest = &chunk[..length];
        while let Some(event) = decoder.next_event(&mut rest) {
            match event {
                Ok(event) => host.print(event.data()),
                Err(_) => end(false),
            }
        }
    }
}
