//! What all connections of a server share: handler, limits, hooks, counters, and the signal to stop.
//! Touches no socket; depends on event-listener.

use std::collections::{BTreeMap, HashMap};
use std::net::{IpAddr, SocketAddr};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use crate::socket::chance;
use crate::{Cors, Limits, Request, Response, lock};

pub(crate) type Handler = Box<dyn Fn(&Request) -> Response + Send + Sync>;
pub(crate) type Guard = Box<dyn Fn(&Request) -> Option<Response> + Send + Sync>;
pub(crate) type AccessHook = Box<dyn Fn(&Access<'_>) + Send + Sync>;

pub(crate) struct Service {
    pub(crate) handler: Handler,
    pub(crate) guard: Option<Guard>,
    pub(crate) access: Option<AccessHook>,
    pub(crate) cors: Option<Cors>,
    pub(crate) limits: Limits,
    pub(crate) stop: Stop,
    stats: Mutex<Stats>,
    addresses: Mutex<HashMap<IpAddr, usize>>,
    doorstep: Arc<()>,
}

/// Connections that are told at the same time that there is no room; more are just closed.
const DOORSTEP: usize = 256;

/// A request that has been answered, for access logs.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct Access<'a> {
    /// The request; `None` if it could not be read.
    pub request: Option<&'a Request>,
    /// The other end.
    pub peer: Option<SocketAddr>,
    /// The status it was answered with.
    pub status: u16,
    /// Bytes sent, head included.
    pub bytes: u64,
    /// From the end of the request's head to the end of the answer.
    pub duration: Duration,
}

/// How a server is to end: see [`Handle::shutdown`](crate::Handle::shutdown).
///
/// ```
/// use sse_server::Shutdown;
/// use std::time::Duration;
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

/// The signal to stop.
#[derive(Default)]
pub(crate) struct Stop {
    requested: AtomicBool,
    how: Mutex<Shutdown>,
    event: event_listener::Event,
    /// Notified when the last connection has gone, or those left have been cut.
    pub(crate) emptied: event_listener::Event,
}

impl Stop {
    pub(crate) fn request(&self, how: Shutdown) {
        *lock(&self.how) = how;
        self.requested.store(true, Ordering::SeqCst);
        self.event.notify(usize::MAX);
        self.emptied.notify(usize::MAX);
    }

    pub(crate) fn is_requested(&self) -> bool {
        self.requested.load(Ordering::SeqCst)
    }

    pub(crate) fn deadline(&self) -> Duration {
        lock(&self.how).deadline
    }

    pub(crate) async fn requested(&self) {
        while !self.is_requested() {
            let listener = self.event.listen();
            if !self.is_requested() {
                listener.await;
            }
        }
    }

    /// A reconnection time for one client.
    pub(crate) fn retry(&self) -> Duration {
        let how = lock(&self.how).clone();
        how.retry_after + how.retry_spread.mul_f64(chance())
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
            stop: Stop::default(),
            stats: Mutex::default(),
            addresses: Mutex::default(),
            doorstep: Arc::default(),
        }
    }

    /// Lets a connection in, unless the server is full or the address has too many.
    pub(crate) fn admit(
        self: &Arc<Self>,
        peer: Option<SocketAddr>,
    ) -> Result<Admission, &'static str> {
        let address = self.counted(peer);
        if let Some(address) = address {
            let mut addresses = lock(&self.addresses);
            let count = addresses.entry(address).or_insert(0);
            if *count >= self.limits.connections_per_address {
                return Err("There are too many connections from this address.");
            }
            *count += 1;
        }
        let admission = Admission { service: self.clone(), peer };
        let mut stats = lock(&self.stats);
        stats.total += 1;
        stats.open += 1;
        let fits = stats.open <= self.limits.connections as u64;
        drop(stats);
        if fits { Ok(admission) } else { Err("The server is at its capacity.") }
    }

    /// The address that a connection counts for, if there is a limit.
    fn counted(&self, peer: Option<SocketAddr>) -> Option<IpAddr> {
        let limited = self.limits.connections_per_address < usize::MAX;
        peer.filter(|_| limited).map(|peer| network(peer.ip()))
    }

    /// One of a bounded number of places for connections that are told that there is no room.
    pub(crate) fn place_to_turn_away(&self) -> Option<Arc<()>> {
        (Arc::strong_count(&self.doorstep) <= DOORSTEP).then(|| self.doorstep.clone())
    }

    pub(crate) fn reject(&self, why: &'static str) {
        self.count(|stats| *stats.rejected.entry(why).or_insert(0) += 1);
        event!(debug, "refused: {why}");
    }

    pub(crate) fn count(&self, change: impl FnOnce(&mut Stats)) {
        change(&mut lock(&self.stats));
    }

    pub(crate) fn stats(&self) -> Stats {
        lock(&self.stats).clone()
    }
}

/// The address that is counted: one customer has a whole /64 of IPv6.
fn network(address: IpAddr) -> IpAddr {
    match address.to_canonical() {
        IpAddr::V6(address) => IpAddr::V6((u128::from(address) >> 64 << 64).into()),
        address => address,
    }
}

/// One connection's share of the limits, given back when it is dropped.
pub(crate) struct Admission {
    pub(crate) service: Arc<Service>,
    pub(crate) peer: Option<SocketAddr>,
}

impl Drop for Admission {
    fn drop(&mut self) {
        if let Some(address) = self.service.counted(self.peer) {
            let mut addresses = lock(&self.service.addresses);
            if let Some(count) = addresses.get_mut(&address) {
                *count -= 1;
                if *count == 0 {
                    addresses.remove(&address);
                }
            }
        }
        self.service.count(|stats| stats.open -= 1);
        if self.service.stop.is_requested() {
            self.service.stop.emptied.notify(usize::MAX);
        }
    }
}
