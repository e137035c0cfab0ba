//! What a handler answers. Starts nothing. Depends on `http`, on `sink` and on `Channel`.

use std::borrow::Cow;
use std::fmt;
use std::future::Future;
use std::io;
use std::pin::Pin;
use std::time::Duration;

use crate::http::answer::Head;
use crate::http::request::Method;
use crate::http::status::{HTML, Refusal, page};
use crate::subscriber::Subscription;
use crate::{Channel, Cors, Entry, Replay, Sink};

pub(crate) type BoxFuture<T> = Pin<Box<dyn Future<Output = T> + Send>>;
pub(crate) type Producer = Box<dyn FnOnce(Sink) -> BoxFuture<io::Result<()>> + Send>;

/// How long a stream stays silent before a heartbeat, unless the handler says otherwise.
const HEARTBEAT: Duration = Duration::from_secs(15);

/// The answer to a request: a page, an event stream, or a status.
///
/// A header set here replaces the one the server would send by itself. A name or value that could
/// not stand in a response head (a line break, say) or that concerns the framing of the message is
/// never sent: the whole answer becomes a 500, and the log says why.
///
/// ```
/// use sse_server::Response;
///
/// let made = Response::new(201).with_header("Location", "/jobs/7").with_body("created");
/// assert_eq!((made.status(), made.header("location")), (201, Some("/jobs/7")));
/// ```
#[must_use]
pub struct Response {
    pub(crate) head: Head,
    pub(crate) content: Content,
}

pub(crate) enum Content {
    Bytes(Vec<u8>),
    Events(Box<Events>),
    Later(BoxFuture<Response>),
}

/// An event stream.
pub(crate) struct Events {
    pub(crate) source: Source,
    /// The longest duration for never.
    pub(crate) heartbeat: Duration,
    pub(crate) until: Option<BoxFuture<io::Result<()>>>,
}

/// Where events come from.
pub(crate) enum Source {
    Producer(Producer),
    Channel(Subscription),
}

impl fmt::Debug for Response {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Head { status, methods, cors, .. } = &self.head;
        let mut response = f.debug_struct("Response");
        response.field("status", status).field("headers", &self.headers().collect::<Vec<_>>());
        response.field("methods", methods).field("cors", cors);
        response.field("body", &self.body().map(<[u8]>::len)).finish_non_exhaustive()
    }
}

impl Response {
    /// An answer with `status`, from 200 to 599. Without a body a status from 400 up gets a small page.
    pub fn new(status: u16) -> Self {
        Self { head: Head::new(status), content: Content::Bytes(Vec::new()) }
    }

    /// A page: 200, `text/html; charset=utf-8`, for GET.
    pub fn html(page: impl Into<String>) -> Self {
        let page = Self::new(200).with_body(page.into());
        page.with_header("Content-Type", HTML).with_methods(&[Method::Get])
    }

    /// Plain text: 200, `text/plain; charset=utf-8`.
    pub fn text(text: impl Into<String>) -> Self {
        let text = Self::new(200).with_body(text.into());
        text.with_header("Content-Type", "text/plain; charset=utf-8")
    }

    /// 404 with a small page.
    pub fn not_found() -> Self {
        Self::new(404)
    }

    /// An event stream of this request's own, for GET and POST.
    ///
    /// `produce` gets the [`Sink`] and writes; it is dropped where it waits when the client leaves.
    /// When it returns `Ok` the stream ends properly; an error cuts the connection instead, so
    /// that the client knows the stream was not complete.
    ///
    /// ```
    /// use sse_server::{Frame, Response, Sink};
    ///
    /// let count = Response::stream(async move |mut sink: Sink| {
    ///     for n in 1..=3 {
    ///         sink.send(&Frame::message(&n.to_string())).await?;
    ///         sse_server::sleep(std::time::Duration::from_secs(1)).await;
    ///     }
    ///     Ok(())
    /// });
    /// ```
    pub fn stream<Fut>(produce: impl FnOnce(Sink) -> Fut + Send + 'static) -> Self
    where
        Fut: Future<Output = io::Result<()>> + Send + 'static,
    {
        let source = Source::Producer(Box::new(move |sink| Box::pin(produce(sink))));
        Self::events(source).with_methods(&[Method::Get, Method::Post])
    }

    /// The events of `channel`, for GET: what came after the request's `Last-Event-ID`, then live.
    ///
    /// A client without `Last-Event-ID` begins with the next event ([`Response::replay`] changes
    /// that) and is told the channel's position first, in a block that fires no event: if its
    /// connection breaks before the first event, it misses nothing either.
    pub fn channel(channel: &Channel) -> Self {
        let channel = channel.log().clone();
        let subscription =
            Subscription { channel, after: None, replay: Replay::Live, filter: None };
        Self::events(Source::Channel(subscription)).with_methods(&[Method::Get])
    }

    fn events(source: Source) -> Self {
        let events = Events { source, heartbeat: HEARTBEAT, until: None };
        Self { content: Content::Events(Box::new(events)), ..Self::new(200) }
    }

    /// An answer that is made by a future, for handlers that have to wait for something. What is
    /// set on the outside counts more than what `response` says: headers, methods, CORS, a body.
    pub fn later(response: impl Future<Output = Response> + Send + 'static) -> Self {
        Self { content: Content::Later(Box::pin(response)), ..Self::new(200) }
    }

    /// Sets the body, in place of any content; `Content-Length` follows from it.
    pub fn with_body(mut self, body: impl Into<Vec<u8>>) -> Self {
        self.content = Content::Bytes(body.into());
        self
    }

    /// Sets a header, in place of one set before and of the server's own of that name;
    /// `Connection: close` closes the connection after this answer, a stream too.
    pub fn with_header(
        mut self,
        name: impl Into<Cow<'static, str>>,
        value: impl Into<String>,
    ) -> Self {
        self.head.set(name, Some(value.into()));
        self
    }

    /// Adds a line of a header that may have several, such as `Set-Cookie`.
    pub fn with_added_header(
        mut self,
        name: impl Into<Cow<'static, str>>,
        value: impl Into<String>,
    ) -> Self {
        self.head.add(name, value.into());
        self
    }

    /// Leaves out a header that the server would send by itself, such as `Cache-Control`.
    pub fn without_header(mut self, name: impl Into<Cow<'static, str>>) -> Self {
        self.head.set(name, None);
        self
    }

    /// Lets pages of other origins read this answer, in place of the server's rule.
    pub fn with_cors(mut self, cors: Cors) -> Self {
        self.head.cors = Some(cors);
        self
    }

    /// The methods that this answer is for; others get 405 with `Allow`. HEAD goes with GET, and
    /// OPTIONS is always answered.
    ///
    /// ```
    /// use sse_server::{Method, Response};
    ///
    /// let said = Response::new(204).with_methods(&[Method::Post]);
    /// ```
    pub fn with_methods(mut self, methods: &'static [Method]) -> Self {
        self.head.methods = Some(methods);
        self
    }

    /// The status; that of [`Response::later`] is 200 until it is made.
    pub fn status(&self) -> u16 {
        self.head.status
    }

    /// The first header called `name`, in whatever case, if the handler has set it.
    pub fn header(&self, name: &str) -> Option<&str> {
        let found = self.headers().find(|(known, _)| known.eq_ignore_ascii_case(name));
        found.map(|(_, value)| value)
    }

    /// The headers that the handler has set. The server adds its own when it answers.
    pub fn headers(&self) -> impl Iterator<Item = (&str, &str)> {
        self.head.headers()
    }

    /// The body; `None` for a stream, and for an answer that is still to be made.
    pub fn body(&self) -> Option<&[u8]> {
        match &self.content {
            Content::Bytes(body) => Some(body),
            _ => None,
        }
    }

    /// How long a stream may be silent before a heartbeat is sent (default 15 s); `None` for never.
    ///
    /// Heartbeats keep proxies from closing an idle stream, and let the server notice a client
    /// that vanished without a word. They fire no event in the client.
    pub fn heartbeat(self, interval: impl Into<Option<Duration>>) -> Self {
        let interval = interval.into().unwrap_or(Duration::MAX).max(Duration::from_millis(10));
        self.with_events(|events| events.heartbeat = interval)
    }

    /// Ends a stream when `end` completes, between two events: when a token expires, for instance.
    /// The client will come back and be asked for a new one.
    ///
    /// ```
    /// use sse_server::{Channel, Response, sleep};
    /// use std::time::Duration;
    ///
    /// fn for_an_hour(channel: &Channel) -> Response {
    ///     Response::channel(channel).until(sleep(Duration::from_secs(3600)))
    /// }
    /// ```
    pub fn until(self, end: impl Future<Output = ()> + Send + 'static) -> Self {
        let end = Box::pin(async {
            end.await;
            Ok(())
        });
        self.with_events(|events| events.until = Some(end))
    }

    /// Where a client without `Last-Event-ID` begins in a channel.
    pub fn replay(self, replay: Replay) -> Self {
        self.subscription(|subscription| subscription.replay = replay)
    }

    /// Resumes a channel after `last_event_id` in place of the request's `Last-Event-ID` header,
    /// for clients that cannot send it. An empty one counts as none.
    pub fn resume_after(self, last_event_id: &str) -> Self {
        self.subscription(|subscription| subscription.after = Some(last_event_id.to_owned()))
    }

    /// Sends only those events of a channel for which `wanted` says yes. The client's last event
    /// ID moves past the others too, with the next heartbeat.
    ///
    /// ```
    /// use sse_server::{Channel, Request, Response};
    ///
    /// fn alerts(channel: &Channel) -> Response {
    ///     Response::channel(channel).filter(|entry| entry.event_type() == "alert")
    /// }
    /// ```
    pub fn filter(self, wanted: impl Fn(&Entry) -> bool + Send + Sync + 'static) -> Self {
        self.subscription(|subscription| subscription.filter = Some(Box::new(wanted)))
    }

    fn subscription(self, change: impl FnOnce(&mut Subscription)) -> Self {
        self.with_events(|events| {
            if let Source::Channel(subscription) = &mut events.source {
                change(subscription);
            }
        })
    }

    fn with_events(mut self, change: impl FnOnce(&mut Events)) -> Self {
        if let Content::Events(events) = &mut self.content {
            change(events);
        }
        self
    }

    /// The answer to a request that the handler never sees; the connection closes after it.
    pub(crate) fn refusal(why: Refusal) -> Self {
        let status = why.status();
        let response = Self::new(status).with_header("Content-Type", HTML);
        let response = response.with_body(page(status, &why.to_string()));
        let response = response.with_header("Connection", "close");
        if status == 503 { response.with_header("Retry-After", "5") } else { response }
    }
}
