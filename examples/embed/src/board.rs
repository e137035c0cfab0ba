//! What the programs for the Cortex-M share: they print to the debugger or emulator (semihosting), and end.

use cortex_m_semihosting::debug::{self, EXIT_FAILURE, EXIT_SUCCESS};
use cortex_m_semihosting::hio::{self, HostStream};

/// Where a program prints to.
pub struct Host(HostStream);

impl Host {
    /// Opens it, or ends the program.
    pub fn open() -> Self {
        hio::hstdout().map_or_else(|()| end(false), Self)
    }

    /// Prints, or ends the program.
    pub fn print(&mut self, bytes: &[u8]) {
        if self.0.write_all(bytes).is_err() {
            end(false);
        }
    }
}

/// Ends the program; whether it has done what it should is its exit code.
pub fn end(right: bool) -> ! {
    debug::exit(if right { EXIT_SUCCESS } else { EXIT_FAILURE });
    loop {}
}

#[panic_handler]
fn panic(_: &core::panic::PanicInfo<'_>) -> ! {
    end(false)
}
