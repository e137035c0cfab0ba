//! Fan-out: one task that writes each new batch of a channel's log to all subscribers that have
//! everything before it. Writes never wait: a connection that does not take all of a batch goes
//! back to its own task, which catches up from the log and comes again (`subscriber`).

use std::collections::HashMap;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, Weak};
use std::time::Duration;

use async_executor::Executor;
use futures_lite::future::{or, yield_now};

use crate::channel::Shared;
use crate::lock;
use crate::log::Entry;
use crate::socket::Patience;
use crate::wire::Wire;

/// Bytes written to a connection at once.
const BATCH_BYTES: usize = 128 * 1024;
/// Writes between two moments in which other tasks of the thread may run.
const WRITES_PER_TURN: usize = 128;
/// A comment, as a chunk.
pub(crate) const HEARTBEAT: &[u8] = b":\n\n";
const HEARTBEAT_CHUNK: &[u8] = b"3\r\n:\n\n\r\n";

/// One thread's tasks, and its pumps by channel and heartbeat.
pub(crate) struct Worker {
    pub(crate) executor: Executor<'static>,
    pumps: Mutex<HashMap<Key, Arc<Pump>>>,
}

type Key = (usize, Option<Duration>);

impl Worker {
    pub(crate) fn new() -> Arc<Self> {
        Arc::new(Self { executor: Executor::new(), pumps: Mutex::new(HashMap::new()) })
    }

    /// Hands a connection that has seen everything before `position` to the channel's pump;
    /// `None` if the pump is further on already.
    pub(crate) fn join(
        self: &Arc<Self>,
        channel: &Arc<Shared>,
        heartbeat: Option<Duration>,
        wire: &Arc<Wire>,
        position: u64,
    ) -> Option<Arc<Pump>> {
        let key = (Arc::as_ptr(channel) as usize, heartbeat);
        let mut pumps = lock(&self.pumps);
        let pump = pumps.entry(key).or_insert_with(|| {
            let members = Mutex::new(Members { position, joined: Vec::new() });
            let stirred = event_listener::Event::new();
            let counts = (AtomicUsize::new(0), AtomicUsize::new(0));
            let pump = Arc::new(Pump {
                channel: channel.clone(),
                heartbeat,
                members,
                stirred,
                seats: counts.0,
                left: counts.1,
            });
            self.executor.spawn(pump.clone().run(Arc::downgrade(self), key)).detach();
            pump
        });
        let mut members = lock(&pump.members);
        if position < members.position {
            return None;
        }
        wire.sit();
        members.joined.push((position, wire.clone()));
        drop(members);
        Some(pump.clone())
    }
}

pub(crate) struct Pump {
    channel: Arc<Shared>,
    heartbeat: Option<Duration>,
    members: Mutex<Members>,
    /// Notified when so many have left that the seats should be swept.
    stirred: event_listener::Event,
    seats: AtomicUsize,
    left: AtomicUsize,
}

struct Members {
    /// Where the next batch begins: all who are seated have seen everything before it.
    position: u64,
    /// Who came since the last batch, at a position of their own, not before `position`.
    joined: Vec<(u64, Arc<Wire>)>,
}

/// Consecutive entries, framed and joined.
#[derive(Default)]
struct Batch {
    first: u64,
    bytes: Vec<u8>,
    /// Where in `bytes` each entry ends.
    ends: Vec<usize>,
}

enum Work {
    Write(Batch),
    /// The seated have fallen off the log, or the channel is over: each goes its own way.
    Eject(u64),
    Nothing,
}

impl Pump {
    /// Tells the pump that a connection has taken its seat away.
    pub(crate) fn leave(&self) {
        let left = self.left.fetch_add(1, Ordering::Relaxed) + 1;
        if left * 2 >= self.seats.load(Ordering::Relaxed) {
            self.stirred.notify(1);
        }
    }

    async fn run(self: Arc<Self>, worker: Weak<Worker>, key: Key) {
        let mut seats = Vec::new();
        let mut patience = self.heartbeat.map(Patience::new);
        while !self.retires(&seats, &worker, key) {
            let work = match self.work() {
                Work::Nothing => match self.wait(&mut patience).await {
                    true => Work::Write(Batch::heartbeat(lock(&self.members).position)),
                    false => self.work(),
                },
                work => work,
            };
            match work {
                Work::Write(batch) => {
                    self.write(&mut seats, &batch).await;
                    self.admit(&mut seats, &batch).await;
                    patience = self.heartbeat.map(Patience::new);
                }
                Work::Eject(position) => self.eject(&mut seats, position),
                Work::Nothing => seats.retain(|wire: &Arc<Wire>| wire.is_seated()),
            }
            self.seats.store(seats.len(), Ordering::Relaxed);
        }
    }

    /// Whether nobody is left; then the pump is forgotten, and the next subscriber starts a new one.
    fn retires(&self, seats: &[Arc<Wire>], worker: &Weak<Worker>, key: Key) -> bool {
        let Some(worker) = worker.upgrade() else {
            return true;
        };
        let mut pumps = lock(&worker.pumps);
        let empty = seats.is_empty() && lock(&self.members).joined.is_empty();
        if empty {
            pumps.remove(&key);
        }
        empty
    }

    /// Takes the next batch off the log.
    fn work(&self) -> Work {
        let mut members = lock(&self.members);
        let log = self.channel.log();
        let Ok(entries) = log.read(members.position, BATCH_BYTES) else {
            return Work::Eject(std::mem::replace(&mut members.position, log.first()));
        };
        if entries.is_empty() {
            return if self.channel.is_closed() {
                Work::Eject(members.position)
            } else {
                Work::Nothing
            };
        }
        let batch = Batch::of(members.position, &entries);
        members.position += entries.len() as u64;
        Work::Write(batch)
    }

    /// Waits for something to do; whether it is time for a heartbeat.
    async fn wait(&self, patience: &mut Option<Patience>) -> bool {
        let (grown, stirred) = (self.channel.grown.listen(), self.stirred.listen());
        let position = lock(&self.members).position;
        if self.channel.is_closed() || self.channel.log().end() != position {
            return false;
        }
        let woken = or(grown, stirred);
        let Some(patience) = patience else {
            woken.await;
            return false;
        };
        let beat = async {
            patience.lost().await;
            true
        };
        let woken = async {
            woken.await;
            false
        };
        or(woken, beat).await
    }

    /// Writes `batch` to all who are seated.
    async fn write(&self, seats: &mut Vec<Arc<Wire>>, batch: &Batch) {
        let mut index = 0;
        for turn in 1.. {
            let Some(wire) = seats.get(index) else { break };
            if self.offer(wire, batch, 0) {
                index += 1;
            } else {
                seats.swap_remove(index);
            }
            if turn % WRITES_PER_TURN == 0 {
                yield_now().await;
            }
        }
    }

    /// Seats those who joined, and writes to each the part of `batch` that it has not seen.
    async fn admit(&self, seats: &mut Vec<Arc<Wire>>, batch: &Batch) {
        let joined = std::mem::take(&mut lock(&self.members).joined);
        for (turn, (position, wire)) in joined.into_iter().enumerate() {
            match batch.bytes_before(position) {
                None => lock(&self.members).joined.push((position, wire)),
                Some(seen) if seen == batch.bytes.len() || self.offer(&wire, batch, seen) => {
                    seats.push(wire)
                }
                Some(_) => {}
            }
            if turn % WRITES_PER_TURN == WRITES_PER_TURN - 1 {
                yield_now().await;
            }
        }
    }

    /// Writes what follows the first `seen` bytes of `batch`; whether the connection stays seated.
    fn offer(&self, wire: &Wire, batch: &Batch, seen: usize) -> bool {
        let mut written = batch.bytes.len();
        let fresh = batch.bytes.get(seen..).unwrap_or_default();
        let stays = wire.offer(fresh, |count| {
            let (torn, position) = batch.rest(seen + count);
            written = seen + count + torn.len();
            (torn, position)
        });
        let entries = batch.entries_within(written) - batch.entries_within(seen);
        let counters = &self.channel.counters;
        counters.delivered.fetch_add(entries as u64, Ordering::Relaxed);
        counters.bytes.fetch_add((written - seen) as u64, Ordering::Relaxed);
        stays
    }

    fn eject(&self, seats: &mut Vec<Arc<Wire>>, position: u64) {
        for wire in seats.drain(..) {
            wire.eject(position);
        }
        for (position, wire) in std::mem::take(&mut lock(&self.members).joined) {
            wire.eject(position);
        }
    }
}

impl Batch {
    fn of(first: u64, entries: &[Arc<Entry>]) -> Self {
        let mut batch = Self { first, ..Self::default() };
        for entry in entries {
            batch.bytes.extend_from_slice(entry.bytes(true));
            batch.ends.push(batch.bytes.len());
        }
        batch
    }

    fn heartbeat(position: u64) -> Self {
        Self { first: position, bytes: HEARTBEAT_CHUNK.to_vec(), ends: Vec::new() }
    }

    fn entries_within(&self, bytes: usize) -> usize {
        self.ends.partition_point(|&end| end <= bytes)
    }

    /// How many bytes stand before the entry at `position`; `None` if it is beyond the batch.
    fn bytes_before(&self, position: u64) -> Option<usize> {
        match usize::try_from(position.checked_sub(self.first)?).ok()? {
            0 => Some(0),
            index => self.ends.get(index - 1).copied(),
        }
    }

    /// What is left of the entry that `written` bytes tear, and the position after it.
    fn rest(&self, written: usize) -> (&[u8], u64) {
        let whole = self.entries_within(written);
        let begin = whole.checked_sub(1).and_then(|last| self.ends.get(last)).copied().unwrap_or(0);
        let position = self.first + whole as u64;
        if written == begin {
            return (&[], position);
        }
        let (end, position) = match self.ends.get(whole) {
            Some(&end) => (end, position + 1),
            None => (self.bytes.len(), position),
        };
        (self.bytes.get(written..end).unwrap_or_default(), position)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::wire::Link;

    fn batch() -> Batch {
        let entry = |block: &[u8]| Arc::new(Entry::new(None, None, block));
        Batch::of(5, &[entry(b"a"), entry(b"bc")]) // "1\r\na\r\n" and "2\r\nbc\r\n"
    }

    #[test]
    fn who_is_behind_must_catch_up_first() {
        let (worker, channel) = (Worker::new(), crate::Channel::default());
        let shared = crate::channel::Subscription::new(&channel).channel;
        let link = Link::Other(Box::pin(futures_lite::io::Cursor::new(Vec::new())));
        let wire = Wire::new(link, Duration::from_secs(1));
        let pump = worker.join(&shared, None, &wire, 5).expect("the first begins where it is");
        lock(&pump.members).position = 7;
        assert!(worker.join(&shared, None, &wire, 6).is_none());
        assert!(worker.join(&shared, None, &wire, 7).is_some());
        assert!(worker.join(&shared, None, &wire, 8).is_some());
        assert_eq!(lock(&pump.members).joined.len(), 3);
    }

    #[test]
    fn a_torn_batch_goes_on_after_the_torn_entry() {
        let expected: [(&[u8], u64); 14] = [
            (b"", 5),
            (b"\r\na\r\n", 6),
            (b"\na\r\n", 6),
            (b"a\r\n", 6),
            (b"\r\n", 6),
            (b"\n", 6),
            (b"", 6),
            (b"\r\nbc\r\n", 7),
            (b"\nbc\r\n", 7),
            (b"bc\r\n", 7),
            (b"c\r\n", 7),
            (b"\r\n", 7),
            (b"\n", 7),
            (b"", 7),
        ];
        for (written, expected) in expected.into_iter().enumerate() {
            assert_eq!(batch().rest(written), expected, "{written}");
        }
    }

    #[test]
    fn a_torn_heartbeat_moves_no_position() {
        let beat = Batch::heartbeat(5);
        assert_eq!(beat.rest(0), (&b""[..], 5));
        assert_eq!(beat.rest(6), (&b"\r\n"[..], 5));
        assert_eq!(beat.rest(8), (&b""[..], 5));
    }

    #[test]
    fn who_joins_ahead_skips_what_it_has_seen() {
        let batch = batch();
        assert_eq!(batch.bytes_before(4), None);
        assert_eq!(batch.bytes_before(5), Some(0));
        assert_eq!(batch.bytes_before(6), Some(6));
        assert_eq!(batch.bytes_before(7), Some(13));
        assert_eq!(batch.bytes_before(8), None);
        assert_eq!(Batch::heartbeat(5).bytes_before(6), None);
    }
}
