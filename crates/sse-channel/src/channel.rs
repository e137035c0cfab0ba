//! Publishing. Depends on `log`.

use std::sync::Arc;

use sse_proto::Frame;

use crate::waiters::Woken;
use crate::{ChannelStats, Entry, EventId, History, Log, Replay, Subscription};

/// A broadcast of events to any number of clients, with a bounded history.
///
/// A channel is a handle: clones publish into the same log. It is independent of any server; a server
/// that ends and another that begins with the same channel lose nothing for the clients. When the last
/// handle is dropped, the subscriptions end properly.
///
/// ```
/// use sse_channel::{Channel, Frame, History};
///
/// let channel = Channel::new(History { events: 100, ..History::default() });
/// let id = channel.publish(&Frame::message("hello"));
/// assert_eq!(channel.last_event_id(), id);
/// ```
#[derive(Clone, Debug)]
pub struct Channel {
    log: Log,
    _publishers: Arc<Publishers>,
}

/// Closes the log when the last handle is gone.
#[derive(Debug)]
struct Publishers(Log);

impl Drop for Publishers {
    fn drop(&mut self) {
        self.0.close();
    }
}

impl Channel {
    /// A channel with an empty log.
    #[must_use]
    pub fn new(history: History) -> Self {
        Self::of(Log::new(history))
    }

    pub(crate) fn of(log: Log) -> Self {
        Self { _publishers: Arc::new(Publishers(log.clone())), log }
    }

    /// Appends an event to the log and wakes the subscribers; never waits for them. The ID of the
    /// newest event now.
    ///
    /// A frame with an ID of its own keeps it; it must not be that of another event. Any other event gets
    /// the next `<epoch>-<sequence>`, also if its ID is empty. What is no event (a comment, a reconnection
    /// time) gets none. Without subscribers the event waits in the log for those who come and ask for it.
    #[allow(clippy::must_use_candidate, reason = "it publishes, whoever wants the ID")]
    pub fn publish(&self, frame: &Frame<'_>) -> EventId {
        let (id, woken) = self.append(frame);
        woken.wake();
        id
    }

    /// The same; the subscribers are still to be woken.
    #[inline]
    pub(crate) fn append(&self, frame: &Frame<'_>) -> (EventId, Woken) {
        let own_id = frame.id().filter(|id| !id.is_empty());
        if own_id.is_some() || frame.data().is_none() {
            let mut entry = Entry::new(frame);
            entry.is_own_id = own_id.is_some();
            let woken = self.log.push(|_| entry);
            return (own_id.map_or_else(|| self.last_event_id(), EventId::from), woken);
        }
        // Encoded before the log is locked, for the number that it will have unless somebody else is
        // faster.
        let expected = self.log.upcoming();
        let mut id = EventId::from(expected);
        let numbered = |id: &EventId| Entry::new(&frame.with_id(id).unwrap_or(*frame));
        let entry = numbered(&id);
        let woken = self.log.push(|ring| {
            if ring.upcoming() == expected {
                return entry;
            }
            id = EventId::from(ring.upcoming());
            numbered(&id)
        });
        (id, woken)
    }

    /// Follows the channel: after the event with this ID, or from where `replay` says if there is none. An
    /// empty ID counts as none. What is published from here on is not missed.
    pub fn subscribe(&self, last_event_id: Option<&str>, replay: Replay) -> Subscription {
        self.log.subscribe(last_event_id, replay)
    }

    /// The log, for who reads it without a subscription.
    #[must_use]
    pub fn log(&self) -> &Log {
        &self.log
    }

    /// The ID of the newest event; `<epoch>-0` before the first.
    #[must_use]
    pub fn last_event_id(&self) -> EventId {
        self.log.last_event_id()
    }

    /// The ID that the next event without one of its own will have, if nobody else publishes before: for who has to write
    /// it down first.
    ///
    /// ```
    /// use sse_channel::{Channel, Frame};
    ///
    /// let channel = Channel::default();
    /// let id = channel.next_event_id();
    /// assert_eq!(channel.publish(&Frame::message("hello")), id);
    /// ```
    #[must_use]
    pub fn next_event_id(&self) -> EventId {
        self.log.upcoming().into()
    }

    /// Ends every subscription, now and later, once it has all that is in the log. The client comes back after
    /// its reconnection time: answer 204 if it should stay away.
    pub fn close(&self) {
        self.log.close();
    }

    /// The channel's counters.
    #[must_use]
    pub fn stats(&self) -> ChannelStats {
        self.log.stats()
    }
}

impl Default for Channel {
    fn default() -> Self {
        Self::new(History::default())
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;
    use crate::Read;

    #[test]
    fn ids_count_up_and_own_ids_stay() {
        let channel = Channel::default();
        let start = channel.last_event_id();
        let (epoch, zero) = start.split_once('-').unwrap();
        assert_eq!(zero, "0");
        assert_eq!(channel.publish(&Frame::message("id: x")), *format!("{epoch}-1"));
        let own = Frame::message("a").with_id("mine").unwrap();
        assert_eq!(
            (channel.publish(&own), channel.last_event_id()),
            ("mine".into(), "mine".into())
        );
        assert_eq!(channel.publish(&Frame::message("b")), *format!("{epoch}-3"));
    }

    #[test]
    fn an_empty_id_counts_as_none() {
        let channel = Channel::default();
        let id = channel.publish(&Frame::message("a").with_id("").unwrap());
        assert!(id.ends_with("-1"), "{id}");
        channel.publish(&Frame::cursor("").unwrap());
        let comment = Frame::comment("b").with_id("").unwrap();
        channel.publish(&comment.with_reconnection_time(Duration::from_secs(1)));
        let Read::Entries(entries) = channel.log().read(1, 1000) else { panic!("three entries") };
        let blocks: Vec<_> =
            entries.iter().map(|entry| String::from_utf8_lossy(entry.block())).collect();
        let first = format!("id: {id}\ndata: a\n\n");
        assert_eq!(blocks, [first.as_str(), ":\n\n", ": b\nretry: 1000\n\n"]);
    }

    #[test]
    fn what_is_no_event_takes_no_id() {
        let channel = Channel::default();
        let own = channel.publish(&Frame::message("a").with_id("mine").unwrap());
        assert_eq!(channel.publish(&Frame::comment("b")), own);
        assert_eq!(channel.publish(&Frame::retry(Duration::from_secs(1))), own);
        assert_eq!(channel.last_event_id(), own);
    }

    #[test]
    fn several_publishers_give_no_number_twice() {
        let channel = Channel::new(History { events: 10_000, ..History::default() });
        let publish = || {
            for _ in 0..1000 {
                channel.publish(&Frame::message("x"));
            }
        };
        std::thread::scope(|scope| (0..4).for_each(|_| drop(scope.spawn(publish))));
        let Read::Entries(entries) = channel.log().read(1, usize::MAX) else { panic!("entries") };
        for (position, entry) in (1..).zip(&entries) {
            assert!(entry.id().unwrap().ends_with(&format!("-{position}")), "{entry:?}");
        }
        assert_eq!(entries.len(), 4000);
    }

    #[test]
    fn dropping_the_last_handle_closes() {
        let channel = Channel::default();
        let (log, other) = (channel.log().clone(), channel.clone());
        drop(channel);
        assert!(!log.has_news(1));
        drop(other);
        assert!(log.has_news(1));
    }

    #[test]
    fn debug_is_short() {
        let channel = Channel::default();
        channel.publish(&Frame::message(&"x".repeat(10_000)));
        assert!(format!("{channel:?}").len() < 1000, "{channel:?}");
    }
}
