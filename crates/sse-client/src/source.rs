//! The event source: one connection after the other, until it is closed.

mod drive;

use crate::builder::{BuildError, Builder};
use crate::config::Config;
use crate::item::{Item, ItemRef};
use crate::schedule::Schedule;
use drive::Phase;
use sse_proto::Decoder;
use std::fmt;
use std::future::poll_fn;
use std::sync::Arc;

/// A client of an event stream that comes back by itself.
///
/// Nothing happens until it is polled. It ends, that is, [`next`](Self::next) gives `None`, after
/// [`close`](Self::close) or after an error that [is final](crate::Error::is_final).
///
/// ```no_run
/// # futures_lite::future::block_on(async {
/// use sse_client::{EventSource, Item};
///
/// let mut source = EventSource::new("http://127.0.0.1:8080/events")?;
/// while let Some(item) = source.next().await {
///     match item {
///         Item::Open(open) => eprintln!("open: {}", open.url()),
///         Item::Event(event) => println!("{}: {}", event.event_type, event.data),
///         Item::Error(error) => eprintln!("{error}"),
///         _ => {}
///     }
/// }
/// # Ok::<(), sse_client::BuildError>(()) });
/// ```
pub struct EventSource {
    config: Arc<Config>,
    decoder: Decoder,
    schedule: Schedule,
    phase: Phase,
}

/// The standard's `readyState`, with the standard's numbers.
///
/// ```
/// use sse_client::ReadyState;
///
/// assert_eq!(ReadyState::Closed as u8, 2);
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[repr(u8)]
pub enum ReadyState {
    /// "The connection has not yet been established, or it was closed and the user agent is reconnecting."
    Connecting = 0,
    /// "The user agent has an open connection and is dispatching events as it receives them."
    Open = 1,
    /// "The connection is not open, and the user agent is not trying to reconnect."
    Closed = 2,
}

impl EventSource {
    /// An event source with the defaults.
    ///
    /// # Errors
    ///
    /// If the URL is not an `http` URL, or an `https` one without the feature `tls`.
    ///
    /// ```
    /// use sse_client::EventSource;
    ///
    /// assert!(EventSource::new("http://127.0.0.1:8080/events").is_ok());
    /// assert!(EventSource::new("/events").is_err());
    /// ```
    pub fn new(url: &str) -> Result<Self, BuildError> {
        Self::builder(url).build()
    }

    /// Begins to describe an event source: headers, body, timeouts, limits.
    ///
    /// ```
    /// # fn main() -> Result<(), sse_client::BuildError> {
    /// let source = sse_client::EventSource::builder("http://127.0.0.1:8080/events")
    ///     .header("X-Api-Key", "secret")
    ///     .build()?;
    /// # Ok(()) }
    /// ```
    pub fn builder(url: &str) -> Builder {
        Builder::new(url)
    }

    pub(crate) fn with_config(config: Config) -> Self {
        let mut decoder = Decoder::with_limits(config.limits);
        // The builder has checked the ID against these limits.
        let _ = decoder.set_last_event_id(&config.last_event_id);
        Self {
            config: Arc::new(config),
            decoder,
            schedule: Schedule::default(),
            phase: Phase::Idle,
        }
    }

    /// Waits for the next item. `None` once the source is closed.
    ///
    /// The future can be dropped at any time without losing anything.
    ///
    /// ```no_run
    /// # async fn print(source: &mut sse_client::EventSource) {
    /// while let Some(item) = source.next().await {
    ///     println!("{item:?}");
    /// }
    /// # }
    /// ```
    pub async fn next(&mut self) -> Option<Item> {
        poll_fn(|cx| self.poll_owned(cx)).await
    }

    /// Like [`next`](Self::next), but what comes from the stream is borrowed: nothing is allocated
    /// per event.
    ///
    /// ```no_run
    /// # async fn count(source: &mut sse_client::EventSource) -> usize {
    /// let mut bytes = 0;
    /// while let Some(item) = source.next_ref().await {
    ///     if let sse_client::ItemRef::Event(event) = item {
    ///         bytes += event.data().len();
    ///     }
    /// }
    /// # bytes }
    /// ```
    pub async fn next_ref(&mut self) -> Option<ItemRef<'_>> {
        let found = match self.next_at_hand() {
            Some(found) => found,
            None => match poll_fn(|cx| self.poll_step(cx)).await?.decoded() {
                Ok(found) => found,
                Err(other) => return Some(other),
            },
        };
        Some(self.decoded(found))
    }

    /// Whether the source is connecting, open or closed: as the last item that was taken left it.
    ///
    /// ```
    /// use sse_client::{EventSource, ReadyState};
    ///
    /// let source = EventSource::new("http://127.0.0.1:8080/events")?;
    /// assert_eq!(source.ready_state(), ReadyState::Connecting);
    /// # Ok::<(), sse_client::BuildError>(())
    /// ```
    pub fn ready_state(&self) -> ReadyState {
        match self.phase {
            Phase::Idle | Phase::Connecting(_) | Phase::Waiting(_) => ReadyState::Connecting,
            Phase::Open(_) => ReadyState::Open,
            Phase::Closed => ReadyState::Closed,
        }
    }

    /// The last event ID: what the next connection tells the server. Empty if there is none; at most
    /// 4 KiB, or what [`Limits`](crate::Limits) allow.
    ///
    /// ```
    /// let source = sse_client::EventSource::new("http://127.0.0.1:8080/events")?;
    /// assert_eq!(source.last_event_id(), "");
    /// # Ok::<(), sse_client::BuildError>(())
    /// ```
    pub fn last_event_id(&self) -> &str {
        self.decoder.last_event_id()
    }

    /// Ends the connection and the source. Nothing is delivered any more, not even what was already
    /// received.
    ///
    /// ```
    /// use sse_client::{EventSource, ReadyState};
    ///
    /// let mut source = EventSource::new("http://127.0.0.1:8080/events")?;
    /// assert_eq!(source.ready_state(), ReadyState::Connecting);
    /// source.close();
    /// assert_eq!(source.ready_state(), ReadyState::Closed);
    /// # Ok::<(), sse_client::BuildError>(())
    /// ```
    pub fn close(&mut self) {
        self.phase = Phase::Closed;
    }

    /// Connects again at once, from whatever state, with the last event ID and a fresh backoff. What
    /// an open connection still held is dropped.
    ///
    /// ```
    /// # let mut source = sse_client::EventSource::new("http://127.0.0.1:8080/events")?;
    /// source.close();
    /// source.restart();
    /// assert_eq!(source.ready_state(), sse_client::ReadyState::Connecting);
    /// # Ok::<(), sse_client::BuildError>(())
    /// ```
    pub fn restart(&mut self) {
        // The decoder forgets the block it was in when the next connection opens.
        self.schedule = Schedule::default();
        self.phase = Phase::Idle;
    }
}

impl fmt::Debug for EventSource {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("EventSource")
            .field("url", &self.config.url)
            .field("ready_state", &self.ready_state())
            .field("last_event_id", &self.last_event_id())
            .finish_non_exhaustive()
    }
}
