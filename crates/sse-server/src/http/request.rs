//! A request as the handler sees it. Depends on `target`.

use std::borrow::Cow;
use std::fmt;
use std::net::SocketAddr;

use super::status::Refusal;
use super::target::{Target, percent_decode};

/// What a request asks for (RFC 9110, 9). Others are refused with 501.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
#[expect(missing_docs, reason = "their names say it")]
pub enum Method {
    Get,
    Head,
    Post,
    Put,
    Patch,
    Delete,
    Options,
}

impl Method {
    pub(crate) const ALL: [Self; 7] =
        [Self::Get, Self::Head, Self::Post, Self::Put, Self::Patch, Self::Delete, Self::Options];

    /// Its name, as it stands in a request.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Get => "GET",
            Self::Head => "HEAD",
            Self::Post => "POST",
            Self::Put => "PUT",
            Self::Patch => "PATCH",
            Self::Delete => "DELETE",
            Self::Options => "OPTIONS",
        }
    }
}

impl fmt::Display for Method {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// A request: head, and the whole body if there was one.
///
/// Every part is already checked: the path is percent-decoded UTF-8 without control characters,
/// the body is no longer than [`Limits::body_bytes`](crate::Limits::body_bytes).
///
/// A handler can be tested with one that was made by hand:
///
/// ```
/// use sse_server::{Method, Request, Response};
///
/// fn greet(request: &Request) -> Response {
///     match request.query("name") {
///         Some(name) => Response::text(format!("hello {name}")),
///         None => Response::new(400),
///     }
/// }
///
/// # fn main() -> Result<(), sse_server::Refusal> {
/// let response = greet(&Request::new(Method::Get, "/?name=Ada")?);
/// assert_eq!(response.body(), Some(&b"hello Ada"[..]));
/// # Ok(())
/// # }
/// ```
#[derive(Clone, Debug)]
pub struct Request {
    pub(crate) method: Method,
    pub(crate) path: String,
    pub(crate) query: String,
    /// Minor version of HTTP/1: 0 or 1.
    pub(crate) minor: u8,
    /// Names in lower case; bytes of values that are not UTF-8 are replaced by U+FFFD.
    pub(crate) headers: Vec<(String, String)>,
    pub(crate) body: Vec<u8>,
    /// `None` for a body in chunks.
    pub(crate) body_length: Option<usize>,
    /// The client waits for `100 Continue` before it sends the body.
    pub(crate) expects_continue: bool,
    pub(crate) peer: Option<SocketAddr>,
}

impl Request {
    /// A request made by hand, to test a handler with; one from a client is made by the server.
    ///
    /// # Errors
    ///
    /// [`Refusal::Target`]: `target` is neither a path, with or without a query, nor an `http` URL.
    pub fn new(method: Method, target: &str) -> Result<Self, Refusal> {
        let Target { path, query, .. } = Target::parse(target)?;
        Ok(Self { path, query: query.to_owned(), ..Self::bare(method, 1) })
    }

    /// A request for `/` with nothing in it.
    pub(crate) fn bare(method: Method, minor: u8) -> Self {
        Self {
            method,
            path: "/".to_owned(),
            query: String::new(),
            minor,
            headers: Vec::new(),
            body: Vec::new(),
            body_length: Some(0),
            expects_continue: false,
            peer: None,
        }
    }

    /// Adds a header.
    #[must_use]
    pub fn with_header(mut self, name: &str, value: impl Into<String>) -> Self {
        self.headers.push((name.to_ascii_lowercase(), value.into()));
        self
    }

    /// Sets the body.
    #[must_use]
    pub fn with_body(mut self, body: impl Into<Vec<u8>>) -> Self {
        self.body = body.into();
        self
    }

    /// Sets the address of the other end.
    #[must_use]
    pub fn with_peer(mut self, peer: SocketAddr) -> Self {
        self.peer = Some(peer);
        self
    }

    /// The method.
    #[must_use]
    pub fn method(&self) -> Method {
        self.method
    }

    /// The path, beginning with a slash. It is percent-decoded once, an encoded slash too
    /// (`/a%2Fb` is `/a/b`), and never joined or normalised: `..` comes through as it was sent.
    #[must_use]
    pub fn path(&self) -> &str {
        &self.path
    }

    /// The value of the first query parameter called `name`, percent-decoded, `+` as a space.
    ///
    /// A sequence that does not decode stays as it was sent; bytes that are not UTF-8 become U+FFFD.
    #[must_use]
    pub fn query(&self, name: &str) -> Option<Cow<'_, str>> {
        self.query.split('&').find_map(|pair| {
            let (key, value) = pair.split_once('=').unwrap_or((pair, ""));
            (decode_query(key) == name).then(|| decode_query(value))
        })
    }

    /// The value of the first header called `name`, in whatever case.
    #[must_use]
    pub fn header(&self, name: &str) -> Option<&str> {
        self.all(name).next()
    }

    /// The values of all headers called `name`.
    pub(crate) fn all(&self, name: &str) -> impl Iterator<Item = &str> {
        let named = move |(key, _): &(&str, &str)| key.eq_ignore_ascii_case(name);
        self.headers().filter(named).map(|(_, value)| value)
    }

    /// All headers in the order they came, names in lower case.
    pub fn headers(&self) -> impl Iterator<Item = (&str, &str)> {
        self.headers.iter().map(|(name, value)| (name.as_str(), value.as_str()))
    }

    /// The `Last-Event-ID` header: what a client that reestablishes its connection has seen last.
    /// `None` if it is absent or empty.
    #[must_use]
    pub fn last_event_id(&self) -> Option<&str> {
        self.header("last-event-id").filter(|id| !id.is_empty())
    }

    /// The body; empty if there was none.
    #[must_use]
    pub fn body(&self) -> &[u8] {
        &self.body
    }

    /// The address of the other end: the client's, or the proxy's if there is one. `None` for a
    /// connection that was handed to [`Handle::serve`](crate::Handle::serve)
    /// without an address.
    #[must_use]
    pub fn peer(&self) -> Option<SocketAddr> {
        self.peer
    }

    /// Whether the connection may be used again after an ordinary answer.
    pub(crate) fn keeps_alive(&self) -> bool {
        let says = |option: &str| {
            let mut tokens = self.all("connection").flat_map(|value| value.split(','));
            tokens.any(|token| token.trim().eq_ignore_ascii_case(option))
        };
        if self.minor == 0 { says("keep-alive") && !says("close") } else { !says("close") }
    }
}

fn decode_query(text: &str) -> Cow<'_, str> {
    if !text.contains(['%', '+']) {
        return Cow::Borrowed(text);
    }
    let (decoded, _) = percent_decode(&text.replace('+', " "));
    Cow::Owned(String::from_utf8_lossy(&decoded).into_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn request(query: &str, headers: &[(&str, &str)], minor: u8) -> Request {
        let request = Request { query: query.into(), ..Request::bare(Method::Get, minor) };
        headers.iter().fold(request, |it, (name, value)| it.with_header(name, *value))
    }

    #[test]
    fn query_parameters_are_decoded() {
        let request = request("a=1&b=x+y%20z%C3%A9&%61=2&c&d=%zz&e=%", &[], 1);
        assert_eq!(request.query("a").unwrap(), "1");
        assert_eq!(request.query("b").unwrap(), "x y zé");
        assert_eq!(request.query("c").unwrap(), "");
        assert_eq!(request.query("d").unwrap(), "%zz");
        assert_eq!(request.query("e").unwrap(), "%");
        assert!(request.query("f").is_none());
    }

    #[test]
    fn connection_header_decides_what_follows() {
        for (minor, value, kept) in [
            (1, None, true),
            (1, Some("close"), false),
            (1, Some("Upgrade, Close"), false),
            (0, None, false),
            (0, Some("Keep-Alive"), true),
            (0, Some("keep-alive, close"), false),
        ] {
            let headers: Vec<_> = value.map(|value| ("connection", value)).into_iter().collect();
            assert_eq!(request("", &headers, minor).keeps_alive(), kept, "{minor} {value:?}");
        }
    }

    #[test]
    fn an_empty_last_event_id_is_none() {
        assert!(request("", &[("last-event-id", "")], 1).last_event_id().is_none());
        assert_eq!(request("", &[("last-event-id", "7-1")], 1).last_event_id(), Some("7-1"));
    }
}
