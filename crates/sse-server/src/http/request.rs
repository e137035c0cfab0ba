//! A request as the handler sees it. Depends on the standard library only.

use std::borrow::Cow;
use std::net::SocketAddr;

/// A request: head, and the whole body if there was one.
///
/// Every part is already checked: the path is percent-decoded UTF-8 without control characters,
/// the body is no longer than [`Limits::body_bytes`](crate::Limits::body_bytes).
///
/// ```
/// use sse_server::{Request, Response};
///
/// fn greet(request: &Request) -> Response {
///     match request.query("name") {
///         Some(name) => Response::text(format!("hello {name}")),
///         None => Response::new(400),
///     }
/// }
/// ```
#[derive(Clone, Debug, Default)]
pub struct Request {
    pub(crate) method: String,
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
    /// The method, upper case: `GET`, `HEAD`, `POST`, `PUT`, `PATCH`, `DELETE` or `OPTIONS`.
    pub fn method(&self) -> &str {
        &self.method
    }

    /// The path, percent-decoded, beginning with a slash (`*` for `OPTIONS *`). It is never
    /// joined or normalised: `..` and an encoded slash come through as they were sent.
    pub fn path(&self) -> &str {
        &self.path
    }

    /// The value of the first query parameter called `name`, percent-decoded, `+` as a space.
    ///
    /// A sequence that does not decode stays as it was sent; bytes that are not UTF-8 become U+FFFD.
    pub fn query(&self, name: &str) -> Option<Cow<'_, str>> {
        self.query.split('&').find_map(|pair| {
            let (key, value) = pair.split_once('=').unwrap_or((pair, ""));
            (decode_query(key) == name).then(|| decode_query(value))
        })
    }

    /// The value of the first header called `name`, in whatever case.
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
    pub fn last_event_id(&self) -> Option<&str> {
        self.header("last-event-id").filter(|id| !id.is_empty())
    }

    /// The body; empty if there was none.
    pub fn body(&self) -> &[u8] {
        &self.body
    }

    /// The address of the other end: the client's, or the proxy's if there is one. `None` for a
    /// connection that was handed to [`Handle::serve`](crate::Handle::serve)
    /// without an address.
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

/// The decoded bytes, and whether every `%` was followed by two hexadecimal digits.
pub(crate) fn percent_decode(text: &str) -> (Vec<u8>, bool) {
    let mut parts = text.split('%');
    let mut decoded = parts.next().unwrap_or_default().as_bytes().to_vec();
    let mut valid = true;
    for part in parts {
        let digits = part.get(..2).filter(|pair| pair.bytes().all(|it| it.is_ascii_hexdigit()));
        let byte = digits.and_then(|pair| u8::from_str_radix(pair, 16).ok());
        valid &= byte.is_some();
        decoded.push(byte.unwrap_or(b'%'));
        decoded.extend_from_slice(&part.as_bytes()[digits.unwrap_or_default().len()..]);
    }
    (decoded, valid)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn request(query: &str, headers: &[(&str, &str)], minor: u8) -> Request {
        let headers = headers.iter().map(|(n, v)| ((*n).into(), (*v).into())).collect();
        Request { query: query.into(), minor, headers, ..Request::default() }
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
