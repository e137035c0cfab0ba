//! The one file that touches sockets and timers; everything else works on bytes and values.

use std::future::Future;
use std::hash::{BuildHasher, RandomState};
use std::io;
use std::net::{Shutdown, SocketAddr, TcpListener, TcpStream, ToSocketAddrs};
use std::pin::Pin;
use std::task::{Context, Poll};
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

pub(crate) use async_io::block_on;
use async_io::{Async, Timer};
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
    futures_lite::future::or(async { Some(future.await) }, async {
        Timer::after(limit).await;
        None
    })
    .await
}

/// A deadline that begins when it is first asked about, and again after each renewal.
pub(crate) struct Patience {
    limit: Duration,
    timer: Option<Timer>,
}

impl Patience {
    pub(crate) fn new(limit: Duration) -> Self {
        Self { limit, timer: None }
    }

    pub(crate) fn renew(&mut self) {
        self.timer = None;
    }

    pub(crate) async fn lost(&mut self) {
        std::future::poll_fn(|cx| self.poll_lost(cx)).await;
    }

    pub(crate) fn poll_lost(&mut self, cx: &mut Context<'_>) -> Poll<()> {
        let timer = self.timer.get_or_insert_with(|| Timer::after(self.limit));
        Pin::new(timer).poll(cx).map(|_| ())
    }
}

/// The time since 1970; none before that.
pub(crate) fn since_1970() -> Duration {
    SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default()
}

/// The time of a clock that never goes back, to measure with.
pub(crate) fn instant() -> Instant {
    Instant::now()
}

/// An accepted connection.
pub(crate) type Socket = Async<TcpStream>;

/// Evenly distributed in `0.0..1.0`: spreads what must not happen at once, keeps no secret. The
/// standard library's hasher is seeded by the system, and differently each time.
pub(crate) fn chance() -> f64 {
    let bits = RandomState::new().hash_one(()) >> 11;
    bits as f64 / (1_u64 << 53) as f64
}

/// A listening socket.
pub(crate) struct Listener(Async<TcpListener>);

impl Listener {
    pub(crate) fn bind(address: impl ToSocketAddrs + std::fmt::Debug) -> io::Result<Self> {
        let explain = |error: io::Error| {
            let what_to_do = match error.kind() {
                io::ErrorKind::AddrInUse => {
                    "another program listens there: stop it, or choose another port (0 takes any free one)"
                }
                io::ErrorKind::PermissionDenied => {
                    "ports below 1024 need a privilege: choose a higher one"
                }
                io::ErrorKind::AddrNotAvailable => "this machine does not have that address",
                _ => "the address must be like 127.0.0.1:8080",
            };
            io::Error::new(
                error.kind(),
                format!("cannot listen on {address:?}: {error}; {what_to_do}"),
            )
        };
        let listener = TcpListener::bind(&address).map_err(explain)?;
        rustix::net::listen(&listener, BACKLOG)?;
        Ok(Self(Async::new(listener)?))
    }

    pub(crate) fn local_addr(&self) -> io::Result<SocketAddr> {
        self.0.get_ref().local_addr()
    }

    pub(crate) async fn accept(
        &self,
        send_buffer: Option<usize>,
    ) -> io::Result<(Socket, SocketAddr)> {
        let (stream, address) = self.0.accept().await?;
        let socket = stream.get_ref();
        // These fail only for a connection that is over already, and reading finds that out.
        let _ = socket.set_nodelay(true);
        let _ = sockopt::set_socket_keepalive(socket, true);
        let _ = sockopt::set_tcp_keepidle(socket, KEEPALIVE);
        let _ = sockopt::set_tcp_keepintvl(socket, KEEPALIVE);
        if let Some(size) = send_buffer {
            let _ = sockopt::set_socket_send_buffer_size(socket, size);
        }
        Ok((stream, address))
    }
}

/// Closes the sending half, so that the other end can still read what is on its way.
pub(crate) fn close_sending(socket: &Socket) -> io::Result<()> {
    socket.get_ref().shutdown(Shutdown::Write)
}
