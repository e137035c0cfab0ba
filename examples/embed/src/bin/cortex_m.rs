//! The display on a Cortex-M; what it prints goes to the debugger or emulator (semihosting).

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
    let mut failed = false;
    let right = embed::run(&mut |text| failed |= host.write_all(text.as_bytes()).is_err());
    if !right || failed {
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
