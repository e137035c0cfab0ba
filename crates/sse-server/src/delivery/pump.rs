//! Fan-out: one task that writes each new batch of a channel's log to all subscribers that have
//! everything before it. Writes never wait: a connection that does not take all of a batch goes
//! back to its own task, which catches up from the log and comes again (`subscriber`).

use std::collections::HashMap;
use std::ops::Range;
use std::sync::{Arc, Weak};

use async_executor::Executor;
use futures_lite::future::{or, yield_now};
use sse_channel::{Batch, Block, Framing, Log, Read};

use crate::delivery::wire::{Seat, Wire};
use crate::events::Beat;
use crate::ranked::{NEWCOMERS, Ranked, assert_unlocked};
use crate::shutdown::Stop;
use crate::socket::within;

/// Writes between two moments in which other tasks of the thread may run.
const WRITES_PER_TURN: usize = 128;
/// Bytes written to a connection at once; what one that stops reading may leave waiting. A single
/// event may be larger.
const BATCH_BYTES: usize = 16 * 1024;

/// One thread's tasks, and who waits for its pumps.
pub(crate) struct Worker {
    pub(crate) executor: Executor<'static>,
    stop: Arc<Stop>,
    /// For each pump that runs: who has taken a seat since it last looked.
    newcomers: Ranked<HashMap<Key, Vec<Seat>>, NEWCOMERS>,
}

/// A channel, and what its subscribers hear when there is nothing to hear.
type Key = (Log, Beat);

impl Worker {
    pub(crate) fn new(stop: Arc<Stop>) -> Arc<Self> {
        Arc::new(Self { executor: Executor::new(), stop, newcomers: Ranked::default() })
    }

    /// Hands a connection over to the channel's pump; false if there are events from `position` on
    /// already. The pump runs on this thread, so not between that look and the taking of the seat;
    /// and it looks at the log first, and for newcomers then. So it finds every seat that was taken
    /// before the event it is about to write.
    pub(crate) fn seat(
        self: &Arc<Self>,
        log: &Log,
        beat: &Beat,
        wire: &Arc<Wire>,
        position: u64,
    ) -> bool {
        if log.has_news(position) {
            return false;
        }
        let mut new = None;
        let mut newcomers = self.newcomers.lock();
        let seats = newcomers.entry((log.clone(), beat.clone())).or_insert_with_key(|key| {
            new = Some(key.clone());
            Vec::new()
        });
        if seats.len() == seats.capacity() {
            // Between two events many may come and go.
            seats.retain(Seat::is_held);
            seats.reserve(seats.len() + 1);
        }
        seats.push(wire.seat(position));
        drop(newcomers);
        if let Some(key) = new {
            // That wakes the executor.
            assert_unlocked();
            self.executor.spawn(pump(Arc::downgrade(self), key, position)).detach();
        }
        true
    }

    /// Who has come to a pump; `None` if nobody has and its seats are `empty`. Then it is
    /// forgotten, and the next subscriber starts a new one.
    fn newcomers(&self, key: &Key, empty: bool) -> Option<Vec<Seat>> {
        let mut newcomers = self.newcomers.lock();
        let seats = std::mem::take(newcomers.get_mut(key)?);
        if seats.is_empty() && empty {
            newcomers.remove(key);
            return None;
        }
        Some(seats)
    }
}

async fn pump(thread: Weak<Worker>, key: Key, mut position: u64) {
    let (log, beat) = &key;
    let mut seats = Vec::new();
    while let Some(worker) = thread.upgrade() {
        let stop = worker.stop.clone();
        let read = log.read(position, BATCH_BYTES);
        // After the look at the log: whoever has read less of it than this pump is among them.
        let Some(newcomers) = worker.newcomers(&key, seats.is_empty()) else { return };
        drop(worker);
        seats.extend(newcomers);
        match read {
            Read::Entries(entries) => {
                let batch = Batch::join(position, &entries, Framing::Chunked);
                let positions = position..batch.end();
                position = batch.end();
                if let Some(block) = batch.block() {
                    let receivers = write(&mut seats, positions, block).await;
                    log.count_delivered(&batch, receivers);
                }
            }
            Read::Nothing if !stop.is_asked() => {
                let news = or(log.changed(position), stop.asked());
                if within(beat.interval(), news).await.is_none() {
                    // Whoever has come meanwhile hears it too: up to two intervals of silence else.
                    let newcomers = thread.upgrade().and_then(|it| it.newcomers(&key, false));
                    seats.extend(newcomers.into_iter().flatten());
                    write(&mut seats, position..position, &beat.chunk()).await;
                }
            }
            // The pump has fallen off the log, or everything is over: each connection goes its own
            // way.
            Read::Gap(_, first) => {
                position = first;
                seats.drain(..).for_each(Seat::leave);
            }
            Read::Nothing | Read::Closed => seats.drain(..).for_each(Seat::leave),
        }
    }
}

/// Writes to all who are seated; how many there were.
async fn write(seats: &mut Vec<Seat>, positions: Range<u64>, block: &Block) -> u64 {
    let (mut index, mut receivers) = (0, 0);
    for write in 1.. {
        let Some(seat) = seats.get(index) else { break };
        if seat.offer(positions.clone(), block, &mut receivers) {
            index += 1;
        } else {
            seats.swap_remove(index);
        }
        if write % WRITES_PER_TURN == 0 {
            yield_now().await;
        }
    }
    receivers
}

#[cfg(test)]
mod tests {
    use std::pin::pin;
    use std::sync::atomic::{AtomicUsize, Ordering::Relaxed};
    use std::task::{Context, Wake, Waker};
    use std::time::Duration;

    use futures_lite::future::block_on;

    use super::*;
    use crate::delivery::wire::Link;
    use crate::{Channel, Frame};

    fn wire() -> Arc<Wire> {
        let stream = futures_lite::io::Cursor::new(Vec::new());
        Wire::new(Link::Other(Box::pin(stream)), Duration::from_secs(1))
    }

    fn never() -> Beat {
        Beat::every(Duration::MAX)
    }

    fn worker() -> Arc<Worker> {
        Worker::new(Arc::default())
    }

    #[test]
    fn who_is_behind_must_catch_up_first() {
        let (worker, channel, wire) = (worker(), Channel::default(), wire());
        let log = channel.log();
        assert!(worker.seat(log, &never(), &wire, 1));
        channel.publish(&Frame::message("x"));
        assert!(!worker.seat(log, &never(), &wire, 1));
        assert!(worker.seat(log, &never(), &wire, 2));
        channel.close();
        assert!(!worker.seat(log, &never(), &wire, 2));
    }

    #[test]
    fn a_seat_is_one_stream_of_a_connection() {
        let wire = wire();
        let beat = Block::heartbeat(Framing::Chunked);
        let former = wire.seat(1);
        wire.lock().end_turn();
        let mut receivers = 0;
        assert!(!former.is_held() && !former.offer(1..2, &beat, &mut receivers));
        let present = wire.seat(1);
        assert!(!former.is_held() && !former.offer(1..2, &beat, &mut receivers));
        former.leave();
        assert_eq!((present.is_held(), receivers), (true, 0));
        assert!(present.offer(1..2, &beat, &mut receivers) && receivers == 1);
    }

    /// Law 7: once and in order, whatever a connection has seen already when the pump comes.
    #[test]
    fn each_gets_what_comes_next_and_nothing_twice() {
        let beat = Block::heartbeat(Framing::Chunked);
        // Where it stands; what is offered; whether it is written to, stays with the pump, and where
        // it goes on then.
        for (position, offered, is_written, stays, next) in [
            (5, 5..7, true, true, 7),
            (7, 5..7, false, true, 7),
            (9, 5..7, false, true, 9),
            (6, 5..7, false, false, 6),
            (4, 5..7, false, false, 4),
            (5, 5..5, true, true, 5),
            (4, 5..5, false, false, 4),
        ] {
            let wire = wire();
            let (seat, mut receivers) = (wire.seat(position), 0);
            let case = format!("{position} {offered:?}");
            assert_eq!(seat.offer(offered, &beat, &mut receivers), stays, "{case}");
            assert_eq!((receivers == 1, wire.lock().total > 0), (is_written, is_written), "{case}");
            seat.leave();
            assert_eq!(block_on(wire.unseated()), next, "{case}");
        }
    }

    #[test]
    fn a_connection_is_given_back_unlocked() {
        struct Task(Arc<Wire>, AtomicUsize);
        impl Wake for Task {
            fn wake(self: Arc<Self>) {
                let _ = self.0.turn();
                self.1.fetch_add(1, Relaxed);
            }
        }
        let wire = wire();
        let task = Arc::new(Task(wire.clone(), AtomicUsize::new(0)));
        let beat = Block::heartbeat(Framing::Chunked);
        let seated = || {
            let seat = wire.seat(1);
            let waker = Waker::from(task.clone());
            let unseated = pin!(wire.unseated()).poll(&mut Context::from_waker(&waker));
            assert!(unseated.is_pending());
            seat
        };
        // It has seen a part of what is offered.
        assert!(!seated().offer(0..2, &beat, &mut 0));
        seated().leave();
        assert_eq!(task.1.load(Relaxed), 2);
    }

    #[test]
    fn others_have_their_turn_while_many_are_written_to() {
        let (worker, channel) = (worker(), Channel::default());
        let wires: Vec<_> = (0..10 * WRITES_PER_TURN).map(|_| wire()).collect();
        assert!(wires.iter().all(|wire| worker.seat(channel.log(), &never(), wire, 1)));
        channel.publish(&Frame::message("x"));
        let other = worker.executor.spawn(async move {
            let mut turns = 0;
            while wires.iter().any(|wire| wire.lock().total == 0) {
                turns += 1;
                yield_now().await;
            }
            turns
        });
        let turns = block_on(worker.executor.run(other));
        assert!(turns >= 9, "{turns}");
    }

    #[test]
    fn who_has_left_between_two_events_is_forgotten() {
        let (worker, channel) = (worker(), Channel::default());
        let log = channel.log();
        for _ in 0..1000 {
            let wire = wire();
            assert!(worker.seat(log, &never(), &wire, 1));
            wire.lock().end_turn();
        }
        assert!(worker.newcomers.lock().values().all(|seats| seats.len() < 10));
    }
}
