//! What all connections of a server share: handler, limits, hooks, counters, and the signal to stop.
//! Depends on `response`, `access` and `shutdown`.

use std::collections::{BTreeMap, HashMap};
use std::net::{IpAddr, SocketAddr};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;

use crate::access::Access;
use crate::ranked::{LAST, Ranked, assert_unlocked};
use crate::shutdown::Stop;
use crate::{Cors, Limits, Refusal, Request, Response};

/// Makes the response once the body is there.
pub(crate) type Handler = Box<dyn FnOnce(&Request) -> Response + Send>;
/// Says from the head of a request who answers it, or the answer.
pub(crate) type Guard = Box<dyn Fn(&Request) -> Result<Handler, Response> + Send + Sync>;
pub(crate) type AccessHook = Box<dyn Fn(&Access) + Send + Sync>;

pub(crate) struct Service {
    pub(crate) guard: Guard,
    pub(crate) access: Option<AccessHook>,
    pub(crate) cors: Option<Cors>,
    pub(crate) limits: Limits,
    /// Whether a client that sends no more may still be there.
    pub(crate) serves_half_closed: bool,
    stats: Ranked<Stats, LAST>,
    addresses: Ranked<HashMap<IpAddr, usize>, LAST>,
    pub(crate) stop: Arc<Stop>,
}

/// Connections that are told at the same time that there is no room; more are just closed.
const DOORSTEP: usize = 256;

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
    /// Requests and connections that the server itself answered or turned away, by reason.
    pub refused: BTreeMap<Refusal, u64>,
}

impl Service {
    pub(crate) fn new(guard: Guard) -> Self {
        Self {
            guard,
            access: None,
            cors: None,
            limits: Limits::default(),
            serves_half_closed: false,
            stats: Ranked::default(),
            addresses: Ranked::default(),
            stop: Arc::default(),
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
        let (mut over, mut refusal) = (open.saturating_sub(all), Refusal::Capacity);
        if let Some(peer) = peer.filter(|_| over == 0 && each < usize::MAX) {
            let mut addresses = self.addresses.lock();
            let count = addresses.entry(network(peer)).or_insert(0);
            *count += 1;
            admission.is_counted = true;
            (over, refusal) = (count.saturating_sub(each), Refusal::AddressCapacity);
        }
        if over > DOORSTEP {
            self.refuse(refusal);
            return None;
        }
        admission.refused = (over > 0).then_some(refusal);
        Some(admission)
    }

    /// Counts and logs that the server itself answers.
    pub(crate) fn refuse(&self, why: Refusal) {
        self.count(|stats| *stats.refused.entry(why).or_insert(0) += 1);
        event!(debug, "refused: {why}");
    }

    /// Counts and logs a mistake of the application.
    pub(crate) fn fail(&self, why: Refusal, what: &str) {
        self.count(|stats| *stats.refused.entry(why).or_insert(0) += 1);
        event!(error, "{what}");
        let _ = what;
    }

    /// Runs the application's code; a refusal if it panics.
    pub(crate) fn shielded<T>(&self, code: impl FnOnce() -> T) -> Result<T, Refusal> {
        assert_unlocked();
        catch_unwind(AssertUnwindSafe(code)).map_err(|_| self.panicked())
    }

    /// The application's code has panicked; the panic hook has said where.
    pub(crate) fn panicked(&self) -> Refusal {
        self.fail(Refusal::Panic, "a handler, a guard, a hook or a rule panicked");
        Refusal::Panic
    }

    pub(crate) fn count<T>(&self, change: impl FnOnce(&mut Stats) -> T) -> T {
        change(&mut self.stats.lock())
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
    pub(crate) refused: Option<Refusal>,
}

impl Drop for Admission {
    fn drop(&mut self) {
        if let Some(peer) = self.peer.filter(|_| self.is_counted) {
            let mut addresses = self.service.addresses.lock();
            let count = addresses.remove(&network(peer)).unwrap_or(1) - 1;
            if count > 0 {
                addresses.insert(network(peer), count);
            }
        }
        self.service.count(|stats| stats.open -= 1);
        self.service.stop.parted();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn service(connections: usize, connections_per_address: usize) -> Arc<Service> {
        let mut service = Service::new(Box::new(|_| Err(Response::not_found())));
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
        assert!(service.addresses.lock().is_empty() && service.count(|stats| stats.open) == 0);
    }

    #[cfg(feature = "log")]
    #[test]
    fn refusals_are_logged() {
        struct Seen(std::sync::Mutex<Vec<String>>);
        impl ::log::Log for Seen {
            fn enabled(&self, _: &::log::Metadata<'_>) -> bool {
                true
            }
            fn log(&self, record: &::log::Record<'_>) {
                self.0.lock().unwrap().push(format!("{} {}", record.level(), record.args()));
            }
            fn flush(&self) {}
        }
        static SEEN: Seen = Seen(std::sync::Mutex::new(Vec::new()));
        ::log::set_logger(&SEEN).unwrap();
        ::log::set_max_level(::log::LevelFilter::Debug);
        service(1, 1).refuse(Refusal::Capacity);
        let refused = "DEBUG refused: The server is at its capacity.".to_owned();
        assert!(SEEN.0.lock().unwrap().contains(&refused));
    }
}
