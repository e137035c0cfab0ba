//! The other programs without the codec: what it takes is not counted as the codec's. That includes the compiler's
//! routines for copying and clearing memory, which any program that receives something holds.

#![no_std]
#![no_main]
#![forbid(unsafe_code)]

use cortex_m_rt::entry;
use embed::board::{Host, end};
use embed::{PIECE, STREAM, receive};

#[entry]
fn main() -> ! {
    let mut host = Host::open();
    let mut stream = STREAM;
    let mut chunk = [0; PIECE];
    let mut buffer = [0; 512];
    loop {
        let length = receive(&mut stream, &mut chunk);
        if length == 0 {
            end(true);
        }
        buffer[..length].copy_from_slice(&chunk[..length]);
        host.print(&buffer[..length]);
    }
}
