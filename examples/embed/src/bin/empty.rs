//! The program of `relay.rs` without the codec: what it takes is not counted as the codec's. That includes the
//! compiler's routines for copying and clearing memory, which any program that receives something holds.

#![no_std]
#![no_main]
#![forbid(unsafe_code)]

use cortex_m_rt::entry;
use cortex_m_semihosting::debug::{self, EXIT_FAILURE, EXIT_SUCCESS};
use cortex_m_semihosting::hio;
use embed::{PIECE, STREAM, receive};

#[entry]
fn main() -> ! {
    let Ok(mut host) = hio::hstdout() else {
        fail();
    };
    let mut stream = STREAM;
    let mut chunk = [0; PIECE];
    let mut buffer = [0; 512];
    loop {
        let length = receive(&mut stream, &mut chunk);
        if length == 0 {
            break;
        }
        buffer[..length].copy_from_slice(&chunk[..length]);
        if host.write_all(&buffer[..length]).is_err() {
            fail();
        }
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
