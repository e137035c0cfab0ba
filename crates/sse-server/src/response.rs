//! What a handler answers. Starts nothing. Depends on `http` and `events`.

use std::borrow::Cow;
use std::fmt;
use std::future::Future;
use std::io;

use crate::events::BoxFuture;
use crate::http::answer::Head;
use crate::http::request::Method;
use crate::http::status::{HTML, Refusal, page};
use crate::{Cors, Events, Sink};

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

    /// An event stream, for GET: what came to a channel after the request's `Last-Event-ID`, then
    /// live; or what a closure writes, with choices about it.
    ///
    /// The stream's last chunk says that it is over, and the connection stays open for the next
    /// request. A client that waits for the end of the connection instead needs
    /// `.with_header("Connection", "close")`.
    ///
    /// ```
    /// use sse_server::{Channel, Replay, Request, Response};
    ///
    /// fn alerts(channel: &Channel, request: &Request) -> Response {
    ///     let alerts = channel.subscribe(request.last_event_id(), Replay::Live);
    ///     Response::events(alerts.with_filter(|entry| entry.event_type() == "alert"))
    /// }
    /// ```
    ///
    /// Several channels go over one connection, with one ID for all of them: see [`Channels`](crate::Channels). A state
    /// comes before its changes with a [`StateChannel`](crate::StateChannel).
    ///
    /// A choice about a stream stands on the stream; on a page it does not compile.
    ///
    /// ```compile_fail,E0599
    /// # use sse_server::Response;
    /// Response::html("<h1>hello</h1>").with_heartbeat(std::time::Duration::from_secs(5));
    /// ```
    pub fn events(events: impl Into<Events>) -> Self {
        let content = Content::Events(Box::new(events.into()));
        Self { content, ..Self::new(200) }.with_methods(&[Method::Get])
    }

    /// An event stream of this request's own, for GET and POST.
    ///
    /// `produce` gets the [`Sink`] and writes; it is dropped where it waits when the client leaves.
    /// When it returns `Ok` the stream ends properly; an error cuts the connection instead, so
    /// that the client knows the stream was not complete.
    ///
    /// A request may have 64 KiB of body; a long prompt needs more, from
    /// [`Limits::body_bytes`](crate::Limits::body_bytes).
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
        Self::events(Events::new(produce)).with_methods(&[Method::Get, Method::Post])
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
    #[must_use]
    pub fn status(&self) -> u16 {
        self.head.status
    }

    /// The first header called `name`, in whatever case, if the handler has set it.
    #[must_use]
    pub fn header(&self, name: &str) -> Option<&str> {
        let found = self.headers().find(|(known, _)| known.eq_ignore_ascii_case(name));
        found.map(|(_, value)| value)
    }

    /// The headers that the handler has set. The server adds its own when it answers.
    pub fn headers(&self) -> impl Iterator<Item = (&str, &str)> {
        self.head.headers()
    }

    /// The body; `None` for a stream, and for an answer that is still to be made.
    #[must_use]
    pub fn body(&self) -> Option<&[u8]> {
        match &self.content {
            Content::Bytes(body) => Some(body),
            _ => None,
        }
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
