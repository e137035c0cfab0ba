//! What can go wrong, each with its words. Depends on nothing.

use std::fmt;

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
    /// No event that counts came within the event timeout.
    EventTimeout,
    /// The connection broke while reading or writing.
    Broken,
    /// The connection ended before the body did.
    Truncated,
    /// What the server sent is not HTTP/1.
    Malformed,
    /// The server ended the stream.
    Ended,
    /// The status is not 200. [`Error::response`](crate::Error::response) has the server's answer.
    Status(u16),
    /// The content is not of a type that counts as an event stream: the error says of which it is.
    /// [`Error::response`](crate::Error::response) has the server's answer.
    ContentType,
    /// The content is compressed in a way that this build or this request does not read.
    ContentEncoding,
    /// The body is framed in a way that nobody asked for: a `Transfer-Encoding` other than `chunked`.
    TransferEncoding,
    /// The response head is larger than the limit.
    HeadTooLarge,
    /// A redirect was not followed.
    Redirect(RedirectError),
    /// A line, an event or an ID is larger than the limits; it was skipped. The connection goes on.
    Limit,
    /// What the builder was told cannot be sent; only from [`Builder::send`](crate::Builder::send).
    Build,
    /// The hook before an attempt failed, or what it has set cannot be sent.
    Attempt,
    /// A body is larger than the limit of [`Builder::body_limit`](crate::Builder::body_limit).
    BodyTooLarge,
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
            Self::EventTimeout => "no event came for too long",
            Self::Broken => "the connection broke",
            Self::Truncated => "the connection ended before the response did",
            Self::Malformed => "the answer is not HTTP/1",
            Self::Ended => "the server ended the stream",
            Self::Status(204) => "the server said by status 204 that there is nothing to stream",
            Self::Status(status) => return write!(f, "the server answered with status {status}"),
            Self::ContentType => "the answer is not of the type text/event-stream",
            Self::ContentEncoding => "the answer is compressed in a way that was not asked for",
            Self::TransferEncoding => "the answer is framed in a way that was not asked for",
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
            Self::Build => "the request is not one that can be sent",
            Self::Attempt => "the request could not be prepared",
            Self::BodyTooLarge => "the body is larger than the limit",
        })
    }
}
