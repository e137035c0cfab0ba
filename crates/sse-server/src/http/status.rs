//! What stands for a status: its reason phrase, a small page, and why the server answers by itself.
//! Depends on the standard library only.

use std::fmt;

/// Why the server itself answered a request, or turned a connection away, in place of the handler.
///
/// [`Stats::refused`](crate::Stats::refused) counts them.
///
/// ```
/// use sse_server::{Method, Refusal, Request};
///
/// let refusal = Request::new(Method::Get, "no/slash").unwrap_err();
/// assert_eq!((refusal, refusal.status()), (Refusal::Target, 400));
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[non_exhaustive]
pub enum Refusal {
    /// 400: the bytes are not an HTTP/1.1 request.
    Syntax,
    /// 400: the `Host` header is missing, not a host, or there are two.
    Host,
    /// 400: the request target is neither a valid path nor an `http` URL.
    Target,
    /// 400: how long the body is cannot be told, or is told in two ways.
    Length,
    /// 400: the body is not in chunks as it says, or a trailer is not a header.
    Chunks,
    /// 408: the head did not arrive within [`Limits::head_deadline`](crate::Limits::head_deadline).
    HeadDeadline,
    /// 408: the body did not arrive within [`Limits::body_deadline`](crate::Limits::body_deadline).
    BodyDeadline,
    /// 413: the body is larger than [`Limits::body_bytes`](crate::Limits::body_bytes).
    BodyBytes,
    /// 414: the request line alone is larger than [`Limits::head_bytes`](crate::Limits::head_bytes).
    TargetBytes,
    /// 417: the client expects what this server does not know.
    Expectation,
    /// 431: the headers are too many, or too large.
    Headers,
    /// 500: the handler, the guard or a CORS rule panicked.
    Panic,
    /// 500: a response of the handler cannot be sent: its status or one of its headers is invalid.
    Response,
    /// 501: the server does not know the method.
    Method,
    /// 501: the server knows no transfer coding but `chunked`.
    TransferCoding,
    /// 503: [`Limits::connections`](crate::Limits::connections) are open.
    Capacity,
    /// 503: [`Limits::connections_per_address`](crate::Limits::connections_per_address) are open.
    AddressCapacity,
    /// The system had no descriptor for a connection, which waits until it has.
    Descriptors,
    /// 505: the request is not HTTP/1.1 or HTTP/1.0.
    Version,
}

impl Refusal {
    /// The status that goes with it.
    #[must_use]
    pub const fn status(self) -> u16 {
        match self {
            Self::Syntax | Self::Host | Self::Target | Self::Length | Self::Chunks => 400,
            Self::HeadDeadline | Self::BodyDeadline => 408,
            Self::BodyBytes => 413,
            Self::TargetBytes => 414,
            Self::Expectation => 417,
            Self::Headers => 431,
            Self::Panic | Self::Response => 500,
            Self::Method | Self::TransferCoding => 501,
            Self::Capacity | Self::AddressCapacity | Self::Descriptors => 503,
            Self::Version => 505,
        }
    }
}

impl fmt::Display for Refusal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Syntax => "The request is not HTTP/1.1.",
            Self::Host => "The request needs one Host header, and in it a host.",
            Self::Target => "The request target is neither a valid path nor an http URL.",
            Self::Length => "The length of the request body cannot be told.",
            Self::Chunks => "The request body is not in chunks as it should be.",
            Self::HeadDeadline => "The request did not arrive in time.",
            Self::BodyDeadline => "The request body did not arrive in time.",
            Self::BodyBytes => "The request body is too large.",
            Self::TargetBytes => "The request line is too long.",
            Self::Expectation => "This server knows no expectation but 100-continue.",
            Self::Headers => "The headers of the request are too large, or too many.",
            Self::Panic | Self::Response => explanation(500),
            Self::Method => "This server does not know the method.",
            Self::TransferCoding => "This server knows no transfer coding but chunked.",
            Self::Capacity => "The server is at its capacity.",
            Self::AddressCapacity => "There are too many connections from this address.",
            Self::Descriptors => "The system has no room for another connection.",
            Self::Version => "This server speaks HTTP/1.1 and HTTP/1.0.",
        })
    }
}

impl std::error::Error for Refusal {}

pub(crate) const HTML: &str = "text/html; charset=utf-8";

/// The reason phrase of a status (RFC 9110, 15); empty for an unusual one.
pub(crate) fn reason(status: u16) -> &'static str {
    match status {
        200 => "OK",
        201 => "Created",
        202 => "Accepted",
        204 => "No Content",
        301 => "Moved Permanently",
        302 => "Found",
        303 => "See Other",
        304 => "Not Modified",
        307 => "Temporary Redirect",
        308 => "Permanent Redirect",
        400 => "Bad Request",
        401 => "Unauthorized",
        403 => "Forbidden",
        404 => "Not Found",
        405 => "Method Not Allowed",
        408 => "Request Timeout",
        409 => "Conflict",
        410 => "Gone",
        413 => "Content Too Large",
        414 => "URI Too Long",
        415 => "Unsupported Media Type",
        417 => "Expectation Failed",
        422 => "Unprocessable Content",
        429 => "Too Many Requests",
        431 => "Request Header Fields Too Large",
        500 => "Internal Server Error",
        501 => "Not Implemented",
        502 => "Bad Gateway",
        503 => "Service Unavailable",
        505 => "HTTP Version Not Supported",
        _ => "",
    }
}

/// What the page of a status says when nobody gave a reason.
pub(crate) fn explanation(status: u16) -> &'static str {
    match status {
        404 => "There is nothing at this address.",
        405 => "This address does not answer that method.",
        500 => "The server failed to answer this request.",
        503 => "The server is busy. Please try again in a moment.",
        _ => "",
    }
}

/// A page that says `status` and, in a sentence of HTML-safe text, why.
pub(crate) fn page(status: u16, why: &str) -> String {
    let reason = reason(status);
    format!(
        "<!doctype html>\n<html lang=\"en\">\n<meta charset=\"utf-8\">\n\
         <meta name=\"viewport\" content=\"width=device-width\">\n<title>{status} {reason}</title>\n\
         <style>:root {{ color-scheme: light dark; font: 1rem/1.5 system-ui, sans-serif }} \
         body {{ max-width: 36rem; margin: 15vh auto; padding: 0 1rem }}</style>\n\
         <h1>{status} {reason}</h1>\n<p>{why}</p>\n</html>\n"
    )
}
