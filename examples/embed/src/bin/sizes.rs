//! How many bytes of RAM a decoder takes on this target.

#![no_std]
#![no_main]
#![forbid(unsafe_code)]

use core::fmt::{self, Write as _};

use cortex_m_rt::entry;
use cortex_m_semihosting::debug::{self, EXIT_FAILURE, EXIT_SUCCESS};
use cortex_m_semihosting::hio;
use sse_proto::{Decoder, Fixed};

#[entry]
fn main() -> ! {
    debug::exit(if print().is_ok() { EXIT_SUCCESS } else { EXIT_FAILURE });
    loop {}
}

fn print() -> fmt::Result {
    let mut host = hio::hstdout().map_err(|()| fmt::Error)?;
    writeln!(host, "Decoder<Fixed<0, 0>>: {}", size_of::<Decoder<Fixed<0, 0>>>())?;
    writeln!(host, "Decoder<Fixed<256, 64>>: {}", size_of::<embed::Receiver>())?;
    writeln!(host, "Decoder<Fixed<1024, 128>>: {}", size_of::<Decoder<Fixed<1024, 128>>>())
}

#[panic_handler]
fn panic(_: &core::panic::PanicInfo<'_>) -> ! {
    debug::exit(EXIT_FAILURE);
    loop {}
}
