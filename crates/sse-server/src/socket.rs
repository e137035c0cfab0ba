//! The one file that touches sockets and timers; everything else works on bytes and values.

use std::future::Future;
use std::io;
use std::net::{TcpListener, TcpStream, ToSocketAddrs};
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

pub(crate) use async_io::block_on;
use async_io::{Async, Timer};
use futures_lite::future::or;
use socket2::{SockRef, TcpKeepalive};

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

/// Evenly distributed in `0.0..1.0`: spreads what must not happen at once, keeps no secret.
pub(crate) fn chance() -> f64 {
    fastrand::f64()
}

/// Waits until `time`.
pub(crate) async fn sleep_until(time: Instant) {
    Timer::at(time).await;
}

/// An accepted connection.
pub(crate) type Socket = Async<TcpStream>;

/// A listening socket.
pub(crate) type Listener = Async<TcpListener>;

/// Listens on `address`; of accepted connections the kernel will keep about so many bytes that it has not sent.
pub(crate) fn listen(
    address: impl ToSocketAddrs + std::fmt::Debug,
    unsent_bytes: u32,
) -> io::Result<Listener> {
    prepare(TcpListener::bind(&address).map_err(|error| explain(error, &address))?, unsent_bytes)
}

/// Takes a socket over that is bound already. If it listens, who waits there to be accepted stays.
pub(crate) fn take_over(listener: TcpListener, unsent_bytes: u32) -> io::Result<Listener> {
    prepare(listener, unsent_bytes).map_err(|error| {
        let what = format!("the socket that was handed over is none to listen on by TCP: {error}");
        io::Error::new(error.kind(), what)
    })
}

fn prepare(listener: TcpListener, unsent_bytes: u32) -> io::Result<Listener> {
    let socket = SockRef::from(&listener);
    socket.listen(BACKLOG)?;
    // Accepted sockets inherit these: set once, they cost no call for each connection.
    socket.set_tcp_nodelay(true)?;
    socket.set_tcp_keepalive(&TcpKeepalive::new().with_time(KEEPALIVE).with_interval(KEEPALIVE))?;
    #[cfg(any(target_os = "android", target_os = "linux"))]
    socket.set_tcp_notsent_lowat(unsent_bytes)?;
    // Other systems have no such bound.
    let _ = unsent_bytes;
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
        let listener = listen("127.0.0.1:0", 9000).unwrap();
        let address = listener.get_ref().local_addr().unwrap();
        let _client = TcpStream::connect(address).unwrap();
        let (accepted, _) = block_on(listener.accept()).unwrap();
        let accepted = SockRef::from(accepted.get_ref());
        assert!(accepted.tcp_nodelay().unwrap());
        assert!(accepted.keepalive().unwrap());
        assert_eq!(accepted.tcp_keepalive_time().unwrap(), KEEPALIVE);
        assert_eq!(accepted.tcp_keepalive_interval().unwrap(), KEEPALIVE);
        #[cfg(any(target_os = "android", target_os = "linux"))]
        assert_eq!(accepted.tcp_notsent_lowat().unwrap(), 9000);
    }
}
