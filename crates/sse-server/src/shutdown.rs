//! How a server ends, and the signal for it. Touches no socket; depends on event-listener.

use std::future::Future;
use std::time::{Duration, Instant};

use event_listener::Event;
use futures_lite::future::or;

use crate::ranked::{LAST, Ranked, assert_unlocked};
use crate::socket::{chance, instant, sleep_until};

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

impl Shutdown {
    /// A reconnection time for one client.
    pub(crate) fn retry(&self) -> Duration {
        let spread = Duration::try_from_secs_f64(self.retry_spread.as_secs_f64() * chance());
        self.retry_after.saturating_add(spread.unwrap_or(Duration::MAX))
    }
}

/// The signal to end.
#[derive(Debug, Default)]
pub(crate) struct Stop {
    /// How, and when what is left is cut, once it has been given; no time for never.
    how: Ranked<Option<(Shutdown, Option<Instant>)>, LAST>,
    /// Notified when it is given, each time.
    asked: Event,
    /// Notified after that when a connection has gone.
    parted: Event,
}

impl Stop {
    /// Gives the signal. Given again it may shorten the time that is left, and not lengthen it.
    pub(crate) fn ask(&self, how: Shutdown) {
        let mut cut = instant().checked_add(how.deadline);
        let mut asked = self.how.lock();
        if let Some((_, Some(before))) = *asked {
            cut = Some(cut.map_or(before, |cut| cut.min(before)));
        }
        *asked = Some((how, cut));
        drop(asked);
        assert_unlocked();
        self.asked.notify(usize::MAX);
        self.parted();
    }

    /// How to end; `None` if that is not asked for.
    pub(crate) fn how(&self) -> Option<Shutdown> {
        self.how.lock().as_ref().map(|(how, _)| how.clone())
    }

    pub(crate) fn is_asked(&self) -> bool {
        self.how.lock().is_some()
    }

    /// Tells those who wait for the last connection that there is one less.
    pub(crate) fn parted(&self) {
        if self.is_asked() {
            assert_unlocked();
            self.parted.notify(usize::MAX);
        }
    }

    /// Waits for the signal.
    pub(crate) async fn asked(&self) {
        until(&self.asked, || self.is_asked()).await;
    }

    /// What `future` comes to, or `None` if the signal is given before.
    pub(crate) async fn unless_asked<T>(&self, future: impl Future<Output = T>) -> Option<T> {
        let asked = async {
            self.asked().await;
            None
        };
        or(asked, async { Some(future.await) }).await
    }

    /// Waits for the signal, and then until nothing is left.
    pub(crate) async fn done(&self, is_nothing_left: impl Fn() -> bool) {
        self.asked().await;
        until(&self.parted, is_nothing_left).await;
    }

    /// Waits until what is left is to be cut.
    pub(crate) async fn overdue(&self) {
        loop {
            let asked_again = self.asked.listen();
            let cut = self.how.lock().as_ref().and_then(|(_, cut)| *cut);
            match cut {
                Some(cut) if cut <= instant() => return,
                Some(cut) => or(sleep_until(cut), asked_again).await,
                None => asked_again.await,
            }
        }
    }
}

/// Waits until `condition`, which changes when `event` is notified, holds.
async fn until(event: &Event, condition: impl Fn() -> bool) {
    while !condition() {
        let changed = event.listen();
        if !condition() {
            changed.await;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn any_duration_makes_a_reconnection_time() {
        let max = Duration::MAX;
        for (retry_after, retry_spread) in
            [(max, max), (Duration::ZERO, max), (max, Duration::ZERO)]
        {
            let how = Shutdown { retry_after, retry_spread, ..Shutdown::default() };
            assert!(how.retry() >= retry_after);
        }
    }

    #[test]
    fn the_shortest_deadline_counts() {
        let left = |deadlines: &[Duration]| {
            let stop = Stop::default();
            for &deadline in deadlines {
                stop.ask(Shutdown { deadline, ..Shutdown::default() });
            }
            let cut = stop.how.lock().as_ref().unwrap().1;
            cut.map(|cut| cut.saturating_duration_since(instant()))
        };
        let (hour, day) = (Duration::from_secs(3600), Duration::from_secs(86_400));
        assert!(left(&[day, hour]).unwrap() <= hour);
        assert!(left(&[hour, day]).unwrap() <= hour);
        assert!(left(&[Duration::MAX, hour]).unwrap() <= hour);
        assert_eq!(left(&[Duration::MAX]), None);
    }
}
