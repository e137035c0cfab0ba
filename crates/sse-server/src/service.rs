//! What all connections of a server share: handler, limits, hooks, counters, and the signal to stop.
//! Touches no socket; depends on event-listener.

use std::collections::{BTreeMap, HashMap};
use std::future::Future;
use std::net::{IpAddr, SocketAddr};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use futures_lite::future::or;

use crate::http::status::Refusal;
use crate::socket::chance;
use crate::{Cors, Limits, Request, Response, lock};

pub(crate) type Guard = Box<dyn Fn(&Request) -> Option<Response> + Send + Sync>;
pub(crate) type AccessHook = Box<dyn Fn(&Access) + Send + Sync>;
pub(crate) type Handler = Box<dyn Fn(&Request) -> Response + Send + Sync>;

pub(crate) struct Service {
    pub(crate) handler: Handler,
    pub(crate) guard: Option<Guard>,
    pub(crate) access: Option<AccessHook>,
    pub(crate) cors: Option<Cors>,
    pub(crate) limits: Limits,
    stats: Mutex<Stats>,
    addresses: Mutex<HashMap<IpAddr, usize>>,
    /// How to end, once that is asked for.
    pub(crate) stopping: Mutex<Option<Shutdown>>,
    /// Notified when it is, and after it when a connection has gone.
    pub(crate) changed: event_listener::Event,
}

/// Connections that are told at the same time that there is no room; more are just closed.
const DOORSTEP: usize = 256;
static FULL: Refusal = (503, "The server is at its capacity.");
static CROWDED: Refusal = (503, "There are too many connections from this address.");

/// A request that has been answered, for access logs.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct Access {
    /// The request; `None` if it could not be read.
    pub request: Option<Request>,
    /// The other end.
    pub peer: Option<SocketAddr>,
    /// The status it was answered with.
    pub status: u16,
    /// Bytes sent, head included.
    pub bytes: u64,
    /// From the end of the request's head to the end of the answer.
    pub duration: Duration,
    pub(crate) began: Instant,
}

/// How a server is to end: see [`Handle::shutdown`](crate::Handle::shutdown).
///
/// ```
/// use sse_server::Shutdown;
/// use std::time::{Duration, Instant};
///
/// let patient = Shutdown { deadline: Duration::from_secs(30), ..Shutdown::default() };
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Shutdown {
    /// How long open connections may take to end properly, 5 s; then they are cut.
    pub deadline: Duration,
    /// Each stream is told a reconnection time of its own, at random between `retry_after` (1 s)
    /// and `retry_after + retry_spread` (5 s more), so that not all clients come back in the same second.
    pub retry_after: Duration,
    /// See `retry_after`.
    pub retry_spread: Duration,
}

impl Default for Shutdown {
    fn default() -> Self {
        let seconds = Duration::from_secs;
        Self { deadline: seconds(5), retry_after: seconds(1), retry_spread: seconds(5) }
    }
}

impl Shutdown {
    /// A reconnection time for one client.
    pub(crate) fn retry(&self) -> Duration {
        self.retry_after + self.retry_spread.mul_f64(chance())
    }
}

/// A server's counters at one moment.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Stats {
    /// Connections open now.
    pub open: u64,
    /// Connections accepted since the server began.
    pub total: u64,
    /// Requests whose head was read.
    pub requests: u64,
    /// Connections that a shutdown cut at its deadline.
    pub cut: u64,
    /// Requests and connections that the server itself refused, by reason.
    pub rejected: BTreeMap<&'static str, u64>,
}

impl Service {
    pub(crate) fn new(handler: Handler) -> Self {
        Self {
            handler,
            guard: None,
            access: None,
            cors: None,
            limits: Limits::default(),
            stats: Mutex::default(),
            addresses: Mutex::default(),
            stopping: Mutex::default(),
            changed: event_listener::Event::new(),
        }
    }

    /// Lets a connection in, if need be to be told that there is no room; `None` if so many are
    /// being told already that this one is just closed.
    pub(crate) fn admit(self: &Arc<Self>, peer: Option<SocketAddr>) -> Option<Admission> {
        let mut admission =
            Admission { service: self.clone(), peer, is_counted: false, refused: None };
        let open = self.count(|stats| {
            stats.total += 1;
            stats.open += 1;
            stats.open as usize
        });
        let (all, each) = (self.limits.connections, self.limits.connections_per_address);
        let (mut over, mut refusal) = (open.saturating_sub(all), &FULL);
        if let Some(peer) = peer.filter(|_| over == 0 && each < usize::MAX) {
            let mut addresses = lock(&self.addresses);
            let count = addresses.entry(network(peer)).or_insert(0);
            *count += 1;
            admission.is_counted = true;
            (over, refusal) = (count.saturating_sub(each), &CROWDED);
        }
        if over > DOORSTEP {
            self.reject(refusal.1);
            return None;
        }
        admission.refused = (over > 0).then_some(refusal);
        Some(admission)
    }

    pub(crate) fn reject(&self, why: &'static str) {
        self.count(|stats| *stats.rejected.entry(why).or_insert(0) += 1);
        event!(debug, "refused: {why}");
    }

    pub(crate) fn count<T>(&self, change: impl FnOnce(&mut Stats) -> T) -> T {
        change(&mut lock(&self.stats))
    }

    /// How the server is ending; `None` if it is not.
    pub(crate) fn stopping(&self) -> Option<Shutdown> {
        lock(&self.stopping).clone()
    }

    /// Waits until the server is to end.
    pub(crate) async fn stopped(&self) {
        self.until(|| self.stopping().is_some()).await;
    }

    /// What `future` comes to, or `None` if the server is to end before.
    pub(crate) async fn unless_stopped<T>(&self, future: impl Future<Output = T>) -> Option<T> {
        let stopped = async {
            self.stopped().await;
            None
        };
        or(stopped, async { Some(future.await) }).await
    }

    /// Waits until `condition`, which changes with the end of the server or after it, holds.
    pub(crate) async fn until(&self, condition: impl Fn() -> bool) {
        while !condition() {
            let changed = self.changed.listen();
            if !condition() {
                changed.await;
            }
        }
    }
}

/// The address that is counted: one customer has a whole /64 of IPv6.
fn network(peer: SocketAddr) -> IpAddr {
    match peer.ip().to_canonical() {
        IpAddr::V6(address) => IpAddr::V6((u128::from(address) >> 64 << 64).into()),
        address => address,
    }
}

/// One connection's share of the limits, given back when it is dropped.
pub(crate) struct Admission {
    pub(crate) service: Arc<Service>,
    pub(crate) peer: Option<SocketAddr>,
    /// Whether it counts for its address.
    is_counted: bool,
    /// What it is told if there is no room for it.
    pub(crate) refused: Option<&'static Refusal>,
}

impl Drop for Admission {
    fn drop(&mut self) {
        if let Some(peer) = self.peer.filter(|_| self.is_counted) {
            let mut addresses = lock(&self.service.addresses);
            let count = addresses.remove(&network(peer)).unwrap_or(1) - 1;
            if count > 0 {
                addresses.insert(network(peer), count);
            }
        }
        self.service.count(|stats| stats.open -= 1);
        if self.service.stopping().is_some() {
            self.service.changed.notify(usize::MAX);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn service(connections: usize, connections_per_address: usize) -> Arc<Service> {
        let mut service = Service::new(Box::new(|_| Response::not_found()));
        service.limits = Limits { connections, connections_per_address, ..Limits::default() };
        Arc::new(service)
    }

    /// How many of a thousand connections at the same time are let in, told that there is no room,
    /// and just closed.
    fn fates(service: &Arc<Service>, peer: &str) -> (usize, usize, usize) {
        let (peer, before) = (peer.parse().ok(), service.count(|stats| stats.open));
        let admitted: Vec<Admission> = (0..1000).filter_map(|_| service.admit(peer)).collect();
        let refused = admitted.iter().filter(|admission| admission.refused.is_some()).count();
        assert_eq!(service.count(|stats| stats.open) - before, admitted.len() as u64);
        (admitted.len() - refused, refused, 1000 - admitted.len())
    }

    #[test]
    fn those_who_wait_to_be_refused_are_bounded_too() {
        assert_eq!(fates(&service(10, usize::MAX), "1.2.3.4:5"), (10, DOORSTEP, 734));
        let service = service(900, 10);
        let held: Vec<_> = (0..10).map(|_| service.admit("[2001:db8::1]:1".parse().ok())).collect();
        assert_eq!(fates(&service, "1.2.3.4:5"), (10, DOORSTEP, 734));
        let neighbour = service.admit("[2001:db8::ffff]:1".parse().ok()).unwrap();
        assert!(neighbour.refused.is_some(), "a /64 counts as one");
        drop((held, neighbour));
        assert!(lock(&service.addresses).is_empty() && service.count(|stats| stats.open) == 0);
    }

    #[cfg(feature = "log")]
    #[test]
    fn refusals_are_logged() {
        struct Seen(Mutex<Vec<String>>);
        impl ::log::Log for Seen {
            fn enabled(&self, _: &::log::Metadata<'_>) -> bool {
                true
            }
            fn log(&self, record: &::log::Record<'_>) {
                lock(&self.0).push(format!("{} {}", record.level(), record.args()));
            }
            fn flush(&self) {}
        }
        static SEEN: Seen = Seen(Mutex::new(Vec::new()));
        ::log::set_logger(&SEEN).unwrap();
        ::log::set_max_level(::log::LevelFilter::Debug);
        service(1, 1).reject("no reason");
        assert!(lock(&SEEN.0).contains(&"DEBUG refused: no reason".to_owned()));
    }
}
