//! A log that is fed from outside; and a log in memory as the source of another. Depends on `log` and `source`.

use std::future::ready;
use std::sync::Arc;

use crate::log::{Log, Read};
use crate::source::{Page, PageFuture, Source};
use crate::{Entry, EventId, Gap, History};

/// A log in memory is a source for another that holds less.
impl Source for Log {
    fn page(self: Arc<Self>, after: Option<EventId>, max_bytes: usize) -> PageFuture {
        let found = after.map_or(Ok(self.first()), |id| self.after(&id));
        let (position, gap) = match found {
            Ok(position) => (position, None),
            Err(gap) => (self.first(), Some(gap)),
        };
        let (position, gap, entries) = match self.read(position, max_bytes) {
            Read::Entries(entries) => (position, gap, entries),
            // Dropped since.
            Read::Gap(lagged, first) => (first, gap.or(Some(lagged)), Vec::new()),
            Read::Nothing | Read::Closed => (position, gap, Vec::new()),
        };
        let page = Page { gap: gap.map(|gap| (gap, self.cursor(position))), entries };
        Box::pin(ready(Ok(page)))
    }
}

/// A log whose events come from outside, with IDs of their own, and whose past is in a [`Source`].
///
/// A [`Channel`](crate::Channel) gives events their place; this takes them in the order in which somebody
/// else has put them. Dropping it closes the log.
///
/// ```
/// use sse_channel::{Channel, Entry, Feed, Frame, History, Read};
/// use std::sync::Arc;
///
/// // Another log stands for the database. This one holds two events.
/// let past = Channel::default();
/// let source = Arc::new(past.log().clone());
/// let history = History { events: 2, ..History::default() };
/// let feed = Feed::new(history, &past.last_event_id(), source);
/// let mut position = past.log().end();
/// for text in ["a", "b", "c"] {
///     past.publish(&Frame::message(text));
/// }
/// while let Read::Entries(entries) = past.log().read(position, usize::MAX) {
///     position += entries.len() as u64;
///     entries.into_iter().for_each(|entry| feed.push(entry));
/// }
/// assert_eq!(feed.log().last_event_id(), past.last_event_id());
/// ```
#[derive(Debug)]
pub struct Feed(Log);

impl Feed {
    /// A log that begins after the event with ID `origin`: what is pushed first follows on that.
    #[must_use]
    pub fn new(history: History, origin: &str, source: Arc<dyn Source>) -> Self {
        Self(Log::fed(history, origin, source))
    }

    /// The log, to be read and subscribed to.
    #[must_use]
    pub fn log(&self) -> &Log {
        &self.0
    }

    /// Appends an entry. Without an ID it moves nobody's last event ID, as a comment.
    pub fn push(&self, mut entry: Entry) {
        entry.is_own_id = entry.id().is_some();
        self.0.push(|_| entry).wake();
    }

    /// Tells everybody that something is missing here: what is pushed next follows on the event with ID
    /// `cursor`.
    pub fn tell_gap(&self, gap: Gap, cursor: &EventId) {
        self.push(self.0.gap_entry(gap, Some(cursor)));
    }

    /// Ends every subscription, now and later, once it has all that is in the log.
    pub fn close(&self) {
        self.0.close();
    }
}

impl Drop for Feed {
    fn drop(&mut self) {
        self.0.close();
    }
}
