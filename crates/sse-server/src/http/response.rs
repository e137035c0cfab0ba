//! What a handler answers. Depends on the standard library and on `Channel`; starts nothing.

use std::borrow::Cow;
use std::future::Future;
use std::io;
use std::pin::Pin;
use std::time::Duration;

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
/// never sent: the whole answer becomes a 500.
///
/// ```
/// use sse_server::Response;
///
/// let made = Response::new(201).header("Location", "/jobs/7").body("created");
/// ```
pub struct Response {
    pub(crate) status: u16,
    /// Without a value: the server must not send one of its own.
    pub(crate) headers: Vec<(Cow<'static, str>, Option<String>)>,
    /// As they stand in `Allow`.
    pub(crate) methods: Option<&'static str>,
    pub(crate) cors: Option<Cors>,
    pub(crate) content: Content,
    /// The longest duration for never.
    pub(crate) heartbeat: Duration,
    pub(crate) until: Option<BoxFuture<io::Result<()>>>,
}

pub(crate) enum Content {
    Bytes(Vec<u8>),
    Stream(Producer),
    Channel(Subscription),
    Later(BoxFuture<Response>),
}

impl Response {
    /// An answer with `status`, from 200 to 599. Without a body a status from 400 up gets a small page.
    pub fn new(status: u16) -> Self {
        Self {
            status,
            headers: Vec::new(),
            methods: None,
            cors: None,
            content: Content::Bytes(Vec::new()),
            heartbeat: HEARTBEAT,
            until: None,
        }
    }

    /// A page: 200, `text/html; charset=utf-8`, for GET and HEAD.
    pub fn html(page: impl Into<String>) -> Self {
        Self::new(200).header("Content-Type", HTML).methods("GET, HEAD").body(page.into())
    }

    /// Plain text: 200, `text/plain; charset=utf-8`.
    pub fn text(text: impl Into<String>) -> Self {
        Self::new(200).header("Content-Type", "text/plain; charset=utf-8").body(text.into())
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
        let content = Content::Stream(Box::new(move |sink| Box::pin(produce(sink))));
        Self { content, ..Self::new(200) }.methods("GET, HEAD, POST")
    }

    /// The events of `channel`, for GET: what came after the request's `Last-Event-ID`, then live.
    ///
    /// A client without `Last-Event-ID` begins with the next event ([`Response::replay`] changes
    /// that) and is told the channel's position first, in a block that fires no event: if its
    /// connection breaks before the first event, it misses nothing either.
    pub fn channel(channel: &Channel) -> Self {
        let channel = channel.shared.clone();
        let subscription =
            Subscription { channel, after: None, replay: Replay::Live, filter: None };
        Self { content: Content::Channel(subscription), ..Self::new(200) }.methods("GET, HEAD")
    }

    /// An answer that is made by a future, for handlers that have to wait for something. Only
    /// `response` counts: headers set on the outside are ignored.
    pub fn later(response: impl Future<Output = Response> + Send + 'static) -> Self {
        Self { content: Content::Later(Box::pin(response)), ..Self::new(200) }
    }

    /// Sets the body; `Content-Length` follows from it. Replaces a stream.
    pub fn body(mut self, body: impl Into<Vec<u8>>) -> Self {
        self.content = Content::Bytes(body.into());
        self
    }

    /// Sets a header, in place of the server's own of that name; `Connection: close` closes the
    /// connection after this answer.
    pub fn header(mut self, name: impl Into<Cow<'static, str>>, value: impl Into<String>) -> Self {
        self.headers.push((name.into(), Some(value.into())));
        self
    }

    /// Leaves out a header that the server would send by itself, such as `Cache-Control`.
    pub fn without_header(mut self, name: impl Into<Cow<'static, str>>) -> Self {
        self.headers.push((name.into(), None));
        self
    }

    /// Lets pages of other origins read this answer, in place of the server's rule.
    pub fn cors(mut self, cors: Cors) -> Self {
        self.cors = Some(cors);
        self
    }

    /// The methods that this answer is for, as in `GET, HEAD`; others get 405 with `Allow`. OPTIONS
    /// is always answered.
    pub fn methods(mut self, methods: &'static str) -> Self {
        self.methods = Some(methods);
        self
    }

    /// How long a stream may be silent before a heartbeat is sent (default 15 s); `None` for never.
    ///
    /// Heartbeats keep proxies from closing an idle stream, and let the server notice a client
    /// that vanished without a word. They fire no event in the client.
    pub fn heartbeat(mut self, interval: impl Into<Option<Duration>>) -> Self {
        self.heartbeat = interval.into().unwrap_or(Duration::MAX).max(Duration::from_millis(10));
        self
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
    pub fn until(mut self, end: impl Future<Output = ()> + Send + 'static) -> Self {
        self.until = Some(Box::pin(async {
            end.await;
            Ok(())
        }));
        self
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

    fn subscription(mut self, change: impl FnOnce(&mut Subscription)) -> Self {
        if let Content::Channel(subscription) = &mut self.content {
            change(subscription);
        }
        self
    }

    /// The answer to a request that the handler never sees; the connection closes after it.
    pub(crate) fn refusal((status, why): Refusal) -> Self {
        let response = Self::new(status).header("Content-Type", HTML).body(page(status, why));
        let response = response.header("Connection", "close");
        if status == 503 { response.header("Retry-After", "5") } else { response }
    }

    /// Adds a header that the handler has neither set nor left out.
    pub(crate) fn default_header(&mut self, name: &'static str, value: &str) {
        if !self.headers.iter().any(|(known, _)| known.eq_ignore_ascii_case(name)) {
            self.headers.push((name.into(), Some(value.to_owned())));
        }
    }
}
