//! Event streams as a handler describes them: where the events come from, and what goes with them.
//! Depends on `sink` and on sse-channel's subscriptions; starts nothing.

use std::fmt;
use std::future::Future;
use std::io;
use std::pin::Pin;
use std::sync::Arc;
use std::time::Duration;

use sse_channel::{Block, Framing, Subscription};
use sse_proto::Frame;

use crate::Sink;

pub(crate) type BoxFuture<T> = Pin<Box<dyn Future<Output = T> + Send>>;
pub(crate) type Producer = Box<dyn FnOnce(Sink) -> BoxFuture<io::Result<()>> + Send>;

/// Silence before a heartbeat, unless the handler says otherwise.
const HEARTBEAT: Duration = Duration::from_secs(15);

/// An event stream: the content of [`Response::events`](crate::Response::events).
///
/// It is made from a [`Subscription`], of one channel or of [several](crate::Channels), or by [`Events::new`] from a closure.
///
/// ```
/// use sse_server::{Channel, Events, Frame, Replay, Request, Response, sleep};
/// use std::time::Duration;
///
/// fn news(channel: &Channel, request: &Request) -> Response {
///     let news = channel.subscribe(request.last_event_id(), Replay::Last(10));
///     let hour = sleep(Duration::from_secs(3600));
///     Response::events(Events::from(news).with_heartbeat(Duration::from_secs(5)).with_end(hour))
/// }
/// ```
#[must_use]
pub struct Events {
    pub(crate) source: Source,
    pub(crate) beat: Beat,
    pub(crate) end: Option<BoxFuture<io::Result<()>>>,
    /// Whether a comment comes at once.
    pub(crate) opens: bool,
}

/// Where events come from.
pub(crate) enum Source {
    Producer(Producer),
    Subscription(Subscription),
}

/// What is sent into a silence.
#[derive(Clone, PartialEq, Eq, Hash)]
pub(crate) struct Beat {
    /// Milliseconds of silence, the most for never. Each client of a channel has one: so it is small.
    millis: u32,
    /// The block of an event, in place of a comment.
    pub(crate) event: Option<Arc<Vec<u8>>>,
}

impl Beat {
    /// A comment after so long a silence.
    pub(crate) fn every(interval: Duration) -> Self {
        Self { millis: interval.as_millis().try_into().unwrap_or(u32::MAX), event: None }
    }

    /// How long there may be silence; the longest duration for ever.
    pub(crate) fn interval(&self) -> Duration {
        match self.millis {
            u32::MAX => Duration::MAX,
            millis => Duration::from_millis(millis.into()),
        }
    }

    /// As a chunk of HTTP/1.1.
    pub(crate) fn chunk(&self) -> Block {
        let Some(event) = &self.event else { return Block::heartbeat(Framing::Chunked) };
        let mut chunk = format!("{:x}\r\n", event.len()).into_bytes();
        chunk.extend_from_slice(event);
        chunk.extend_from_slice(b"\r\n");
        chunk.into()
    }
}

impl From<Subscription> for Events {
    fn from(subscription: Subscription) -> Self {
        Self::of(Source::Subscription(subscription))
    }
}

impl Events {
    /// A stream of one request's own, that `produce` writes: see [`Response::stream`](crate::Response::stream).
    pub fn new<Fut>(produce: impl FnOnce(Sink) -> Fut + Send + 'static) -> Self
    where
        Fut: Future<Output = io::Result<()>> + Send + 'static,
    {
        Self::of(Source::Producer(Box::new(move |sink| Box::pin(produce(sink)))))
    }

    fn of(source: Source) -> Self {
        Self { source, beat: Beat::every(HEARTBEAT), end: None, opens: false }
    }

    /// How long the stream may be silent before a heartbeat is sent, 15 s by default and 10 ms at
    /// least; `None` for never.
    ///
    /// Heartbeats keep proxies from closing an idle stream, and let the server notice a client
    /// that vanished without a word. They fire no event in the client.
    pub fn with_heartbeat(mut self, interval: impl Into<Option<Duration>>) -> Self {
        let interval = interval.into().unwrap_or(Duration::MAX).max(Duration::from_millis(10));
        self.beat.millis = Beat::every(interval).millis;
        self
    }

    /// Sends `event` as the heartbeat, in place of a comment, so that a page can see that the
    /// connection is alive: a browser shows comments to nobody.
    ///
    /// ```
    /// use sse_server::{Channel, Events, Frame, Replay, Request, Response};
    ///
    /// fn news(channel: &Channel, request: &Request) -> Response {
    ///     let news = Events::from(channel.subscribe(request.last_event_id(), Replay::Live));
    ///     let ping = Frame::message("").with_event_type("ping").expect("no line break");
    ///     Response::events(news.with_heartbeat_event(&ping))
    /// }
    /// ```
    pub fn with_heartbeat_event(mut self, event: &Frame<'_>) -> Self {
        let mut block = Vec::new();
        event.append_to(&mut block);
        self.beat.event = Some(Arc::new(block));
        self
    }

    /// Sends an empty comment right after the response head: some proxies at the edge of a network
    /// hold the head back until the first byte of the body comes.
    pub fn with_first_byte(mut self) -> Self {
        self.opens = true;
        self
    }

    /// Ends the stream when `end` completes, between two events: when a token expires, for
    /// instance. The client will come back and be asked for a new one.
    pub fn with_end(mut self, end: impl Future<Output = ()> + Send + 'static) -> Self {
        self.end = Some(Box::pin(async {
            end.await;
            Ok(())
        }));
        self
    }
}

impl fmt::Debug for Events {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let heartbeat = self.beat.interval();
        f.debug_struct("Events").field("heartbeat", &heartbeat).finish_non_exhaustive()
    }
}
