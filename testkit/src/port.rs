//! Ports for programs that have to be told where to listen. Needs the standard library alone.

use std::net::{SocketAddr, TcpListener};
use std::sync::atomic::{AtomicU32, Ordering};

/// An address that nobody has until its program takes it: a port that the system gives to nobody who leaves the choice to
/// it. Otherwise it might have been given to somebody else when the program comes to it.
pub fn free() -> SocketAddr {
    static NEXT: AtomicU32 = AtomicU32::new(0);
    const FIRST: u16 = 20_000;
    const PORTS: u32 = 10_000;
    loop {
        // Programs that run at the same time begin apart.
        let number = std::process::id().wrapping_mul(64) + NEXT.fetch_add(1, Ordering::Relaxed);
        let port = FIRST + (number % PORTS) as u16;
        if let Ok(address) = TcpListener::bind(("127.0.0.1", port)).and_then(|it| it.local_addr()) {
            return address;
        }
    }
}
