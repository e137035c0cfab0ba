//! The event source: one connection after the other, until it is closed.

use crate::builder::{BuildError, Builder};
use crate::config::Config;
use crate::error::{Error, Failure, Then};
use crate::establish::{Established, establish};
use crate::item::{Item, ItemRef, Open};
use crate::live::Live;
use crate::net::{self, Alarm, Watchdog};
use crate::schedule::{Next, Schedule};
use futures_core::Stream;
use sse_proto::Decoder;
use std::fmt;
use std::future::{Future, poll_fn};
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, ready};

/// A client of an event stream that comes back by itself.
///
/// Nothing happens until it is polled. It ends, that is, [`next`](Self::next) gives `None`, after
/// [`close`](Self::close) or after an error that [is final](Error::is_final).
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

/// The standard's `readyState`.
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

type Attempt = Pin<Box<dyn Future<Output = Result<Established, Failure>> + Send>>;

enum Phase {
    /// The next poll begins to connect.
    Idle,
    Connecting(Attempt),
    Open(Box<Live>),
    Waiting(Alarm),
    Closed,
}

/// What a poll found, without a borrow.
enum Step {
    Open(Box<Open>),
    /// The decoder has an item that the caller wants.
    Decoded,
    Error(Error),
}

impl EventSource {
    /// An event source with the defaults.
    ///
    /// # Errors
    ///
    /// If the URL is not an `http` URL, or an `https` one without the feature `tls`.
    pub fn new(url: &str) -> Result<Self, BuildError> {
        Self::builder(url).build()
    }

    /// Begins to describe an event source: headers, body, timeouts, limits.
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
        let step = match self.next_at_hand() {
            true => Step::Decoded,
            false => poll_fn(|cx| self.poll_step(cx)).await?,
        };
        Some(self.resolve(step))
    }

    /// Whether the source is connecting, open or closed.
    pub fn ready_state(&self) -> ReadyState {
        match self.phase {
            Phase::Idle | Phase::Connecting(_) | Phase::Waiting(_) => ReadyState::Connecting,
            Phase::Open(_) => ReadyState::Open,
            Phase::Closed => ReadyState::Closed,
        }
    }

    /// The last event ID: what the next connection tells the server. Empty if there is none.
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
        self.decoder.reset();
        self.schedule = Schedule::default();
        self.phase = Phase::Idle;
    }

    #[inline]
    fn poll_owned(&mut self, cx: &mut Context<'_>) -> Poll<Option<Item>> {
        let step = match self.next_at_hand() {
            true => Some(Step::Decoded),
            false => ready!(self.poll_step(cx)),
        };
        Poll::Ready(step.map(|step| self.resolve(step).into_owned()))
    }

    /// Whether the decoder has found an event in what has been read already: of a stream at full
    /// speed that is nearly every one. What it says no to is for [`poll_step`](Self::poll_step).
    #[inline]
    fn next_at_hand(&mut self) -> bool {
        let Phase::Open(live) = &mut self.phase else {
            return false;
        };
        live.advance(&mut self.decoder) && self.is_wanted()
    }

    /// Whether the caller wants to see what the decoder has found: an event, an error, or with
    /// details anything.
    #[inline]
    fn is_wanted(&mut self) -> bool {
        self.decoder.holds_event() || self.config.details || self.holds_error()
    }

    #[cold]
    fn holds_error(&mut self) -> bool {
        matches!(self.resolve(Step::Decoded), ItemRef::Error(_))
    }

    /// Gives what a step found the borrow of the buffers that it lies in.
    fn resolve(&mut self, step: Step) -> ItemRef<'_> {
        match step {
            Step::Open(open) => ItemRef::Open(*open),
            Step::Error(error) => ItemRef::Error(error),
            Step::Decoded => {
                let chunk = match &self.phase {
                    Phase::Open(live) => live.chunk(),
                    _ => &[],
                };
                self.decoder.item(chunk).map_or_else(ItemRef::too_large, ItemRef::from)
            }
        }
    }

    fn poll_step(&mut self, cx: &mut Context<'_>) -> Poll<Option<Step>> {
        loop {
            match &mut self.phase {
                Phase::Closed => return Poll::Ready(None),
                Phase::Idle => self.phase = Phase::Connecting(self.attempt()),
                Phase::Waiting(alarm) => {
                    ready!(alarm.poll(cx));
                    self.phase = Phase::Idle;
                }
                Phase::Connecting(attempt) => {
                    let step = match ready!(attempt.as_mut().poll(cx)) {
                        Ok(established) => self.opened(established),
                        Err(failure) => self.lost(failure),
                    };
                    return Poll::Ready(Some(step));
                }
                Phase::Open(live) => {
                    if let Err(failure) = ready!(live.poll_item(&mut self.decoder, cx)) {
                        return Poll::Ready(Some(self.lost(failure.after_request())));
                    }
                    if self.is_wanted() {
                        return Poll::Ready(Some(Step::Decoded));
                    }
                }
            }
        }
    }

    fn attempt(&self) -> Attempt {
        let config = Arc::clone(&self.config);
        let last_event_id = self.decoder.last_event_id().to_owned();
        Box::pin(async move { establish(&config, &last_event_id).await })
    }

    fn opened(&mut self, established: Established) -> Step {
        let Established { url, head, io, buffer, content } = established;
        let watchdog = self.config.timeouts.silence.map(Watchdog::new);
        self.decoder.reset();
        self.schedule.opened(net::now());
        self.phase = Phase::Open(Box::new(Live::new(io, buffer, content, watchdog)));
        Step::Open(Box::new(Open { url, head }))
    }

    fn lost(&mut self, failure: Failure) -> Step {
        let next = self.schedule.lost(
            &failure,
            &self.config.policy,
            self.decoder.reconnection_time(),
            net::now(),
            net::random(),
        );
        let then = match next {
            Next::Retry(delay) => {
                self.phase = Phase::Waiting(Alarm::after(delay));
                Then::Retry(delay)
            }
            Next::Fail => {
                self.phase = Phase::Closed;
                Then::Close
            }
        };
        Step::Error(Error::new(failure, then))
    }
}

impl Stream for EventSource {
    type Item = Item;

    fn poll_next(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Item>> {
        self.poll_owned(cx)
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
