//! What a handler answers. Depends on the standard library and on `Channel`; starts nothing.

use std::borrow::Cow;
use std::future::Future;
use std::io;
use std::pin::Pin;
use std::time::Duration;

use crate::channel::Subscription;
use crate::head::Refusal;
use crate::page::page;
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
    pub(crate) headers: Vec<(Cow<'static, str>, String)>,
    pub(crate) without: Vec<Cow<'static, str>>,
    pub(crate) methods: Option<Vec<String>>,
    pub(crate) cors: Option<Cors>,
    pub(crate) content: Content,
    pub(crate) heartbeat: Option<Duration>,
    pub(crate) until: Option<BoxFuture<()>>,
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
            without: Vec::new(),
            methods: None,
            cors: None,
            content: Content::Bytes(Vec::new()),
            heartbeat: Some(HEARTBEAT),
            until: None,
        }
    }

    /// A page: 200, `text/html; charset=utf-8`, for GET and HEAD.
    pub fn html(page: impl Into<String>) -> Self {
        Self::new(200)
            .content_type("text/html; charset=utf-8")
            .methods(&["GET", "HEAD"])
            .body(page.into())
    }

    /// Plain text: 200, `text/plain; charset=utf-8`.
    pub fn text(text: impl Into<String>) -> Self {
        Self::new(200).content_type("text/plain; charset=utf-8").body(text.into())
    }

    /// 404 with a small page.
    pub fn not_found() -> Self {
        Self::new(404)
    }

    /// 405 with a small page; `allowed` goes into the `Allow` header.
    pub fn method_not_allowed(allowed: &[&str]) -> Self {
        Self::new(405).header("Allow", allowed.join(", "))
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
    pub fn stream<F, Fut>(produce: F) -> Self
    where
        F: FnOnce(Sink) -> Fut + Send + 'static,
        Fut: Future<Output = io::Result<()>> + Send + 'static,
    {
        let content = Content::Stream(Box::new(move |sink| Box::pin(produce(sink))));
        Self { content, ..Self::new(200) }.methods(&["GET", "HEAD", "POST"])
    }

    /// The events of `channel`, for GET: what came after the request's `Last-Event-ID`, then live.
    ///
    /// A client without `Last-Event-ID` begins with the next event ([`Response::replay`] changes
    /// that) and is told the channel's position first, in a block that fires no event: if its
    /// connection breaks before the first event, it misses nothing either.
    pub fn channel(channel: &Channel) -> Self {
        let content = Content::Channel(Subscription::new(channel));
        Self { content, ..Self::new(200) }.methods(&["GET", "HEAD"])
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
        self.headers.push((name.into(), value.into()));
        self
    }

    /// Leaves out a header that the server would send by itself, such as `Cache-Control`.
    pub fn without_header(mut self, name: impl Into<Cow<'static, str>>) -> Self {
        self.without.push(name.into());
        self
    }

    /// Sets `Content-Type`.
    pub fn content_type(self, value: impl Into<String>) -> Self {
        self.header("Content-Type", value)
    }

    /// Lets pages of `origin` read this answer; `*` for all origins.
    pub fn allow_origin(self, origin: &str) -> Self {
        self.cors(if origin == "*" { Cors::any() } else { Cors::list([origin]) })
    }

    /// Lets pages of other origins read this answer, in place of the server's rule.
    pub fn cors(mut self, cors: Cors) -> Self {
        self.cors = Some(cors);
        self
    }

    /// The methods that this answer is for; others get 405 with `Allow`. OPTIONS is always answered.
    pub fn methods(mut self, methods: &[&str]) -> Self {
        self.methods = Some(methods.iter().map(|&method| method.to_owned()).collect());
        self
    }

    /// How long a stream may be silent before a heartbeat is sent (default 15 s); `None` for never.
    ///
    /// Heartbeats keep proxies from closing an idle stream, and let the server notice a client
    /// that vanished without a word. They fire no event in the client.
    pub fn heartbeat(mut self, interval: impl Into<Option<Duration>>) -> Self {
        self.heartbeat = interval.into().map(|interval| interval.max(Duration::from_millis(10)));
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
        self.until = Some(Box::pin(end));
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
    pub(crate) fn refusal(refusal: Refusal) -> Self {
        let Refusal { status, why } = refusal;
        let response = Self::new(status)
            .content_type("text/html; charset=utf-8")
            .header("Connection", "close")
            .body(page(status, why));
        if status == 503 { response.header("Retry-After", "5") } else { response }
    }

    pub(crate) fn add_header(&mut self, name: &'static str, value: &str) {
        self.headers.push((name.into(), value.to_owned()));
    }

    /// Adds a header that the handler has neither set nor left out.
    pub(crate) fn default_header(&mut self, name: &'static str, value: &str) {
        let mut known = self.headers.iter().map(|(known, _)| known).chain(&self.without);
        if !known.any(|known| known.eq_ignore_ascii_case(name)) {
            self.add_header(name, value);
        }
    }

    /// Whether the handler wants the connection closed after this.
    pub(crate) fn closes(&self) -> bool {
        let mut connection =
            self.headers.iter().filter(|(name, _)| name.eq_ignore_ascii_case("connection"));
        connection.any(|(_, value)| value.eq_ignore_ascii_case("close"))
    }
}
