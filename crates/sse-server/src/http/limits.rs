//! The bounds of everything a client can make this server do. Depends on `core` only.

use core::time::Duration;

/// What one client, and all clients together, may cost.
///
/// Every byte and every second that comes from the network has its bound here. The defaults are
/// meant for production behind a reverse proxy.
///
/// ```
/// use sse_server::{Limits, Response, Server};
///
/// let server = Server::new(|_| Response::text("hello"))
///     .limits(Limits { body_bytes: 1024, ..Limits::default() });
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Limits {
    /// Bytes of a request line and headers together, 16 KiB. Past it: 431, or 414 when the request
    /// line alone is longer.
    pub head_bytes: usize,
    /// Number of headers in a request, 100. Past it: 431.
    pub headers: usize,
    /// Bytes of a request body, 64 KiB. Past it: 413.
    pub body_bytes: usize,
    /// Time from the first byte of a request to the end of its head, 10 s. Past it: 408. A new
    /// connection that sends nothing is closed after the same time.
    pub head_deadline: Duration,
    /// Time from the end of the head to the end of the body, 30 s. Past it: 408.
    pub body_deadline: Duration,
    /// Time in which a client must take at least one byte of what waits for it, 30 s. Past it the
    /// connection is cut.
    pub write_deadline: Duration,
    /// Time that an idle connection stays open after an answer, 75 s (longer than the 60 s of
    /// nginx, so that the proxy closes first).
    pub keep_alive: Duration,
    /// Open connections, 16,384. Past it: 503 with `Retry-After`, which a browser's `EventSource`
    /// takes for final: its page has to make a new one. Keep it below the process's limit of file
    /// descriptors.
    pub connections: usize,
    /// Open connections from one IPv4 address or one /64 of IPv6, unlimited. Past it: 503 with `Retry-After`. Behind a
    /// proxy all connections have the proxy's address: leave it unlimited there.
    pub connections_per_address: usize,
    /// Bytes that the kernel takes for one connection ahead of what it can send, 16 KiB: with the last write at most
    /// 64 KiB wait there for a client that has stopped reading, instead of megabytes. What is on its way is not counted,
    /// so that distant clients are not slowed down. On Linux and Android; other systems have a fixed send buffer.
    pub unsent_bytes: u32,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            head_bytes: 16 * 1024,
            headers: 100,
            body_bytes: 64 * 1024,
            head_deadline: Duration::from_secs(10),
            body_deadline: Duration::from_secs(30),
            write_deadline: Duration::from_secs(30),
            keep_alive: Duration::from_secs(75),
            connections: 16 * 1024,
            connections_per_address: usize::MAX,
            unsent_bytes: 16 * 1024,
        }
    }
}
