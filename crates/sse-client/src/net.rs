//! Sockets, names, timers, the clock and chance: the one file that touches them.

use crate::failure::Failure;
use crate::kind::ErrorKind;
use async_io::{Async, Timer};
use futures_lite::{AsyncRead, AsyncWrite};
use rustix::net::sockopt;
use std::future::{Future, poll_fn};
use std::io;
use std::net::{SocketAddr, TcpStream, ToSocketAddrs};
use std::pin::Pin;
use std::task::{Context, Poll};
use std::time::{Duration, Instant, SystemTime};

/// A byte stream to a server: TCP, TLS, or what a caller's connector made. Every type that reads and
/// writes like one is one.
///
/// ```
/// fn is_connection<C: sse_client::Connection>() {}
/// is_connection::<async_io::Async<std::net::TcpStream>>();
/// ```
pub trait Connection: AsyncRead + AsyncWrite + Send + Unpin {}

impl<T: AsyncRead + AsyncWrite + Send + Unpin> Connection for T {}

/// A boxed [`Connection`].
pub(crate) type Io = Box<dyn Connection>;

/// The delay between two attempts to connect: RFC 8305 section 5, "Connection Attempt Delay".
const ATTEMPT_DELAY: Duration = Duration::from_millis(250);

/// Keepalive: after this long without traffic the peer is asked whether it is still there,
const KEEPALIVE_IDLE: Duration = Duration::from_secs(45);
/// again at this interval,
const KEEPALIVE_INTERVAL: Duration = Duration::from_secs(15);
/// and given up after this many questions.
const KEEPALIVE_RETRIES: u32 = 3;

pub(crate) fn now() -> Instant {
    Instant::now()
}

/// Evenly distributed in `0.0..1.0`: spreads what must not happen at once, keeps no secret.
pub(crate) fn random() -> f64 {
    fastrand::f64()
}

/// What the calendar says.
pub(crate) fn wall_clock() -> SystemTime {
    SystemTime::now()
}

pub(crate) fn environment(name: &str) -> Option<String> {
    std::env::var(name).ok()
}

pub(crate) fn block_on<T>(future: impl Future<Output = T>) -> T {
    async_io::block_on(future)
}

/// `None` when `limit` passed first.
///
/// The future stays where the caller has it: handed over, it would be in the caller's own future twice or three times, and
/// there are as many of those as streams that are being opened.
pub(crate) async fn within<T>(
    limit: Option<Duration>,
    mut future: Pin<&mut impl Future<Output = T>>,
) -> Option<T> {
    let mut alarm = limit.map(Alarm::after);
    poll_fn(|cx| match (future.as_mut().poll(cx), &mut alarm) {
        (Poll::Ready(value), _) => Poll::Ready(Some(value)),
        (Poll::Pending, Some(alarm)) => alarm.poll(cx).map(|()| None),
        (Poll::Pending, None) => Poll::Pending,
    })
    .await
}

/// Rings once, at an instant.
#[derive(Debug)]
pub(crate) struct Alarm(Timer);

impl Alarm {
    /// Never, if the instant is beyond what the clock can say.
    pub(crate) fn after(delay: Duration) -> Self {
        Self(now().checked_add(delay).map_or_else(Timer::never, Timer::at))
    }

    pub(crate) fn poll(&mut self, cx: &mut Context<'_>) -> Poll<()> {
        Pin::new(&mut self.0).poll(cx).map(drop)
    }
}

/// Bounds the silence of a stream. A sign of life only notes the time; the timer is touched once
/// in a period, when it fires.
#[derive(Debug)]
pub(crate) struct Watchdog {
    limit: Duration,
    alive_at: Instant,
    alarm: Alarm,
}

impl Watchdog {
    pub(crate) fn new(limit: Duration) -> Self {
        Self { limit, alive_at: now(), alarm: Alarm::after(limit) }
    }

    pub(crate) fn feed(&mut self) {
        self.alive_at = now();
    }

    /// Ready when nothing has fed it for its limit.
    pub(crate) fn poll(&mut self, cx: &mut Context<'_>) -> Poll<()> {
        while self.alarm.poll(cx).is_ready() {
            let left = self.limit.saturating_sub(self.alive_at.elapsed());
            if left.is_zero() {
                return Poll::Ready(());
            }
            self.alarm = Alarm::after(left);
        }
        Poll::Pending
    }
}

/// Connects to a host by name or address: both families are tried, alternately and staggered
/// (RFC 8305), and the first connection wins.
pub(crate) async fn connect(host: &str, port: u16) -> Result<Async<TcpStream>, Failure> {
    let addresses = resolve(host, port).await?;
    let stream = race(interleave(addresses))
        .await
        .map_err(|error| Failure::because(ErrorKind::Connect, error))?;
    // No option decides whether the connection works.
    let _ = stream.get_ref().set_nodelay(true);
    let socket = stream.get_ref();
    let _ = sockopt::set_socket_keepalive(socket, true);
    let _ = sockopt::set_tcp_keepidle(socket, KEEPALIVE_IDLE);
    let _ = sockopt::set_tcp_keepintvl(socket, KEEPALIVE_INTERVAL);
    let _ = sockopt::set_tcp_keepcnt(socket, KEEPALIVE_RETRIES);
    Ok(stream)
}

/// A name is looked up on a thread of its own kind, so that the executor is not blocked.
async fn resolve(host: &str, port: u16) -> Result<Vec<SocketAddr>, Failure> {
    if let Ok(address) = host.parse() {
        return Ok(vec![SocketAddr::new(address, port)]);
    }
    let name = host.to_owned();
    let found = blocking::unblock(move || (name, port).to_socket_addrs()).await;
    let addresses: Vec<_> =
        found.map_err(|error| Failure::because(ErrorKind::Resolve, error))?.collect();
    if addresses.is_empty() {
        return Err(Failure::because(ErrorKind::Resolve, format!("{host} has no address")));
    }
    Ok(addresses)
}

/// The families alternate, beginning with the resolver's choice; within one its order is kept.
fn interleave(addresses: Vec<SocketAddr>) -> Vec<SocketAddr> {
    let first_is_v6 = addresses.first().is_some_and(SocketAddr::is_ipv6);
    let (preferred, other): (Vec<_>, Vec<_>) =
        addresses.into_iter().partition(|address| address.is_ipv6() == first_is_v6);
    let mut other = other.into_iter();
    let mut order = Vec::new();
    for address in preferred {
        order.push(address);
        order.extend(other.next());
    }
    order.extend(other);
    order
}

/// Starts an attempt when the one before has failed or taken its delay; the first success counts.
async fn race(addresses: Vec<SocketAddr>) -> io::Result<Async<TcpStream>> {
    type Attempt = Pin<Box<dyn Future<Output = io::Result<Async<TcpStream>>> + Send>>;
    let mut waiting = addresses.into_iter();
    let mut running: Vec<Attempt> = Vec::new();
    let mut stagger = Alarm::after(Duration::ZERO);
    let mut last_error = io::Error::from(io::ErrorKind::AddrNotAvailable);
    poll_fn(|cx| {
        loop {
            let mut at = 0;
            let mut start = running.is_empty();
            while let Some(attempt) = running.get_mut(at) {
                match attempt.as_mut().poll(cx) {
                    Poll::Ready(Ok(stream)) => return Poll::Ready(Ok(stream)),
                    Poll::Ready(Err(error)) => {
                        last_error = error;
                        drop(running.swap_remove(at));
                        start = true;
                    }
                    Poll::Pending => at += 1,
                }
            }
            start = stagger.poll(cx).is_ready() || start;
            if waiting.len() == 0 && running.is_empty() {
                let error = std::mem::replace(&mut last_error, io::ErrorKind::Other.into());
                return Poll::Ready(Err(error));
            }
            match start.then(|| waiting.next()).flatten() {
                Some(address) => {
                    running.push(Box::pin(Async::<TcpStream>::connect(address)));
                    stagger = Alarm::after(ATTEMPT_DELAY);
                }
                None => return Poll::Pending,
            }
        }
    })
    .await
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::net::TcpListener;
    use std::pin::pin;

    fn addresses(texts: &[&str]) -> Vec<SocketAddr> {
        texts.iter().map(|text| text.parse().expect(text)).collect()
    }

    #[test]
    fn families_alternate() {
        for (found, order) in [
            (&["[::1]:1", "[::2]:1", "1.1.1.1:1"][..], &["[::1]:1", "1.1.1.1:1", "[::2]:1"][..]),
            (&["1.1.1.1:1", "1.1.1.2:1", "[::1]:1"], &["1.1.1.1:1", "[::1]:1", "1.1.1.2:1"]),
            (&["[::1]:1", "1.1.1.1:1", "1.1.1.2:1"], &["[::1]:1", "1.1.1.1:1", "1.1.1.2:1"]),
            (&["1.1.1.1:1"], &["1.1.1.1:1"]),
            (&[], &[]),
        ] {
            assert_eq!(interleave(addresses(found)), addresses(order));
        }
    }

    /// An address that drops connections without a word, because its backlog is full.
    fn silent() -> (TcpListener, Vec<TcpStream>) {
        let listener = TcpListener::bind("127.0.0.1:0").expect("a free port");
        rustix::net::listen(&listener, 0).expect("a smaller backlog");
        let address = listener.local_addr().expect("an address");
        let moment = Duration::from_millis(50);
        let waiting = (0..8).map_while(|_| TcpStream::connect_timeout(&address, moment).ok());
        let waiting: Vec<_> = waiting.collect();
        assert!(waiting.len() < 8, "the backlog is full");
        (listener, waiting)
    }

    #[test]
    fn the_first_address_that_answers_wins() {
        let (dead, _waiting) = silent();
        let live = TcpListener::bind("127.0.0.1:0").expect("a free port");
        let refused = TcpListener::bind("127.0.0.1:0").expect("a free port");
        let refused_at = refused.local_addr().expect("an address");
        drop(refused);
        let live_at = live.local_addr().expect("an address");
        let dead_at = dead.local_addr().expect("an address");
        let begun = now();
        let racing = pin!(race(vec![dead_at, live_at]));
        let racing = within(Some(Duration::from_secs(10)), racing);
        let stream = block_on(racing).expect("not waiting for the first").expect("a connection");
        assert_eq!(stream.get_ref().peer_addr().expect("an address"), live_at);
        assert!(begun.elapsed() >= Duration::from_millis(250));
        let begun = now();
        let stream = block_on(race(vec![refused_at, live_at])).expect("a connection");
        assert_eq!(stream.get_ref().peer_addr().expect("an address"), live_at);
        assert!(begun.elapsed() < ATTEMPT_DELAY, "after a refusal the next attempt starts at once");
        let error = block_on(race(vec![refused_at, refused_at])).expect_err("nobody listens");
        assert_eq!(error.kind(), io::ErrorKind::ConnectionRefused);
    }

    #[test]
    fn connections_are_kept_alive_and_do_not_wait_to_send() {
        let live = TcpListener::bind("127.0.0.1:0").expect("a free port");
        let port = live.local_addr().expect("an address").port();
        let stream = block_on(connect("127.0.0.1", port)).expect("a connection");
        let socket = stream.get_ref();
        assert!(sockopt::socket_keepalive(socket).expect("an option"));
        assert_eq!(sockopt::tcp_keepidle(socket).expect("an option"), KEEPALIVE_IDLE);
        assert_eq!(sockopt::tcp_keepintvl(socket).expect("an option"), KEEPALIVE_INTERVAL);
        assert_eq!(sockopt::tcp_keepcnt(socket).expect("an option"), KEEPALIVE_RETRIES);
        assert!(socket.nodelay().expect("an option"));
    }

    #[test]
    fn chance_is_spread_over_its_range() {
        let drawn: Vec<f64> = (0..200).map(|_| random()).collect();
        assert!(drawn.iter().all(|it| (0.0..1.0).contains(it)), "{drawn:?}");
        for quarter in 0..4 {
            let range = f64::from(quarter) / 4.0..f64::from(quarter + 1) / 4.0;
            assert!(drawn.iter().any(|it| range.contains(it)), "{drawn:?}");
        }
    }

    /// The time counts from the last sign of life, not from when the timer was set.
    #[test]
    fn a_watchdog_is_patient_for_its_limit_and_no_longer() {
        let limit = Duration::from_millis(600);
        let mut watchdog = Watchdog::new(limit);
        std::thread::sleep(Duration::from_millis(30));
        watchdog.feed();
        let fed = now();
        block_on(poll_fn(|cx| watchdog.poll(cx)));
        let silent = fed.elapsed();
        assert!(silent >= limit - Duration::from_millis(1), "{silent:?}");
        assert!(silent < limit * 3 / 2, "{silent:?}");
    }

    #[test]
    fn an_alarm_beyond_the_clock_never_rings() {
        let mut alarm = Alarm::after(Duration::MAX);
        let ringing = pin!(poll_fn(|cx| alarm.poll(cx)));
        let polled = block_on(within(Some(Duration::from_millis(20)), ringing));
        assert_eq!(polled, None);
    }
}
