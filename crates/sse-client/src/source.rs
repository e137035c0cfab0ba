//! The event source: one connection after the other, until it is closed.

use crate::control::Handle;
use crate::driver::Driver;
use crate::item::{Item, ItemRef};
use crate::ready_state::ReadyState;
use futures_core::Stream;
use std::fmt;
use std::future::poll_fn;
use std::pin::Pin;
use std::task::{Context, Poll};

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
    driver: Driver,
}

impl EventSource {
    pub(crate) fn new_driven(driver: Driver) -> Self {
        Self { driver }
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
        poll_fn(|cx| self.driver.poll_owned(cx)).await
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
        let find = match self.driver.next_at_hand() {
            Some(find) => find,
            None => match poll_fn(|cx| self.driver.poll_step(cx)).await?.found() {
                Ok(find) => find,
                Err(other) => return Some(other),
            },
        };
        Some(self.driver.found(find))
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
    #[must_use]
    pub fn ready_state(&self) -> ReadyState {
        self.driver.ready_state()
    }

    /// The last event ID: what the next connection tells the server. Empty if there is none; at most
    /// 4 KiB, or what [`Limits`](crate::Limits) allow.
    ///
    /// ```
    /// let source = sse_client::EventSource::new("http://127.0.0.1:8080/events")?;
    /// assert_eq!(source.last_event_id(), "");
    /// # Ok::<(), sse_client::BuildError>(())
    /// ```
    #[must_use]
    pub fn last_event_id(&self) -> &str {
        self.driver.last_event_id()
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
        self.driver.close();
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
        self.driver.restart();
    }

    /// What closes or restarts the source from another task or thread, also while it waits there.
    ///
    /// ```
    /// use sse_client::{EventSource, ReadyState};
    ///
    /// let source = EventSource::new("http://127.0.0.1:8080/events")?;
    /// let handle = source.handle();
    /// std::thread::spawn(move || handle.close()).join().unwrap();
    /// assert_eq!(source.ready_state(), ReadyState::Closed);
    /// # Ok::<(), sse_client::BuildError>(())
    /// ```
    #[must_use]
    pub fn handle(&self) -> Handle {
        Handle::new(self.driver.control())
    }
}

impl fmt::Debug for EventSource {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("EventSource")
            .field("url", &self.driver.config().url)
            .field("ready_state", &self.ready_state())
            .field("last_event_id", &self.last_event_id())
            .finish_non_exhaustive()
    }
}

impl Stream for EventSource {
    type Item = Item;

    fn poll_next(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Item>> {
        self.driver.poll_owned(cx)
    }
}
