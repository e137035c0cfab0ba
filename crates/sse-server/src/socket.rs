//! The one file that touches sockets and timers; everything else works on bytes and values.

use std::future::Future;
use std::hash::{BuildHasher, RandomState};
use std::io;
use std::net::{TcpListener, TcpStream, ToSocketAddrs};
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

pub(crate) use async_io::block_on;
use async_io::{Async, Timer};
use futures_lite::future::or;
use rustix::net::sockopt;

/// Connections that may wait to be accepted.
const BACKLOG: i32 = 4096;
/// Silence after which the system asks whether the other end is still there, and how often it asks.
const KEEPALIVE: Duration = Duration::from_secs(30);

/// Waits for `duration`, on any executor.
///
/// ```
/// # futures_lite::future::block_on(async {
/// sse_server::sleep(std::time::Duration::from_millis(1)).await;
/// # });
/// ```
pub async fn sleep(duration: Duration) {
    Timer::after(duration).await;
}

/// `future`, or `None` if it takes longer than `limit`.
pub(crate) async fn within<T>(limit: Duration, future: impl Future<Output = T>) -> Option<T> {
    let late = async {
        Timer::after(limit).await;
        None
    };
    or(async { Some(future.await) }, late).await
}

/// The time since 1970; none before that.
pub(crate) fn since_1970() -> Duration {
    SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default()
}

/// The time of a clock that never goes back, to measure with.
pub(crate) fn instant() -> Instant {
    Instant::now()
}

/// Evenly distributed in `0.0..1.0`: spreads what must not happen at once, keeps no secret. The
/// standard library's hasher is seeded by the system, and differently each time.
pub(crate) fn chance() -> f64 {
    let bits = RandomState::new().hash_one(()) >> 11;
    bits as f64 / (1_u64 << 53) as f64
}

/// An accepted connection.
pub(crate) type Socket = Async<TcpStream>;

/// A listening socket.
pub(crate) type Listener = Async<TcpListener>;

/// Listens on `address`; connections accepted will have a kernel's send buffer of this size.
pub(crate) fn listen(
    address: impl ToSocketAddrs + std::fmt::Debug,
    send_buffer: Option<usize>,
) -> io::Result<Listener> {
    let listener = TcpListener::bind(&address).map_err(|error| explain(error, &address))?;
    rustix::net::listen(&listener, BACKLOG)?;
    // Accepted sockets inherit these: set once, they cost no call for each connection.
    sockopt::set_tcp_nodelay(&listener, true)?;
    sockopt::set_socket_keepalive(&listener, true)?;
    sockopt::set_tcp_keepidle(&listener, KEEPALIVE)?;
    sockopt::set_tcp_keepintvl(&listener, KEEPALIVE)?;
    if let Some(size) = send_buffer {
        sockopt::set_socket_send_buffer_size(&listener, size)?;
    }
    Async::new(listener)
}

fn explain(error: io::Error, address: &dyn std::fmt::Debug) -> io::Error {
    let what_to_do = match error.kind() {
        io::ErrorKind::AddrInUse => {
            "another program listens there: stop it, or choose another port (0 takes any free one)"
        }
        io::ErrorKind::PermissionDenied => "ports below 1024 need a privilege: choose a higher one",
        io::ErrorKind::AddrNotAvailable => "this machine does not have that address",
        _ => "the address must be like 127.0.0.1:8080",
    };
    io::Error::new(error.kind(), format!("cannot listen on {address:?}: {error}; {what_to_do}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn accepted_sockets_have_the_options_of_the_listener() {
        let listener = listen("127.0.0.1:0", Some(16 * 1024)).unwrap();
        let address = listener.get_ref().local_addr().unwrap();
        let _client = TcpStream::connect(address).unwrap();
        let (accepted, _) = block_on(listener.accept()).unwrap();
        assert!(sockopt::tcp_nodelay(accepted.get_ref()).unwrap());
        assert!(sockopt::socket_keepalive(accepted.get_ref()).unwrap());
        assert_eq!(sockopt::tcp_keepidle(accepted.get_ref()).unwrap(), KEEPALIVE);
        assert_eq!(sockopt::tcp_keepintvl(accepted.get_ref()).unwrap(), KEEPALIVE);
        let send_buffer = sockopt::socket_send_buffer_size(accepted.get_ref()).unwrap();
        assert!(send_buffer <= 2 * 16 * 1024, "{send_buffer}");
    }
}
