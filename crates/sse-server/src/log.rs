//! A channel's bounded log: entries, positions, resuming, and entries on their way out. Pure.
//!
//! A position is the sequence number of the event that comes next. Sequence numbers begin at 1, so
//! `<epoch>-0` is the ID of the place before the first event.

use std::collections::{HashMap, VecDeque};
use std::sync::Arc;

use crate::History;
use crate::subscriber::Filter;

/// Bytes written to a connection at once; what one that stops reading may leave waiting. A single
/// event may be larger.
pub(crate) const BATCH_BYTES: usize = 16 * 1024;

/// The ID of a published event: the application's own, or `<epoch>-<sequence>`, where the epoch is
/// the millisecond since 1970 in which the channel's log began.
///
/// ```
/// let channel = sse_server::Channel::default();
/// let id = channel.publish(&sse_server::Frame::message("hello"));
/// assert!(id.to_string().ends_with("-1"));
/// ```
pub type EventId = Arc<str>;

/// An event in a channel's log, encoded once for all subscribers: what a
/// [`filter`](crate::Response::filter) decides about.
#[derive(Debug)]
pub struct Entry {
    event_type: Option<Box<str>>,
    own_id: Option<Arc<str>>,
    chunk: Box<[u8]>,
    block_at: usize,
}

impl Entry {
    /// Encloses `block`, an encoded frame, in the framing of an HTTP chunk.
    pub(crate) fn new(event_type: Option<&str>, own_id: Option<Arc<str>>, block: &[u8]) -> Self {
        let mut chunk = Vec::with_capacity(block.len() + 12);
        push_chunk(&mut chunk, block);
        let block_at = chunk.len() - block.len() - 2;
        Self { event_type: event_type.map(Into::into), own_id, chunk: chunk.into(), block_at }
    }

    /// The event type, `message` if the event has none of its own.
    pub fn event_type(&self) -> &str {
        self.event_type.as_deref().unwrap_or("message")
    }

    /// The event as it goes out: its lines and the blank line.
    pub fn block(&self) -> &[u8] {
        self.chunk.get(self.block_at..self.chunk.len() - 2).unwrap_or_default()
    }
}

/// Consecutive entries, framed and joined.
#[derive(Debug, Default, PartialEq)]
pub(crate) struct Batch {
    /// Position of the first entry.
    pub(crate) first: u64,
    /// Position after the last.
    pub(crate) end: u64,
    pub(crate) bytes: Vec<u8>,
    /// How many of the entries are in `bytes`.
    pub(crate) events: u64,
}

impl Batch {
    pub(crate) fn of(
        first: u64,
        entries: &[Arc<Entry>],
        chunked: bool,
        filter: Option<&Filter>,
    ) -> Self {
        let mut batch = Self { first, end: first, ..Self::default() };
        for entry in entries {
            batch.end += 1;
            if filter.is_none_or(|wanted| wanted(entry)) {
                let bytes = if chunked { &entry.chunk } else { entry.block() };
                batch.bytes.extend_from_slice(bytes);
                batch.events += 1;
            }
        }
        batch
    }
}

/// Appends `block` as one chunk (RFC 9112, 7.1).
pub(crate) fn push_chunk(out: &mut Vec<u8>, block: &[u8]) {
    out.extend_from_slice(format!("{:x}\r\n", block.len()).as_bytes());
    out.extend_from_slice(block);
    out.extend_from_slice(b"\r\n");
}

/// Where a client without a last event ID begins: see [`Response::replay`](crate::Response::replay).
///
/// ```
/// use sse_server::{Channel, Replay, Response};
///
/// let room = Channel::default();
/// let joining = Response::channel(&room).replay(Replay::Last(50));
/// ```
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Replay {
    /// With the next event.
    #[default]
    Live,
    /// With the last so many events that are still held.
    Last(u64),
    /// With the oldest event that is still held.
    All,
}

/// Why, and if that can be known how many, events that a client asked for are missing.
pub(crate) type Gap = (&'static str, Option<u64>);

/// The newest events of a channel, bounded in number and in bytes.
#[derive(Debug, Default)]
pub(crate) struct Log {
    epoch: u64,
    /// Sequence number of the oldest entry held, or of the next event if none is.
    pub(crate) first: u64,
    pub(crate) entries: VecDeque<Arc<Entry>>,
    pub(crate) bytes: usize,
    pub(crate) history: History,
    /// Sequence numbers of the application's own IDs among the entries.
    own: HashMap<Arc<str>, u64>,
    /// Nothing more will come.
    pub(crate) is_closed: bool,
}

impl Log {
    pub(crate) fn new(epoch: u64, history: History) -> Self {
        Self { epoch, first: 1, history, ..Self::default() }
    }

    /// The position after the newest event.
    pub(crate) fn end(&self) -> u64 {
        self.first + self.entries.len() as u64
    }

    /// Whether a client that has seen everything before `position` has something to do.
    pub(crate) fn has_news(&self, position: u64) -> bool {
        self.is_closed || self.end() != position
    }

    /// Appends an entry and drops the oldest that no longer fit. The newest is always kept.
    pub(crate) fn push(&mut self, entry: Entry) {
        if let Some(id) = &entry.own_id {
            self.own.insert(id.clone(), self.end());
        }
        self.bytes += entry.chunk.len();
        self.entries.push_back(Arc::new(entry));
        while self.entries.len() > 1
            && (self.entries.len() > self.history.events || self.bytes > self.history.bytes)
        {
            let Some(oldest) = self.entries.pop_front() else { break };
            self.bytes -= oldest.chunk.len();
            let id = oldest.own_id.as_ref().filter(|id| self.own.get(*id) == Some(&self.first));
            id.map(|id| self.own.remove(id));
            self.first += 1;
        }
    }

    /// The entries from `position` on: at least one if there is one, then as many as stay within
    /// `max_bytes`.
    ///
    /// # Errors
    ///
    /// The gap, if `position` has been dropped already.
    pub(crate) fn read(&self, position: u64, max_bytes: usize) -> Result<Vec<Arc<Entry>>, Gap> {
        let Some(skip) = position.checked_sub(self.first) else {
            return Err(("lagged", Some(self.first - position)));
        };
        let mut taken = 0;
        let fits = |entry: &&Arc<Entry>| {
            let first = taken == 0;
            taken += entry.chunk.len();
            first || taken <= max_bytes
        };
        let wanted = self.entries.iter().skip(usize::try_from(skip).unwrap_or(usize::MAX));
        Ok(wanted.take_while(fits).cloned().collect())
    }

    /// Where a client begins, and the gap it must be told of first.
    pub(crate) fn resume(&self, last_event_id: Option<&str>, replay: Replay) -> (u64, Option<Gap>) {
        let Some(id) = last_event_id else {
            return match replay {
                Replay::Live => (self.end(), None),
                Replay::Last(count) => (self.end().saturating_sub(count).max(self.first), None),
                Replay::All => (self.first, None),
            };
        };
        if let Some(sequence) = self.own.get(id) {
            return (sequence + 1, None);
        }
        let gap = |reason, missed| (self.first, Some((reason, missed)));
        match parse(id) {
            Some((epoch, sequence)) if epoch == self.epoch => match sequence.checked_add(1) {
                Some(next) if next < self.first => gap("evicted", Some(self.first - next)),
                Some(next) if next <= self.end() => (next, None),
                _ => gap("beyond-end", None),
            },
            Some(_) => gap("other-epoch", None),
            None => gap("unknown-id", None),
        }
    }

    /// The ID of the event just before `position`: what a client that has seen all before it
    /// should remember.
    pub(crate) fn cursor(&self, position: u64) -> EventId {
        let sequence = position.saturating_sub(1);
        let entry = sequence
            .checked_sub(self.first)
            .and_then(|index| self.entries.get(usize::try_from(index).ok()?));
        entry.and_then(|entry| entry.own_id.clone()).unwrap_or_else(|| self.numbered(sequence))
    }

    pub(crate) fn numbered(&self, sequence: u64) -> EventId {
        format!("{}-{sequence}", self.epoch).into()
    }
}

/// `<epoch>-<sequence>`, digits and one hyphen.
fn parse(id: &str) -> Option<(u64, u64)> {
    let (epoch, sequence) = id.split_once('-')?;
    let digits =
        |text: &str| text.bytes().all(|byte| byte.is_ascii_digit()).then(|| text.parse().ok())?;
    Some((digits(epoch)?, digits(sequence)?))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn log(events: usize, bytes: usize, published: u64) -> Log {
        let mut log = Log::new(7, History { events, bytes, ..History::default() });
        for _ in 0..published {
            log.push(Entry::new(None, None, b"data: 12345\n\n"));
        }
        log
    }

    #[test]
    fn an_entry_is_one_chunk() {
        let entry = Entry::new(Some("x"), None, b"data: 0123456789\n\n");
        assert_eq!(&*entry.chunk, b"12\r\ndata: 0123456789\n\n\r\n");
        assert_eq!(entry.block(), b"data: 0123456789\n\n");
        assert_eq!(
            (entry.event_type(), Entry::new(None, None, b"").event_type()),
            ("x", "message")
        );
    }

    fn held(log: Log) -> (usize, usize) {
        (log.entries.len(), log.bytes)
    }

    #[test]
    fn bounds_hold_and_the_newest_stays() {
        assert_eq!(held(log(3, 1000, 10)), (3, 54));
        assert_eq!(held(log(100, 40, 10)), (2, 36));
        assert_eq!(held(log(100, 1, 10)), (1, 18));
        assert_eq!(held(log(0, 0, 10)), (1, 18));
    }

    #[test]
    fn resuming() {
        let log = log(4, 1000, 10); // holds 7, 8, 9, 10
        let gap = |reason, missed| (7, Some((reason, missed)));
        for (id, expected) in [
            ("7-10", (11, None)),
            ("7-9", (10, None)),
            ("7-6", (7, None)),
            ("7-5", gap("evicted", Some(1))),
            ("7-0", gap("evicted", Some(6))),
            ("7-11", gap("beyond-end", None)),
            ("7-18446744073709551615", gap("beyond-end", None)),
            ("7-18446744073709551616", gap("unknown-id", None)),
            ("6-9", gap("other-epoch", None)),
            ("8-0", gap("other-epoch", None)),
            ("", gap("unknown-id", None)),
            ("-", gap("unknown-id", None)),
            ("7-+9", gap("unknown-id", None)),
            ("7-9-9", gap("unknown-id", None)),
            ("\u{fffd}\u{0}", gap("unknown-id", None)),
        ] {
            assert_eq!(log.resume(Some(id), Replay::Live), expected, "{id:?}");
        }
        assert_eq!(log.resume(None, Replay::Live), (11, None));
        assert_eq!(log.resume(None, Replay::All), (7, None));
        assert_eq!(log.resume(None, Replay::Last(2)), (9, None));
        assert_eq!(log.resume(None, Replay::Last(99)), (7, None));
    }

    #[test]
    fn own_ids_are_found_until_evicted() {
        let mut log = Log::new(7, History { events: 2, ..History::default() });
        for id in ["a", "b", "a", "c"] {
            log.push(Entry::new(None, Some(id.into()), b"data\n\n"));
        }
        assert_eq!(log.resume(Some("a"), Replay::Live), (4, None));
        assert_eq!(log.resume(Some("c"), Replay::Live), (5, None));
        assert!(log.resume(Some("b"), Replay::Live).1.is_some());
        assert_eq!(log.cursor(5).to_string(), "c");
        assert_eq!(log.cursor(3).to_string(), "7-2");
        assert_eq!(log.own.len(), 2);
    }

    #[test]
    fn reading() {
        let log = log(4, 1000, 10);
        assert_eq!(log.read(7, 1000).unwrap().len(), 4);
        assert_eq!(log.read(7, 36).unwrap().len(), 2);
        assert_eq!(log.read(7, 0).unwrap().len(), 1);
        assert_eq!(log.read(11, 1000).unwrap().len(), 0);
        assert_eq!(log.read(5, 1000).unwrap_err(), ("lagged", Some(2)));
    }
}
