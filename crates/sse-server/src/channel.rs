//! Channels: publishing into a bounded log that all subscribers read. Depends on `log`, on
//! event-listener, which wakes those who wait, and on the clock in `socket` for a log's epoch.

use std::borrow::Cow;
use std::sync::{Arc, Mutex, MutexGuard};

use sse_proto::Frame;

use crate::lock;
use crate::log::{Batch, Entry, EventId, Gap, Log};
use crate::socket::since_1970;

/// What a channel keeps for clients that come back, and what it does about one that falls behind.
///
/// The log must hold the largest burst that is published at once: a client that has not taken an
/// event when it is dropped from the log has lost it, and is told so.
///
/// ```
/// use sse_server::{Channel, History, Lag};
///
/// let prices = Channel::new(History { events: 10_000, lag: Lag::Skip, ..History::default() });
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct History {
    /// Events held, 1024; at least the newest always is.
    pub events: usize,
    /// Bytes held, 1 MiB, as they go out, framing included. The newest event is held even if it
    /// alone is larger.
    pub bytes: usize,
    /// What happens to a client whose next event has been dropped from the log.
    pub lag: Lag,
    /// Type of the event that tells a client of a gap: `gap`. Its data is JSON: `reason` is
    /// `evicted` or `lagged` (the log no longer holds the events), `other-epoch`, `beyond-end` or
    /// `unknown-id` (the last event ID is none of this log's), and `missed` is how many events
    /// are missing, or `null` if that cannot be known. Everything the log still holds follows.
    /// It must not contain a line break; `gap` stands in for one that does.
    pub gap_event: Cow<'static, str>,
}

impl Default for History {
    fn default() -> Self {
        Self { events: 1024, bytes: 1024 * 1024, lag: Lag::Disconnect, gap_event: "gap".into() }
    }
}

/// What happens to a client that has fallen off the tail of the log.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Lag {
    /// Its connection is cut. It comes back with its last event ID and is told of the gap then.
    #[default]
    Disconnect,
    /// It is told of the gap, and goes on with the oldest event held.
    Skip,
}

/// A broadcast of events to any number of clients, with a bounded history.
///
/// A channel is a handle: clones publish into the same log. It is independent of any server;
/// a server that ends and another that begins with the same channel lose nothing for the clients.
/// When the last handle is dropped, the streams of its subscribers end properly.
///
/// ```
/// use sse_server::{Channel, Frame, History};
///
/// let channel = Channel::new(History { events: 100, ..History::default() });
/// let id = channel.publish(&Frame::message("hello"));
/// assert_eq!(channel.last_event_id(), id);
/// ```
#[derive(Clone, Debug)]
pub struct Channel {
    pub(crate) shared: Arc<Shared>,
    _publishers: Arc<Publishers>,
}

/// What a channel's handles and its subscribers share.
#[derive(Debug)]
pub(crate) struct Shared {
    log: Mutex<Log>,
    /// Notified when the log has grown or the channel has closed.
    pub(crate) grown: event_listener::Event,
    stats: Mutex<ChannelStats>,
}

/// Closes the channel when the last handle is gone.
#[derive(Debug)]
struct Publishers(Arc<Shared>);

impl Drop for Publishers {
    fn drop(&mut self) {
        self.0.close();
    }
}

/// A channel's counters at one moment.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct ChannelStats {
    /// Clients connected now.
    pub subscribers: u64,
    /// Events published since the channel began.
    pub published: u64,
    /// Events written to clients, all clients together.
    pub delivered: u64,
    /// Bytes of those, framing included.
    pub bytes: u64,
    /// Times that a client fell off the tail of the log.
    pub lagged: u64,
    /// Gaps told to clients.
    pub gaps: u64,
    /// Events held in the log now.
    pub held_events: usize,
    /// Bytes held in the log now.
    pub held_bytes: usize,
}

impl Channel {
    /// A channel with an empty log.
    pub fn new(history: History) -> Self {
        let log = Mutex::new(Log::new(next_epoch(), history));
        let grown = event_listener::Event::new();
        let shared = Arc::new(Shared { log, grown, stats: Mutex::default() });
        Self { _publishers: Arc::new(Publishers(shared.clone())), shared }
    }

    /// Appends an event to the log and wakes the subscribers; never waits for them.
    ///
    /// A frame with an ID of its own keeps it; any other gets the next `<epoch>-<sequence>`.
    /// Without subscribers the event waits in the log for those who come and ask for it.
    pub fn publish(&self, frame: &Frame<'_>) -> EventId {
        let mut block = encoded(frame);
        let own_id: Option<Arc<str>> = field(&block, "id").map(Into::into);
        let mut log = self.shared.log();
        let position = log.end();
        if own_id.is_none() {
            block = encoded(&frame.with_id(&log.numbered(position)).unwrap_or(*frame));
        }
        log.push(Entry::new(field(&block, "event"), own_id, &block));
        let id = log.cursor(position + 1);
        drop(log);
        self.shared.grown.notify(usize::MAX);
        id
    }

    /// The ID of the newest event; `<epoch>-0` before the first.
    pub fn last_event_id(&self) -> EventId {
        let log = self.shared.log();
        log.cursor(log.end())
    }

    /// Ends the stream of every subscriber, now and later, once it has all that is in the log. The
    /// client comes back after its reconnection time: answer 204 if it should stay away.
    pub fn close(&self) {
        self.shared.close();
    }

    /// The channel's counters.
    pub fn stats(&self) -> ChannelStats {
        let log = self.shared.log();
        let (published, held_events, held_bytes) = (log.end() - 1, log.entries.len(), log.bytes);
        ChannelStats { published, held_events, held_bytes, ..*lock(&self.shared.stats) }
    }
}

impl Default for Channel {
    fn default() -> Self {
        Self::new(History::default())
    }
}

impl Shared {
    pub(crate) fn log(&self) -> MutexGuard<'_, Log> {
        lock(&self.log)
    }

    pub(crate) fn count(&self, change: impl FnOnce(&mut ChannelStats)) {
        change(&mut lock(&self.stats));
    }

    /// Counts what so many clients have been sent.
    pub(crate) fn delivered(&self, batch: &Batch, receivers: u64) {
        self.count(|stats| {
            stats.delivered += batch.events * receivers;
            stats.bytes += batch.bytes.len() as u64 * receivers;
        });
    }

    fn close(&self) {
        self.log().is_closed = true;
        self.grown.notify(usize::MAX);
    }

    /// The block that tells a client of a gap, and moves its last event ID to just before `position`.
    pub(crate) fn gap_block(&self, (reason, missed): Gap, position: u64) -> Vec<u8> {
        self.count(|stats| stats.gaps += 1);
        let missed = missed.map_or("null".to_owned(), |missed| missed.to_string());
        let data = format!(r#"{{"reason":"{reason}","missed":{missed}}}"#);
        let log = self.log();
        let id = log.cursor(position);
        let frame = Frame::message(&data);
        let frame = frame.with_id(&id).unwrap_or(frame);
        let typed =
            frame.with_event_type(&log.history.gap_event).or_else(|_| frame.with_event_type("gap"));
        encoded(&typed.unwrap_or(frame))
    }

    /// The block that moves a client's last event ID to just before `position` and fires nothing.
    pub(crate) fn cursor_block(&self, position: u64) -> Vec<u8> {
        let id = self.log().cursor(position);
        encoded(&Frame::cursor(&id).unwrap_or(Frame::comment("")))
    }
}

/// The lines of a frame, and the blank line.
pub(crate) fn encoded(frame: &Frame<'_>) -> Vec<u8> {
    let mut block = Vec::new();
    frame.append_to(&mut block);
    block
}

/// The value of the first field called `name` in an encoded block.
fn field<'a>(block: &'a [u8], name: &str) -> Option<&'a str> {
    block.split(|&byte| byte == b'\n').find_map(|line| {
        let value = line.strip_prefix(name.as_bytes())?.strip_prefix(b":")?;
        std::str::from_utf8(value.strip_prefix(b" ").unwrap_or(value)).ok()
    })
}

/// The millisecond since 1970, later than every epoch given out by this process.
fn next_epoch() -> u64 {
    static LAST: Mutex<u64> = Mutex::new(0);
    let now = u64::try_from(since_1970().as_millis()).unwrap_or(u64::MAX);
    let mut last = lock(&LAST);
    *last = now.max(last.saturating_add(1));
    *last
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Replay;

    #[test]
    fn ids_count_up_and_own_ids_stay() {
        let channel = Channel::default();
        let start = channel.last_event_id().to_string();
        let (epoch, zero) = start.split_once('-').unwrap();
        assert_eq!(zero, "0");
        assert_eq!(channel.publish(&Frame::message("id: x")).to_string(), format!("{epoch}-1"));
        let own = Frame::message("a").with_id("mine").unwrap();
        assert_eq!(channel.publish(&own).to_string(), "mine");
        assert_eq!(channel.last_event_id().to_string(), "mine");
        assert_eq!(channel.publish(&Frame::message("b")).to_string(), format!("{epoch}-3"));
    }

    #[test]
    fn epochs_differ() {
        let ids: Vec<_> =
            (0..100).map(|_| Channel::default().last_event_id().to_string()).collect();
        let mut unique = ids.clone();
        unique.dedup();
        assert_eq!(ids, unique);
    }

    #[test]
    fn a_gap_event_cannot_be_forged_by_its_type() {
        let channel =
            Channel::new(History { gap_event: "a\ndata: b".into(), ..History::default() });
        let (position, gap) = channel.shared.log().resume(Some("1-1"), Replay::Live);
        let block = channel.shared.gap_block(gap.unwrap(), position);
        let text = String::from_utf8(block).unwrap();
        assert!(text.contains("event: gap\n"), "{text}");
        assert!(text.contains(r#"data: {"reason":"other-epoch","missed":null}"#), "{text}");
    }

    #[test]
    fn dropping_the_last_handle_closes() {
        let channel = Channel::default();
        let shared = channel.shared.clone();
        let other = channel.clone();
        drop(channel);
        assert!(!shared.log().is_closed);
        drop(other);
        assert!(shared.log().is_closed);
    }
}
