//! What can go wrong, in words for the caller. Depends on the response head only.

use crate::head::Head;
use std::error::Error as StdError;
use std::fmt;
use std::time::Duration;

/// What ended a connection or kept it from being made.
///
/// ```
/// use sse_client::ErrorKind;
///
/// fn is_the_keys_fault(kind: ErrorKind) -> bool {
///     matches!(kind, ErrorKind::Status(401 | 403))
/// }
/// assert!(is_the_keys_fault(ErrorKind::Status(401)) && !is_the_keys_fault(ErrorKind::Resolve));
/// assert_eq!(ErrorKind::Status(401).to_string(), "the server answered with status 401");
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum ErrorKind {
    /// The host's name has no address, or could not be looked up.
    Resolve,
    /// No connection could be made to any address of the host.
    Connect,
    /// The TLS handshake failed.
    Tls,
    /// The proxy refused, or its answer was not understood.
    Proxy,
    /// Looking up, connecting and the TLS handshake together took longer than the connect timeout.
    ConnectTimeout,
    /// No response head came within the head timeout.
    HeadTimeout,
    /// Nothing, not even a comment, came within the silence timeout.
    SilenceTimeout,
    /// The connection broke while reading or writing.
    Broken,
    /// The connection ended before the body did.
    Truncated,
    /// What the server sent is not HTTP/1.
    Malformed,
    /// The server ended the stream.
    Ended,
    /// The status is not 200. [`Error::response`] has the server's answer.
    Status(u16),
    /// The content is not `text/event-stream`. [`Error::response`] has the server's answer.
    ContentType,
    /// The content is compressed in a way that this build or this request does not read.
    ContentEncoding,
    /// The response head is larger than the limit.
    HeadTooLarge,
    /// A redirect was not followed.
    Redirect(RedirectError),
    /// A line, an event or an ID is larger than the limits; it was skipped. The connection goes on.
    Limit,
}

/// Why a redirect was not followed.
///
/// ```
/// use sse_client::{ErrorKind, RedirectError};
///
/// let kind = ErrorKind::Redirect(RedirectError::Downgrade);
/// assert_eq!(kind.to_string(), "a redirect from https to http was refused");
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum RedirectError {
    /// More redirects in a row than the limit.
    TooMany,
    /// The same request was redirected to before.
    Loop,
    /// The response has no `Location`.
    NoLocation,
    /// The `Location` is not a URL that this crate can request.
    InvalidLocation,
    /// From `https` to `http`, which the builder can allow.
    Downgrade,
    /// To `https`, without the feature `tls` of this crate.
    TlsNotBuilt,
}

impl fmt::Display for ErrorKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Resolve => "the host's name could not be resolved",
            Self::Connect => "no connection could be made",
            Self::Tls => "the TLS handshake failed",
            Self::Proxy => "the proxy did not open a connection",
            Self::ConnectTimeout => "connecting took too long",
            Self::HeadTimeout => "the server did not begin to answer in time",
            Self::SilenceTimeout => "the stream was silent for too long",
            Self::Broken => "the connection broke",
            Self::Truncated => "the connection ended before the response did",
            Self::Malformed => "the answer is not HTTP/1",
            Self::Ended => "the server ended the stream",
            Self::Status(204) => "the server said by status 204 that there is nothing to stream",
            Self::Status(status) => return write!(f, "the server answered with status {status}"),
            Self::ContentType => "the answer is not of the type text/event-stream",
            Self::ContentEncoding => "the answer is compressed in a way that was not asked for",
            Self::HeadTooLarge => "the response head is larger than the limit",
            Self::Redirect(RedirectError::TooMany) => "there were too many redirects",
            Self::Redirect(RedirectError::Loop) => "the redirects form a loop",
            Self::Redirect(RedirectError::NoLocation) => "a redirect has no Location",
            Self::Redirect(RedirectError::InvalidLocation) => {
                "a redirect leads to what is not an http or https URL"
            }
            Self::Redirect(RedirectError::Downgrade) => "a redirect from https to http was refused",
            Self::Redirect(RedirectError::TlsNotBuilt) => {
                "a redirect to https needs the feature `tls` of sse-client"
            }
            Self::Limit => "an event was skipped because it is larger than the limits",
        })
    }
}

/// A server's answer that is not an event stream: its head, and of its body at most 64 KiB.
///
/// ```
/// fn tell(error: &sse_client::Error) {
///     if let Some(response) = error.response() {
///         eprintln!("status {}: {}", response.head().status(), response.text());
///     }
/// }
/// ```
#[derive(Debug, Clone)]
pub struct Response {
    pub(crate) head: Head,
    pub(crate) body: Vec<u8>,
}

impl Response {
    /// The status and the header fields.
    ///
    /// ```
    /// fn kind(response: &sse_client::Response) -> Option<&str> {
    ///     response.head().header("content-type")
    /// }
    /// ```
    pub fn head(&self) -> &Head {
        &self.head
    }

    /// The body's first 64 KiB, or what came of it within two seconds.
    ///
    /// ```
    /// fn is_cut(response: &sse_client::Response) -> bool {
    ///     response.body().len() == 64 * 1024
    /// }
    /// ```
    pub fn body(&self) -> &[u8] {
        &self.body
    }

    /// The body as text; what is not UTF-8 is replaced.
    ///
    /// ```
    /// fn tell(response: &sse_client::Response) -> String {
    ///     format!("{}: {}", response.head().status(), response.text())
    /// }
    /// ```
    pub fn text(&self) -> String {
        String::from_utf8_lossy(&self.body).into_owned()
    }
}

/// One outcome that was not an event; what comes next is in [`is_final`](Self::is_final) and
/// [`retry_in`](Self::retry_in).
///
/// ```
/// fn tell(error: &sse_client::Error) {
///     match error.retry_in() {
///         Some(delay) => println!("{:?}, again in {delay:?}", error.kind()),
///         None if error.is_final() => println!("over: {error}"),
///         None => println!("the stream goes on: {error}"),
///     }
///     if let Some(response) = error.response() {
///         println!("{} {}", response.head().status(), response.text());
///     }
/// }
/// ```
#[derive(Debug)]
pub struct Error {
    failure: Box<Failure>,
    then: Then,
}

/// What an event source does after an error.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Then {
    Continue,
    Retry(Duration),
    Close,
}

impl Error {
    pub(crate) fn new(failure: Failure, then: Then) -> Self {
        Self { failure: Box::new(failure), then }
    }

    /// What happened.
    ///
    /// ```
    /// fn is_refused(error: &sse_client::Error) -> bool {
    ///     error.kind() == sse_client::ErrorKind::Status(401)
    /// }
    /// ```
    pub fn kind(&self) -> ErrorKind {
        self.failure.kind
    }

    /// Whether the event source is closed by this and will not connect again by itself.
    ///
    /// ```
    /// fn exit_code(error: &sse_client::Error) -> u8 {
    ///     u8::from(error.is_final())
    /// }
    /// ```
    pub fn is_final(&self) -> bool {
        self.then == Then::Close
    }

    /// The delay from this error to the next try. `None` when there is none, because the error is
    /// final or because the connection goes on ([`ErrorKind::Limit`]).
    ///
    /// ```
    /// fn seconds(error: &sse_client::Error) -> u64 {
    ///     error.retry_in().unwrap_or_default().as_secs()
    /// }
    /// ```
    pub fn retry_in(&self) -> Option<Duration> {
        match self.then {
            Then::Retry(delay) => Some(delay),
            _ => None,
        }
    }

    /// The server's answer, if it answered with something other than an event stream.
    ///
    /// ```
    /// fn reason(error: &sse_client::Error) -> String {
    ///     error.response().map(|it| it.text()).unwrap_or_default()
    /// }
    /// ```
    pub fn response(&self) -> Option<&Response> {
        self.failure.response.as_deref()
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.failure.kind.fmt(f)?;
        if let Some(source) = &self.failure.source {
            write!(f, ": {source}")?;
        }
        match self.then {
            Then::Continue | Then::Close => Ok(()),
            Then::Retry(delay) => write!(f, "; next try in {:.1} s", delay.as_secs_f64()),
        }
    }
}

impl StdError for Error {
    fn source(&self) -> Option<&(dyn StdError + 'static)> {
        self.failure.source.as_ref().map(|source| &**source as &(dyn StdError + 'static))
    }
}

/// An error before it is known what comes next.
#[derive(Debug)]
pub(crate) struct Failure {
    pub(crate) kind: ErrorKind,
    pub(crate) source: Option<Box<dyn StdError + Send + Sync>>,
    pub(crate) response: Option<Box<Response>>,
    /// The server may have acted on the request.
    pub(crate) request_sent: bool,
    pub(crate) retry_after: Option<Duration>,
}

impl Failure {
    pub(crate) fn new(kind: ErrorKind) -> Self {
        Self { kind, source: None, response: None, request_sent: false, retry_after: None }
    }

    pub(crate) fn because(
        kind: ErrorKind,
        source: impl Into<Box<dyn StdError + Send + Sync>>,
    ) -> Self {
        Self { source: Some(source.into()), ..Self::new(kind) }
    }

    pub(crate) fn after_request(self) -> Self {
        Self { request_sent: true, ..self }
    }
}

impl From<ErrorKind> for Failure {
    fn from(kind: ErrorKind) -> Self {
        Self::new(kind)
    }
}
