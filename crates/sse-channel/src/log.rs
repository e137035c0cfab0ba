//! A log as its readers share it: what to read at a position, and waiting for more. For servers that
//! write to many clients at once; everybody else takes a [`Subscription`](crate::Subscription). Depends on `ring`,
//! `joined`, `waiters` and `source`.

use std::fmt;
use std::future::Future;
use std::hash::{Hash, Hasher};
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::Ordering::Relaxed;
use std::task::{Context, Poll, Waker};

use sse_proto::Frame;

use crate::id::{Number, random_epoch};
use crate::joined::Joined;
use crate::leaf::{Leaf, Locked};
use crate::ring::Ring;
use crate::source::Source;
use crate::stats::Counters;
use crate::waiters::{Ticket, Waiters, Woken};
use crate::{Batch, Block, ChannelStats, Entry, EventId, Framing, Gap, History, Lag, Replay};

/// The log of a channel: a handle to read it with, from any position. It keeps no channel open.
///
/// A position is the number of the entry that comes next. Two handles are equal if they are of the same log.
///
/// ```
/// use sse_channel::{Batch, Channel, Frame, Framing, Read};
///
/// let channel = Channel::default();
/// let log = channel.log().clone();
/// let position = log.end();
/// channel.publish(&Frame::message("hello"));
/// assert!(log.has_news(position));
/// if let Read::Entries(entries) = log.read(position, 16 * 1024) {
///     let batch = Batch::join(position, &entries, Framing::Chunked);
///     log.count_delivered(&batch, 1);
///     assert_eq!(batch.end(), log.end());
/// }
/// ```
#[derive(Clone)]
pub struct Log(Arc<Shared>);

struct Shared {
    state: Leaf<State>,
    counters: Counters,
    source: Option<Arc<dyn Source>>,
}

/// What is behind the lock, which is the last in any order: that of a [`StateChannel`](crate::StateChannel) is taken before it.
struct State {
    ring: Ring,
    joined: Joined,
    waiters: Waiters,
}

/// What a log has at a position.
#[derive(Clone, Debug)]
pub enum Read {
    /// Consecutive entries, one at least, the first of them at that position.
    Entries(Vec<Entry>),
    /// It has been dropped; the oldest position that is still held.
    Gap(Gap, u64),
    /// Nothing yet.
    Nothing,
    /// Nothing, and nothing will come.
    Closed,
}

impl Log {
    pub(crate) fn new(history: History) -> Self {
        Self::of(Ring::new(random_epoch(), history))
    }

    pub(crate) fn fed(history: History, origin: &str, source: Arc<dyn Source>) -> Self {
        Self::with(Ring::new(random_epoch(), history).with_trail(origin), Some(source))
    }

    /// A log that goes on with what a ring holds already.
    pub(crate) fn of(ring: Ring) -> Self {
        Self::with(ring, None)
    }

    fn with(ring: Ring, source: Option<Arc<dyn Source>>) -> Self {
        let state =
            Leaf::new(State { ring, joined: Joined::default(), waiters: Waiters::default() });
        Self(Arc::new(Shared { state, counters: Counters::default(), source }))
    }

    /// What is at `position`: entries of about `max_bytes` in all.
    #[must_use]
    pub fn read(&self, position: u64, max_bytes: usize) -> Read {
        self.state().read(position, max_bytes)
    }

    /// The same; if there is nothing yet, the task is woken when there is.
    pub(crate) fn read_or_wait(
        &self,
        position: u64,
        max_bytes: usize,
        ticket: &mut Ticket,
        waker: &Waker,
    ) -> Read {
        let mut state = self.state();
        let read = state.read(position, max_bytes);
        let former = match read {
            Read::Nothing => state.waiters.wait(ticket, waker),
            _ => state.waiters.leave(ticket),
        };
        drop(state);
        drop(former);
        read
    }

    /// What is at `position`, joined once for all who stand there; if there is nothing yet, a task that has a waker is
    /// woken when there is. `None` if it has been dropped, or nothing will come.
    pub(crate) fn poll_joined(
        &self,
        position: u64,
        max_bytes: usize,
        framing: Framing,
        ticket: &mut Ticket,
        waker: Option<&Waker>,
    ) -> Option<Poll<Batch>> {
        let mut state = self.state();
        let State { ring, joined, waiters } = &mut *state;
        let (found, former) = match joined.at(position, max_bytes, framing, ring) {
            Some(batch) => (Some(Poll::Ready(batch)), waiters.leave(ticket)),
            None if ring.has_news(position) => (None, None),
            None => (Some(Poll::Pending), waker.and_then(|it| waiters.wait(ticket, it))),
        };
        drop(state);
        drop(former);
        found
    }

    /// Whether the log is other than who has everything before `position` knows it: longer, or closed.
    #[must_use]
    pub fn has_news(&self, position: u64) -> bool {
        self.state().ring.has_news(position)
    }

    /// Waits until the log has news for who has everything before `position`.
    #[must_use]
    pub fn changed(&self, position: u64) -> Changed {
        Changed { log: self.clone(), position, ticket: Ticket::default() }
    }

    /// The oldest position that is held.
    #[must_use]
    pub fn first(&self) -> u64 {
        self.state().ring.first()
    }

    /// The position that comes next.
    #[must_use]
    pub fn end(&self) -> u64 {
        self.state().ring.end()
    }

    /// The ID of the newest event; `<epoch>-0` before the first.
    #[must_use]
    pub fn last_event_id(&self) -> EventId {
        let state = self.state();
        state.ring.cursor(state.ring.end())
    }

    /// The ID of the newest event before `position`.
    #[must_use]
    pub fn cursor(&self, position: u64) -> EventId {
        self.state().ring.cursor(position)
    }

    /// The same, unless nothing but this log would know it.
    pub(crate) fn own_cursor(&self, position: u64) -> Option<EventId> {
        self.state().ring.own_cursor(position)
    }

    /// The position after the event with this ID.
    ///
    /// # Errors
    ///
    /// Why it cannot be told, or what follows is not held.
    pub fn after(&self, id: &str) -> Result<u64, Gap> {
        self.state().ring.after(id)
    }

    /// The same, unless something may be missing on the way from there to the end.
    pub(crate) fn after_without_seam(&self, id: &str) -> Result<u64, Gap> {
        let state = self.state();
        let position = state.ring.after(id)?;
        if state.ring.has_seam(position) { Err(Gap::Unsaved) } else { Ok(position) }
    }

    pub(crate) fn start(&self, replay: Replay) -> u64 {
        self.state().ring.start(replay)
    }

    /// The channel's counters.
    #[must_use]
    pub fn stats(&self) -> ChannelStats {
        let (published, (held_events, held_bytes)) = {
            let state = self.state();
            (state.ring.end() - 1, state.ring.held())
        };
        let counters = &self.0.counters;
        ChannelStats {
            subscribers: counters.subscribers.load(Relaxed),
            published,
            delivered: counters.delivered.load(Relaxed),
            bytes: counters.bytes.load(Relaxed),
            lagged: counters.lagged.load(Relaxed),
            gaps: counters.gaps.load(Relaxed),
            held_events,
            held_bytes,
        }
    }

    /// Counts a batch that so many clients have been sent by somebody who reads for them all.
    pub fn count_delivered(&self, batch: &Batch, receivers: u64) {
        let bytes = batch.block().map_or(0, |block| block.len() as u64);
        self.count_sent(batch.events() * receivers, bytes * receivers);
    }

    /// Counts entries and bytes that one client has been sent.
    pub(crate) fn count_sent(&self, entries: u64, bytes: u64) {
        self.0.counters.delivered.fetch_add(entries, Relaxed);
        self.0.counters.bytes.fetch_add(bytes, Relaxed);
    }

    /// Counts a gap that a client is told, in whatever way.
    pub(crate) fn count_gap(&self) {
        self.0.counters.gaps.fetch_add(1, Relaxed);
    }

    pub(crate) fn count_subscriber(&self) {
        self.0.counters.subscribers.fetch_add(1, Relaxed);
    }

    pub(crate) fn discount_subscriber(&self) {
        if self.0.counters.subscribers.fetch_sub(1, Relaxed) == 1 {
            self.state().joined.forget();
        }
    }

    pub(crate) fn source(&self) -> Option<&Arc<dyn Source>> {
        self.0.source.as_ref()
    }

    /// What happens to a subscriber that has fallen off; this one has.
    pub(crate) fn lagged(&self) -> Lag {
        self.0.counters.lagged.fetch_add(1, Relaxed);
        self.state().ring.history.lag
    }

    /// The entry that tells of a gap; with a cursor it moves the last event ID there.
    pub(crate) fn gap_entry(&self, gap: Gap, cursor: Option<&str>) -> Entry {
        self.count_gap();
        let event_type = self.state().ring.history.gap_event.clone();
        Entry::gap(gap, cursor, &event_type)
    }

    /// The block that moves a client's last event ID to just before `position` and fires nothing.
    #[must_use]
    pub fn cursor_block(&self, position: u64, framing: Framing) -> Block {
        let cursor = self.cursor(position);
        Entry::new(&Frame::cursor(&cursor).unwrap_or(Frame::comment(""))).framed(framing)
    }

    /// Appends what `make` makes for the state that the log has then. All who wait are to be woken.
    pub(crate) fn push(&self, make: impl FnOnce(&Ring) -> Entry) -> Woken {
        let mut state = self.state();
        let entry = make(&state.ring);
        state.ring.push(entry);
        state.joined.forget();
        state.waiters.take()
    }

    pub(crate) fn close(&self) {
        let mut state = self.state();
        state.ring.is_closed = true;
        let woken = state.waiters.take();
        drop(state);
        woken.wake();
    }

    /// Waits no longer.
    pub(crate) fn leave(&self, ticket: &mut Ticket) {
        if !ticket.is_none() {
            let former = self.state().waiters.leave(ticket);
            drop(former);
        }
    }

    /// The number that an event published now will have.
    pub(crate) fn upcoming(&self) -> Number {
        self.with_ring(|ring| ring.upcoming())
    }

    /// Does something that is short with the ring, which is locked for so long.
    pub(crate) fn with_ring<T>(&self, act: impl FnOnce(&mut Ring) -> T) -> T {
        act(&mut self.state().ring)
    }

    fn state(&self) -> Locked<'_, State> {
        self.0.state.lock()
    }
}

impl State {
    fn read(&self, position: u64, max_bytes: usize) -> Read {
        match self.ring.read(position, max_bytes) {
            Err(gap) => Read::Gap(gap, self.ring.first()),
            Ok(entries) if !entries.is_empty() => Read::Entries(entries),
            Ok(_) if self.ring.is_closed => Read::Closed,
            Ok(_) => Read::Nothing,
        }
    }
}

impl PartialEq for Log {
    fn eq(&self, other: &Self) -> bool {
        Arc::ptr_eq(&self.0, &other.0)
    }
}

impl Eq for Log {}

impl Hash for Log {
    fn hash<H: Hasher>(&self, state: &mut H) {
        Arc::as_ptr(&self.0).hash(state);
    }
}

impl fmt::Debug for Log {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut debug = f.debug_struct("Log");
        debug.field("last_event_id", &self.last_event_id());
        debug.field("stats", &self.stats()).finish_non_exhaustive()
    }
}

/// Waits for news: see [`Log::changed`]. Dropping it waits no longer.
#[derive(Debug)]
pub struct Changed {
    log: Log,
    position: u64,
    ticket: Ticket,
}

impl Future for Changed {
    type Output = ();

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<()> {
        let Self { log, position, ticket } = &mut *self;
        let mut state = log.state();
        let has_news = state.ring.has_news(*position);
        let former = match has_news {
            true => state.waiters.leave(ticket),
            false => state.waiters.wait(ticket, cx.waker()),
        };
        drop(state);
        drop(former);
        if has_news { Poll::Ready(()) } else { Poll::Pending }
    }
}

impl Drop for Changed {
    fn drop(&mut self) {
        self.log.leave(&mut self.ticket);
    }
}

#[cfg(test)]
mod tests {
    use sse_proto::Frame;

    use crate::{Channel, Replay};

    /// What is joined is kept for those who are there, until there is something newer.
    #[test]
    fn nothing_is_kept_that_nobody_will_ask_for() {
        let channel = Channel::default();
        let is_kept = || !format!("{:?}", channel.log().state().joined).contains("None");
        let mut events = channel.subscribe(Some(&channel.last_event_id()), Replay::Live);
        let mut others = channel.subscribe(Some(&channel.last_event_id()), Replay::Live);
        for events in [&mut events, &mut others] {
            while events.try_next().is_ready() {}
        }
        channel.publish(&Frame::message("a"));
        assert!(events.try_next().is_ready() && is_kept());
        channel.publish(&Frame::message("b"));
        assert!(!is_kept(), "it is older than the newest event");
        assert!(events.try_next().is_ready() && is_kept());
        drop(events);
        assert!(is_kept(), "somebody is there");
        drop(others);
        assert!(!is_kept());
    }
}
