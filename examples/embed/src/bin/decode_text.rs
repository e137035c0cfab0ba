//! Decodes the stream and prints the data of its events as text: what a decoder takes.

#![no_std]
#![no_main]
#![forbid(unsafe_code)]

use cortex_m_rt::entry;
use embed::board::{Host, end};
use embed::{PIECE, Receiver, STREAM, receive};

#[entry]
fn main() -> ! {
    let mut host = Host::open();
    let mut decoder = Receiver::default();
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
                Ok(event) => host.print(event.data().as_bytes()),
                Err(_) => end(false),
            }
        }
    }
}
