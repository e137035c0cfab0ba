//! The seam to a log that is longer than memory: where to read what this process no longer holds. Pure.

use std::future::Future;
use std::io;
use std::pin::Pin;
use std::sync::Arc;

use crate::{Entry, EventId, Gap};

/// What [`Source::page`] returns.
pub type PageFuture = Pin<Box<dyn Future<Output = io::Result<Page>> + Send>>;

/// Where the events can be read that a log no longer holds: a database, a stream of Redis, another log.
///
/// It knows events by their IDs. Its order is the one in which they are fed to the log. When a client
/// asks for what the log has dropped, it is read from here, page by page, until a page meets the log.
pub trait Source: Send + Sync {
    /// The events that follow the one with ID `after`, oldest first; from the oldest it has if there is
    /// none. At least one if there is one, then as many as stay within about `max_bytes`.
    ///
    /// An empty page says that nothing follows: the client waits until the log has grown.
    ///
    /// # Errors
    ///
    /// It cannot be read. Whoever asked is cut, and will come back; what can be tried again should be,
    /// before.
    fn page(self: Arc<Self>, after: Option<EventId>, max_bytes: usize) -> PageFuture;
}

/// Some of the events of a [`Source`], one after the other.
#[derive(Clone, Debug, Default)]
#[non_exhaustive]
pub struct Page {
    /// What is missing between the ID that was asked for and the first of `entries`; and the ID just before
    /// that one, from which the client goes on.
    pub gap: Option<(Gap, EventId)>,
    /// The events, each with its ID.
    pub entries: Vec<Entry>,
}

impl Page {
    /// A page of these events.
    #[must_use]
    pub fn new(entries: Vec<Entry>) -> Self {
        Self { gap: None, entries }
    }

    /// Says what is missing before the first event, and the ID just before that.
    #[must_use]
    pub fn with_gap(self, gap: Gap, cursor: EventId) -> Self {
        Self { gap: Some((gap, cursor)), ..self }
    }
}
