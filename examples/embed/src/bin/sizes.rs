//! How many bytes of RAM a decoder takes on this target.

#![no_std]
#![no_main]
#![forbid(unsafe_code)]

use core::fmt::{self, Write as _};

use cortex_m_rt::entry;
use cortex_m_semihosting::hio;
use embed::board::end;
use sse_proto::{Decoder, Fixed};

#[entry]
fn main() -> ! {
    end(print().is_ok())
}

fn print() -> fmt::Result {
    let mut host = hio::hstdout().map_err(|()| fmt::Error)?;
    writeln!(host, "Decoder<Fixed<0, 0>>: {}", size_of::<Decoder<Fixed<0, 0>>>())?;
    writeln!(host, "Decoder<Fixed<256, 64>>: {}", size_of::<embed::Receiver>())?;
    writeln!(host, "Decoder<Fixed<1024, 128>>: {}", size_of::<Decoder<Fixed<1024, 128>>>())
}
