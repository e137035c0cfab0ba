//! Request heads: bytes in, a request or a refusal out (RFC 9112). Pure; depends on `httparse`.

use crate::body::Framing;
use crate::request::percent_decode;
use crate::{Limits, Request};

/// An answer to a request that the handler never sees; the connection closes after it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Refusal {
    pub(crate) status: u16,
    pub(crate) why: &'static str,
}

pub(crate) const fn refuse<T>(status: u16, why: &'static str) -> Result<T, Refusal> {
    Err(Refusal { status, why })
}

/// A complete request head.
#[derive(Debug)]
pub(crate) struct Head {
    pub(crate) request: Request,
    pub(crate) framing: Framing,
    /// The client waits for `100 Continue` before it sends the body.
    pub(crate) expects_continue: bool,
}

/// Finds the head in bytes that arrive piece by piece, in linear time: a head is parsed when its
/// end has come, and before that only each time the bytes have doubled, to refuse junk early.
#[derive(Debug, Default)]
pub(crate) struct HeadReader {
    scanned: usize,
    tried: usize,
}

impl HeadReader {
    /// Takes a head off the front of `buffer`, if it is there.
    pub(crate) fn take(
        &mut self,
        buffer: &mut Vec<u8>,
        limits: &Limits,
    ) -> Result<Option<Head>, Refusal> {
        let ended = self.end_has_come(buffer);
        if ended || buffer.len() >= self.tried.saturating_mul(2) {
            self.tried = buffer.len().max(1);
            if let Some((head, length)) = parse(buffer, limits)? {
                if length > limits.head_bytes {
                    return too_long(buffer, limits);
                }
                buffer.drain(..length);
                *self = Self::default();
                return Ok(Some(head));
            }
        }
        if buffer.len() > limits.head_bytes { too_long(buffer, limits) } else { Ok(None) }
    }

    /// Whether an empty line stands in the part of `buffer` not looked at before.
    fn end_has_come(&mut self, buffer: &[u8]) -> bool {
        let from = self.scanned.saturating_sub(3);
        self.scanned = buffer.len();
        let fresh = buffer.get(from..).unwrap_or_default();
        fresh.windows(2).any(|pair| pair == b"\n\n")
            || fresh.windows(3).any(|three| three == b"\n\r\n")
    }
}

fn too_long<T>(buffer: &[u8], limits: &Limits) -> Result<T, Refusal> {
    if buffer.iter().take(limits.head_bytes).any(|&byte| byte == b'\n') {
        refuse(431, "The headers of the request are too large.")
    } else {
        refuse(414, "The request line is too long.")
    }
}

fn parse(buffer: &[u8], limits: &Limits) -> Result<Option<(Head, usize)>, Refusal> {
    let mut headers = vec![httparse::EMPTY_HEADER; limits.headers];
    let mut parsed = httparse::Request::new(&mut headers);
    let length = match parsed.parse(buffer) {
        Ok(httparse::Status::Complete(length)) => length,
        Ok(httparse::Status::Partial) => return Ok(None),
        Err(httparse::Error::TooManyHeaders) => {
            return refuse(431, "The request has too many headers.");
        }
        Err(httparse::Error::Version) if names_a_version(buffer) => {
            return refuse(505, "This server speaks HTTP/1.1 and HTTP/1.0.");
        }
        Err(_) => return refuse(400, "The request is not HTTP/1.1."),
    };
    let minor = parsed.version.unwrap_or(1);
    let headers: Vec<(String, String)> = parsed
        .headers
        .iter()
        .map(|header| {
            (header.name.to_ascii_lowercase(), String::from_utf8_lossy(header.value).into_owned())
        })
        .collect();
    let method = known_method(parsed.method.unwrap_or_default())?;
    check_host(&headers, minor)?;
    let (path, query) = target(parsed.path.unwrap_or_default(), method)?;
    let framing = Framing::of(method, &headers, minor, limits)?;
    let expects_continue = expectation(&headers, minor)?;
    let request = Request {
        method: method.to_owned(),
        path,
        query: query.to_owned(),
        minor,
        headers,
        body: Vec::new(),
        peer: None,
    };
    Ok(Some((Head { request, framing, expects_continue }, length)))
}

/// Whether the first line ends with `HTTP/` and a version: then the version is refused, not the line.
fn names_a_version(buffer: &[u8]) -> bool {
    let line = buffer.split(|&byte| byte == b'\n').find(|line| line.len() > 1).unwrap_or_default();
    let word = line.trim_ascii_end().rsplit(|&byte| byte == b' ').next().unwrap_or_default();
    matches!(word, [b'H', b'T', b'T', b'P', b'/', major, rest @ ..]
        if major.is_ascii_digit() && (rest.is_empty() || matches!(rest, [b'.', minor] if minor.is_ascii_digit())))
}

fn known_method(method: &str) -> Result<&str, Refusal> {
    match method {
        "GET" | "HEAD" | "POST" | "PUT" | "PATCH" | "DELETE" | "OPTIONS" => Ok(method),
        _ => refuse(501, "This server does not know the method."),
    }
}

/// "A server MUST respond with a 400 status code to any HTTP/1.1 request message that lacks a Host
/// header field and to any request message that contains more than one Host header field line or a
/// Host header field with an invalid field value." (RFC 9112, 3.2)
fn check_host(headers: &[(String, String)], minor: u8) -> Result<(), Refusal> {
    let mut hosts = headers.iter().filter(|(name, _)| name == "host").map(|(_, value)| value);
    match (hosts.next(), hosts.next()) {
        (None, _) if minor == 0 => Ok(()),
        (Some(host), None) if host.bytes().all(is_host_byte) => Ok(()),
        (None, _) => refuse(400, "The Host header is missing."),
        (Some(_), Some(_)) => refuse(400, "There is more than one Host header."),
        (Some(_), None) => refuse(400, "The Host header is not a host."),
    }
}

fn is_host_byte(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || b"-._~!$&'()*+,;=:[]%".contains(&byte)
}

/// Path and query of a request target in origin, absolute or asterisk form (RFC 9112, 3.2).
fn target<'a>(target: &'a str, method: &str) -> Result<(String, &'a str), Refusal> {
    if target == "*" && method == "OPTIONS" {
        return Ok(("*".to_owned(), ""));
    }
    let origin_form = if target.starts_with('/') {
        target
    } else {
        let Some((scheme, rest)) = target.split_once("://") else {
            return refuse(400, "The request target is neither a path nor a URL.");
        };
        if !["http", "https"].iter().any(|known| scheme.eq_ignore_ascii_case(known)) {
            return refuse(400, "The request target is not an http URL.");
        }
        let authority = rest.find(['/', '?']).unwrap_or(rest.len());
        rest.get(authority..).unwrap_or_default()
    };
    if origin_form.contains('#') {
        return refuse(400, "The request target has a fragment.");
    }
    let (path, query) = origin_form.split_once('?').unwrap_or((origin_form, ""));
    let (decoded, valid) = percent_decode(if path.is_empty() { b"/" } else { path.as_bytes() });
    match String::from_utf8(decoded) {
        Ok(path) if valid && !path.chars().any(char::is_control) => Ok((path, query)),
        _ => refuse(400, "The path of the request is not valid."),
    }
}

fn expectation(headers: &[(String, String)], minor: u8) -> Result<bool, Refusal> {
    match headers.iter().find(|(name, _)| name == "expect") {
        Some((_, value)) if value.eq_ignore_ascii_case("100-continue") => Ok(minor > 0),
        Some(_) => refuse(417, "This server knows no expectation but 100-continue."),
        None => Ok(false),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(bytes: &[u8]) -> Result<Option<Head>, u16> {
        HeadReader::default()
            .take(&mut bytes.to_vec(), &Limits::default())
            .map_err(|refusal| refusal.status)
    }

    fn path(target: &str) -> Result<String, u16> {
        let head = format!("GET {target} HTTP/1.1\r\nHost: a\r\n\r\n");
        read(head.as_bytes()).map(|head| head.unwrap().request.path)
    }

    #[test]
    fn every_chunking_gives_the_same_head() {
        let bytes = b"\r\nPOST /a%20b?x=1 HTTP/1.1\r\nHost: a:80\r\nContent-Length: 2\r\nExpect: 100-Continue\r\n\r\nhiGET";
        for first in 0..bytes.len() {
            for second in first..bytes.len() {
                let (mut reader, mut buffer, mut found) = (HeadReader::default(), Vec::new(), None);
                for piece in [&bytes[..first], &bytes[first..second], &bytes[second..]] {
                    buffer.extend_from_slice(piece);
                    if found.is_none() {
                        found = reader.take(&mut buffer, &Limits::default()).unwrap();
                    }
                }
                let head = found.unwrap();
                assert_eq!(head.request.path(), "/a b");
                assert_eq!(head.request.query("x").unwrap(), "1");
                assert_eq!(head.framing, Framing::Length(2));
                assert!(head.expects_continue);
                assert_eq!(buffer, b"hiGET");
            }
        }
    }

    #[test]
    fn one_byte_at_a_time_too() {
        let (mut reader, mut buffer) = (HeadReader::default(), Vec::new());
        let bytes = b"GET / HTTP/1.1\nHost: a\n\n";
        for (count, &byte) in bytes.iter().enumerate() {
            buffer.push(byte);
            let head = reader.take(&mut buffer, &Limits::default()).unwrap();
            assert_eq!(head.is_some(), count + 1 == bytes.len());
        }
    }

    #[test]
    fn refusals() {
        let long = format!("GET /{} HTTP/1.1\r\n", "x".repeat(20_000));
        let large = format!("GET / HTTP/1.1\r\nHost: a\r\nx: {}\r\n\r\n", "x".repeat(20_000));
        let many = format!("GET / HTTP/1.1\r\nHost: a\r\n{}\r\n", "x: y\r\n".repeat(200));
        for (bytes, status) in [
            ("GET /\r\n\r\n", 400),
            ("GET\r\n\r\n", 400),
            ("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", 505),
            ("GET / HTTP/3\r\n\r\n", 505),
            ("GET / HTTP/1.2\r\nHost: a\r\n\r\n", 505),
            ("GET / XTTP/1.1\r\nHost: a\r\n\r\n", 400),
            ("\u{1}\u{2}\u{3}\u{fe}junk", 400),
            ("G@T / HTTP/1.1\r\nHost: a\r\n\r\n", 400),
            ("get / HTTP/1.1\r\nHost: a\r\n\r\n", 501),
            ("BREW / HTTP/1.1\r\nHost: a\r\n\r\n", 501),
            ("TRACE / HTTP/1.1\r\nHost: a\r\n\r\n", 501),
            ("CONNECT a:80 HTTP/1.1\r\nHost: a\r\n\r\n", 501),
            ("GET / HTTP/1.1\r\n\r\n", 400),
            ("GET / HTTP/1.1\r\nHost: a\r\nHost: a\r\n\r\n", 400),
            ("GET / HTTP/1.1\r\nHost: a b\r\n\r\n", 400),
            ("GET / HTTP/1.1\r\nHost: a/b\r\n\r\n", 400),
            ("GET / HTTP/1.1\r\nHost : a\r\n\r\n", 400),
            ("GET / HTTP/1.1\r\nHost: a\r\n folded: b\r\n\r\n", 400),
            ("GET / HTTP/1.1\r\nHost: a\r\nx: a\rb\r\n\r\n", 400),
            ("GET / HTTP/1.1\r\nHost: a\r\nExpect: 200-ok\r\n\r\n", 417),
            (long.as_str(), 414),
            (large.as_str(), 431),
            (many.as_str(), 431),
        ] {
            assert_eq!(read(bytes.as_bytes()).map(|_| ()), Err(status), "{bytes:.60}");
        }
    }

    #[test]
    fn targets() {
        assert_eq!(path("/"), Ok("/".into()));
        assert_eq!(path("/%E4%B8%AD?q"), Ok("/中".into()));
        assert_eq!(path("http://a.example/b?c"), Ok("/b".into()));
        assert_eq!(path("HTTPS://a.example"), Ok("/".into()));
        assert_eq!(path("http://a.example?c"), Ok("/".into()));
        for bad in ["*", "a", "ftp://a/", "/%", "/%g1", "/%00", "/%0a", "/%ff", "/a#b"] {
            assert_eq!(path(bad), Err(400), "{bad}");
        }
    }

    #[test]
    fn half_a_head_is_no_error() {
        assert!(read(b"GET / HTTP/1.1\r\nHost: a\r\n").unwrap().is_none());
        assert!(read(b"").unwrap().is_none());
        assert!(read(b"\r\n\r\n\r\n").unwrap().is_none());
        assert!(read(b"GET / HTTP/1.0\r\n\r\n").unwrap().is_some());
    }
}
