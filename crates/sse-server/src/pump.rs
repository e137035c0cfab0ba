//! Fan-out: one task that writes each new batch of a channel's log to all subscribers that have
//! everything before it. Writes never wait: a connection that does not take all of a batch goes
//! back to its own task, which catches up from the log and comes again (`subscriber`).

use std::collections::HashMap;
use std::sync::{Arc, Mutex, Weak};
use std::time::Duration;

use async_executor::Executor;
use futures_lite::future::{or, yield_now};

use crate::channel::Shared;
use crate::lock;
use crate::log::{BATCH_BYTES, Batch};
use crate::service::Service;
use crate::socket::within;
use crate::wire::{Seat, Wire};

/// Writes between two moments in which other tasks of the thread may run.
const WRITES_PER_TURN: usize = 128;

/// One thread's tasks, and who waits for its pumps.
pub(crate) struct Worker {
    pub(crate) executor: Executor<'static>,
    service: Arc<Service>,
    /// For each pump that runs: who has taken a seat since it last looked.
    newcomers: Mutex<HashMap<Key, Vec<Seat>>>,
}

/// A channel, by its address, and how long its subscribers may hear nothing.
type Key = (usize, Duration);

impl Worker {
    pub(crate) fn new(service: Arc<Service>) -> Arc<Self> {
        Arc::new(Self { executor: Executor::new(), service, newcomers: Mutex::default() })
    }

    /// Hands a connection over to the channel's pump; false if there are events from `position` on
    /// already. As nothing can be published between that look and the taking of the seat, the pump
    /// finds every seat that was taken before the event it is about to write.
    pub(crate) fn seat(
        self: &Arc<Self>,
        channel: &Arc<Shared>,
        heartbeat: Duration,
        wire: &Arc<Wire>,
        position: u64,
    ) -> bool {
        let key = (Arc::as_ptr(channel) as usize, heartbeat);
        let mut newcomers = lock(&self.newcomers);
        let log = channel.log();
        if log.has_news(position) {
            return false;
        }
        let seats = newcomers.entry(key).or_insert_with(|| {
            let pump = pump(Arc::downgrade(self), channel.clone(), key, position);
            self.executor.spawn(pump).detach();
            Vec::new()
        });
        if seats.len() == seats.capacity() {
            // Between two events many may come and go.
            seats.retain(Seat::is_held);
            seats.reserve(seats.len() + 1);
        }
        seats.push(wire.seat(position));
        true
    }

    /// Who has come to a pump; `None` if nobody has and its seats are `empty`. Then it is
    /// forgotten, and the next subscriber starts a new one.
    fn newcomers(&self, key: Key, empty: bool) -> Option<Vec<Seat>> {
        let mut newcomers = lock(&self.newcomers);
        let seats = std::mem::take(newcomers.get_mut(&key)?);
        if seats.is_empty() && empty {
            newcomers.remove(&key);
            return None;
        }
        Some(seats)
    }
}

async fn pump(worker: Weak<Worker>, channel: Arc<Shared>, key: Key, mut position: u64) {
    let mut seats = Vec::new();
    while let Some(worker) = worker.upgrade() {
        let service = worker.service.clone();
        let (read, is_closed, first) = {
            let log = channel.log();
            (log.read(position, BATCH_BYTES), log.is_closed, log.first)
        };
        // After the look at the log: whoever has read less of it than this pump is among them.
        let Some(newcomers) = worker.newcomers(key, seats.is_empty()) else { return };
        drop(worker);
        seats.extend(newcomers);
        match read {
            Ok(entries) if !entries.is_empty() => {
                let batch = Batch::of(position, &entries, true, None);
                write(&channel, &mut seats, &batch).await;
                position = batch.end;
            }
            Ok(_) if !is_closed && service.stopping().is_none() => {
                let grown = channel.grown.listen();
                let has_news = channel.log().has_news(position);
                let news = or(grown, service.stopped());
                if !has_news && within(key.1, news).await.is_none() {
                    let bytes = b"3\r\n:\n\n\r\n".to_vec();
                    let beat = Batch { first: position, end: position, bytes, events: 0 };
                    write(&channel, &mut seats, &beat).await;
                }
            }
            // The pump has fallen off the log, or everything is over: each connection goes its own
            // way.
            _ => {
                position = first;
                seats.drain(..).for_each(Seat::leave);
            }
        }
    }
}

/// Writes `batch` to all who are seated.
async fn write(channel: &Shared, seats: &mut Vec<Seat>, batch: &Batch) {
    let (mut index, mut receivers) = (0, 0);
    for write in 1.. {
        let Some(seat) = seats.get(index) else { break };
        if seat.offer(batch, &mut receivers) {
            index += 1;
        } else {
            seats.swap_remove(index);
        }
        if write % WRITES_PER_TURN == 0 {
            yield_now().await;
        }
    }
    channel.delivered(batch, receivers);
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::wire::Link;
    use crate::{Channel, Frame};

    fn wire() -> Arc<Wire> {
        let stream = futures_lite::io::Cursor::new(Vec::new());
        Wire::new(Link::Other(Box::pin(stream)), Duration::from_secs(1))
    }

    fn worker() -> Arc<Worker> {
        Worker::new(Arc::new(Service::new(Box::new(|_| Err(crate::Response::not_found())))))
    }

    #[test]
    fn who_is_behind_must_catch_up_first() {
        let (worker, channel, wire) = (worker(), Channel::default(), wire());
        let shared = channel.shared.clone();
        assert!(worker.seat(&shared, Duration::MAX, &wire, 1));
        channel.publish(&Frame::message("x"));
        assert!(!worker.seat(&shared, Duration::MAX, &wire, 1));
        assert!(worker.seat(&shared, Duration::MAX, &wire, 2));
        channel.close();
        assert!(!worker.seat(&shared, Duration::MAX, &wire, 2));
    }

    #[test]
    fn a_seat_is_one_stream_of_a_connection() {
        let wire = wire();
        let batch = Batch { first: 1, end: 2, bytes: b"1\r\nx\r\n".to_vec(), events: 1 };
        let former = wire.seat(1);
        wire.lock().end_turn();
        let mut receivers = 0;
        assert!(!former.is_held() && !former.offer(&batch, &mut receivers));
        let present = wire.seat(1);
        assert!(!former.is_held() && !former.offer(&batch, &mut receivers));
        former.leave();
        assert_eq!((present.is_held(), receivers), (true, 0));
        assert!(present.offer(&batch, &mut receivers) && receivers == 1);
    }

    #[test]
    fn who_has_left_between_two_events_is_forgotten() {
        let (worker, channel) = (worker(), Channel::default());
        let shared = channel.shared.clone();
        for _ in 0..1000 {
            let wire = wire();
            assert!(worker.seat(&shared, Duration::MAX, &wire, 1));
            wire.lock().end_turn();
        }
        assert!(lock(&worker.newcomers).values().all(|seats| seats.len() < 10));
    }
}
