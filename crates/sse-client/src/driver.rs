//! What an event source does when it is polled: connects, delivers, waits, and connects again.

use crate::attempt::History;
use crate::buffer::Buffer;
use crate::config::Config;
use crate::connecting;
use crate::content::Content;
use crate::control::{Control, Signal};
use crate::error::{Error, Then};
use crate::exchange::Exchanged;
use crate::failure::Failure;
use crate::item::{Item, ItemRef, Open};
use crate::kind::ErrorKind;
use crate::live::{Find, Live, Watch};
use crate::net::{self, Alarm, Io, Watchdog};
use crate::ready_state::ReadyState;
use crate::schedule::{Next, Schedule, Service};
use crate::step::Step;
use crate::strays::Strays;
use sse_proto::{Decoder, Found, LimitExceeded};
use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, ready};

type Attempt = Pin<Box<dyn Future<Output = Result<Exchanged, Failure>> + Send>>;

enum Phase {
    /// The next poll begins to connect.
    Idle,
    Connecting(Attempt),
    Open(Box<Live>),
    Waiting(Alarm),
    Closed,
}

/// The state of one event source.
pub(crate) struct Driver {
    config: Arc<Config>,
    decoder: Decoder,
    schedule: Schedule,
    phase: Phase,
    control: Arc<Control>,
    /// So many attempts to connect were begun.
    attempts: u32,
    last_outcome: Option<ErrorKind>,
    /// An event has come on this connection.
    delivered: bool,
    /// The last event ID when this connection was asked for.
    begun_at: String,
    /// Events are looked at before they are delivered.
    watches: bool,
    /// The last event that was wanted has been delivered.
    done: bool,
}

impl Driver {
    pub(crate) fn new(config: Arc<Config>) -> Self {
        let mut decoder = Decoder::with_limits(config.limits);
        // The builder has checked the ID against these limits.
        let _ = decoder.set_last_event_id(&config.last_event_id);
        let watches = config.watches_events();
        Self {
            config,
            decoder,
            schedule: Schedule::default(),
            phase: Phase::Idle,
            control: Arc::default(),
            attempts: 0,
            last_outcome: None,
            delivered: false,
            begun_at: String::new(),
            watches,
            done: false,
        }
    }

    /// One whose first connection is open already.
    pub(crate) fn open(config: Arc<Config>, io: Io, buffer: Buffer, content: Content) -> Self {
        let mut driver = Self::new(config);
        driver.attempts = 1;
        driver.begun_at = driver.decoder.last_event_id().to_owned();
        driver.stream(io, buffer, content);
        driver
    }

    pub(crate) fn config(&self) -> &Config {
        &self.config
    }

    pub(crate) fn control(&self) -> &Arc<Control> {
        &self.control
    }

    pub(crate) fn last_event_id(&self) -> &str {
        self.decoder.last_event_id()
    }

    pub(crate) fn ready_state(&self) -> ReadyState {
        match (self.control.peek(), &self.phase) {
            (Some(Signal::Close), _) => ReadyState::Closed,
            (Some(Signal::Restart), _) => ReadyState::Connecting,
            (None, Phase::Closed) => ReadyState::Closed,
            (None, _) if self.done => ReadyState::Closed,
            (None, Phase::Open(_)) => ReadyState::Open,
            (None, _) => ReadyState::Connecting,
        }
    }

    pub(crate) fn close(&mut self) {
        self.control.take();
        self.phase = Phase::Closed;
    }

    pub(crate) fn restart(&mut self) {
        self.control.take();
        self.done = false;
        // The decoder forgets the block it was in when the next connection opens.
        self.schedule = Schedule::default();
        self.phase = Phase::Idle;
    }

    #[inline]
    pub(crate) fn poll_owned(&mut self, cx: &mut Context<'_>) -> Poll<Option<Item>> {
        let find = match self.next_at_hand() {
            Some(find) => find,
            None => match ready!(self.poll_step(cx)).map(Step::found) {
                None => return Poll::Ready(None),
                Some(Err(other)) => return Poll::Ready(Some(other.into_owned())),
                Some(Ok(find)) => find,
            },
        };
        Poll::Ready(Some(self.found(find).into_owned()))
    }

    /// What the caller wants of what has been read already: of a stream at full speed that is nearly
    /// every event. If it is `None`, [`poll_step`](Self::poll_step) goes on.
    pub(crate) fn next_at_hand(&mut self) -> Option<Find> {
        if self.done || self.control.is_raised() {
            return None;
        }
        let Phase::Open(live) = &mut self.phase else {
            return None;
        };
        live.advance(&mut self.decoder).filter(|find| self.is_wanted(*find))
    }

    /// Takes note of what was found, and says whether the caller wants to see it: an event, an
    /// error, or with details anything. Once for each thing that is found.
    #[inline]
    fn is_wanted(&mut self, find: Find) -> bool {
        match find {
            Find::Decoded(Found::Event) => {
                self.delivered = true;
                if self.watches {
                    self.watch();
                }
                true
            }
            Find::Decoded(Found::Limit) => true,
            _ => self.config.details,
        }
    }

    /// Looks at an event before it is delivered: whether it is the last, and whether it is progress.
    #[cold]
    fn watch(&mut self) {
        let Phase::Open(live) = &mut self.phase else { return };
        // One whose text is over a limit is an error, and no progress.
        let Ok(sse_proto::Item::Event(event)) = self.decoder.item(Found::Event, live.chunk())
        else {
            return;
        };
        self.done = self.config.until.as_ref().is_some_and(|until| until(&event));
        let beats = self.config.heartbeats.iter().any(|it| it == event.event_type());
        if !beats {
            live.progressed();
        }
    }

    /// The item of what was found, with the borrow of the buffers that it lies in.
    ///
    /// Inlined, so that an event is put together where it is used, and stays in registers: written to memory and read as
    /// another enum it would be waited for. So nothing here hands the place of the item to a function.
    #[inline(always)]
    pub(crate) fn found(&mut self, find: Find) -> ItemRef<'_> {
        let Phase::Open(live) = &self.phase else {
            return ItemRef::LastEventId(self.decoder.last_event_id());
        };
        let item = match find {
            Find::Decoded(Found::Event) => self.decoder.item(Found::Event, live.chunk()),
            Find::Decoded(found) => rare(&mut self.decoder, found, live.chunk()),
            Find::Stray => return ItemRef::Ignored(live.stray()),
        };
        match item {
            Ok(sse_proto::Item::Event(event)) => ItemRef::Event(event),
            Ok(sse_proto::Item::Comment(text)) => ItemRef::Comment(text),
            Ok(sse_proto::Item::ReconnectionTime(time)) => ItemRef::ReconnectionTime(time),
            Ok(sse_proto::Item::LastEventId(id)) => ItemRef::LastEventId(id),
            Err(limit) => ItemRef::Error(too_large(limit)),
        }
    }

    pub(crate) fn poll_step(&mut self, cx: &mut Context<'_>) -> Poll<Option<Step>> {
        self.obey();
        let step = self.advance(cx);
        if step.is_ready() {
            return step;
        }
        // A signal that came since is seen here; one that comes later wakes the task.
        self.control.register(cx.waker());
        if !self.control.is_raised() {
            return Poll::Pending;
        }
        self.obey();
        self.advance(cx)
    }

    /// Does what a handle has asked for, and what the last event has.
    fn obey(&mut self) {
        match self.control.take() {
            Some(Signal::Close) => self.close(),
            Some(Signal::Restart) => self.restart(),
            None if self.done => self.phase = Phase::Closed,
            None => {}
        }
    }

    fn advance(&mut self, cx: &mut Context<'_>) -> Poll<Option<Step>> {
        loop {
            match &mut self.phase {
                Phase::Closed => return Poll::Ready(None),
                Phase::Idle => self.phase = Phase::Connecting(self.attempt()),
                Phase::Waiting(alarm) => {
                    ready!(alarm.poll(cx));
                    self.phase = Phase::Idle;
                }
                Phase::Connecting(attempt) => {
                    let outcome = ready!(attempt.as_mut().poll(cx));
                    // Before memory for the stream is asked for: so it can be the same.
                    self.phase = Phase::Idle;
                    let step = match outcome {
                        Ok(exchanged) => self.opened(exchanged),
                        Err(failure) => self.lost(failure),
                    };
                    return Poll::Ready(Some(step));
                }
                Phase::Open(live) => match ready!(live.poll_find(&mut self.decoder, cx)) {
                    Ok(find) if self.is_wanted(find) => {
                        return Poll::Ready(Some(Step::Found(find)));
                    }
                    Ok(_) => {}
                    Err(failure) => return Poll::Ready(Some(self.lost(failure))),
                },
            }
        }
    }

    fn attempt(&mut self) -> Attempt {
        let config = Arc::clone(&self.config);
        self.attempts = self.attempts.saturating_add(1);
        let history = History {
            number: self.attempts,
            failures: self.schedule.failures(),
            last_outcome: self.last_outcome,
        };
        let id = self.decoder.last_event_id().to_owned();
        self.begun_at.clone_from(&id);
        self.delivered = false;
        Box::pin(async move { connecting::open(&config, history, &id).await })
    }

    fn opened(&mut self, exchanged: Exchanged) -> Step {
        let Exchanged { url, head, io, buffer, content } = exchanged;
        match content {
            Err(failure) => self.lost(failure),
            Ok(content) => {
                self.stream(io, buffer, content);
                Step::Open(Open::new(url, head))
            }
        }
    }

    /// Begins to read a stream.
    fn stream(&mut self, io: Io, buffer: Buffer, content: Content) {
        let timeouts = &self.config.timeouts;
        let watch = Watch {
            silence: timeouts.silence.map(Watchdog::new),
            events: timeouts.event.map(Watchdog::new),
            strays: self.config.details.then(|| Strays::new(self.config.limits.comment)),
        };
        self.decoder.reset();
        self.schedule.opened(net::now());
        self.phase = Phase::Open(Box::new(Live::new(io, buffer, content, watch)));
    }

    fn lost(&mut self, failure: Failure) -> Step {
        let id = self.decoder.last_event_id();
        let service = Service {
            reconnection_time: self.decoder.reconnection_time(),
            delivered: self.delivered || id != self.begun_at,
            resumes: self.config.resumes_by_get(id),
        };
        self.last_outcome = Some(failure.kind);
        let policy = &self.config.policy;
        let next = self.schedule.lost(&failure, policy, service, net::now(), net::random());
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

/// What is no event.
#[cold]
fn rare<'a>(
    decoder: &'a mut Decoder,
    found: Found,
    chunk: &'a [u8],
) -> Result<sse_proto::Item<'a>, LimitExceeded> {
    decoder.item(found, chunk)
}

#[cold]
fn too_large(limit: LimitExceeded) -> Error {
    Error::new(Failure::because(ErrorKind::Limit, limit), Then::Continue)
}
