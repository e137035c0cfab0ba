//! The program of `cortex_m.rs` without the display: what it takes is not counted as the codec's.

#![no_std]
#![no_main]
#![forbid(unsafe_code)]

use cortex_m_rt::entry;
use cortex_m_semihosting::debug::{self, EXIT_FAILURE, EXIT_SUCCESS};
use cortex_m_semihosting::hio;

#[entry]
fn main() -> ! {
    let Ok(mut host) = hio::hstdout() else {
        fail();
    };
    if host.write_all(b"nothing\n").is_err() {
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
