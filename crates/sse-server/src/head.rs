//! Request heads: bytes in, a request and the length of its body, or a refusal, out (RFC 9112).
//! Pure; depends on `httparse`.

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

pub(crate) fn too_long<T>(head: &[u8]) -> Result<T, Refusal> {
    if head.contains(&b'\n') {
        refuse(431, "The headers of the request are too large.")
    } else {
        refuse(414, "The request line is too long.")
    }
}

/// The head at the beginning of `buffer` and its length, if it is complete.
pub(crate) fn parse(buffer: &[u8], limits: &Limits) -> Result<Option<(Head, usize)>, Refusal> {
    let mut headers = vec![httparse::EMPTY_HEADER; limits.headers];
    let mut parsed = httparse::Request::new(&mut headers);
    let length = match parsed.parse(buffer) {
        Ok(httparse::Status::Complete(length)) => length,
        Ok(httparse::Status::Partial) => return Ok(None),
        Err(httparse::Error::TooManyHeaders) => {
            return refuse(431, "The request has too many headers.");
        }
        Err(httparse::Error::Version) if buffer.windows(6).any(|it| it == b" HTTP/") => {
            return refuse(505, "This server speaks HTTP/1.1 and HTTP/1.0.");
        }
        Err(_) => return refuse(400, "The request is not HTTP/1.1."),
    };
    if length > limits.head_bytes {
        return too_long(&buffer[..limits.head_bytes]);
    }
    let owned = |header: &httparse::Header<'_>| {
        let value = String::from_utf8_lossy(header.value).into_owned();
        (header.name.to_ascii_lowercase(), value)
    };
    let mut request = Request {
        method: known_method(parsed.method.unwrap_or_default())?.to_owned(),
        minor: parsed.version.unwrap_or(1),
        headers: parsed.headers.iter().map(owned).collect(),
        ..Request::default()
    };
    check_host(&request)?;
    (request.path, request.query) = target(parsed.path.unwrap_or_default(), &request.method)?;
    let framing = Framing::of(&request, limits)?;
    let expects_continue = expectation(&request)?;
    Ok(Some((Head { request, framing, expects_continue }, length)))
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
fn check_host(request: &Request) -> Result<(), Refusal> {
    let mut hosts = request.all("host");
    match (hosts.next(), hosts.next()) {
        (None, _) if request.minor == 0 => Ok(()),
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
fn target(target: &str, method: &str) -> Result<(String, String), Refusal> {
    if target == "*" && method == "OPTIONS" {
        return Ok(("*".to_owned(), String::new()));
    }
    let origin_form = if target.starts_with('/') {
        target
    } else {
        let (scheme, rest) = target.split_once("://").unwrap_or_default();
        if !["http", "https"].iter().any(|known| scheme.eq_ignore_ascii_case(known)) {
            return refuse(400, "The request target is neither a path nor an http URL.");
        }
        let authority = rest.find(['/', '?']).unwrap_or(rest.len());
        rest.get(authority..).unwrap_or_default()
    };
    if origin_form.contains('#') {
        return refuse(400, "The request target has a fragment.");
    }
    let (path, query) = origin_form.split_once('?').unwrap_or((origin_form, ""));
    let (decoded, valid) = percent_decode(if path.is_empty() { "/" } else { path });
    match String::from_utf8(decoded) {
        Ok(path) if valid && !path.chars().any(char::is_control) => Ok((path, query.to_owned())),
        _ => refuse(400, "The path of the request is not valid."),
    }
}

fn expectation(request: &Request) -> Result<bool, Refusal> {
    match request.header("expect") {
        Some(value) if value.eq_ignore_ascii_case("100-continue") => Ok(request.minor > 0),
        Some(_) => refuse(417, "This server knows no expectation but 100-continue."),
        None => Ok(false),
    }
}

/// How the end of a body is found.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Framing {
    Length(usize),
    Chunked,
}

impl Framing {
    /// What the headers of a request say.
    pub(crate) fn of(request: &Request, limits: &Limits) -> Result<Self, Refusal> {
        let mut lengths = request.all("content-length");
        let mut codings = request.all("transfer-encoding");
        match (lengths.next(), lengths.next(), codings.next(), codings.next()) {
            (None, None, None, None) if matches!(request.method(), "POST" | "PUT" | "PATCH") => {
                refuse(411, "The request needs a Content-Length.")
            }
            (None, None, None, None) => Ok(Self::Length(0)),
            (Some(length), None, None, None) => Self::with_length(length, limits),
            // "A server MAY reject a request that contains both Content-Length and
            // Transfer-Encoding": the two together are how requests are smuggled.
            (Some(_), _, Some(_), _) => {
                refuse(400, "The request has a length and a transfer coding.")
            }
            (Some(_), Some(_), ..) => refuse(400, "The request has more than one Content-Length."),
            (_, _, Some(_), _) if request.minor == 0 => {
                refuse(400, "HTTP/1.0 has no transfer codings.")
            }
            (_, _, Some(coding), None) if coding.eq_ignore_ascii_case("chunked") => {
                Ok(Self::Chunked)
            }
            _ => refuse(501, "This server knows no transfer coding but chunked."),
        }
    }

    fn with_length(value: &str, limits: &Limits) -> Result<Self, Refusal> {
        if value.is_empty() || !value.bytes().all(|byte| byte.is_ascii_digit()) {
            return refuse(400, "The Content-Length is not a number.");
        }
        match value.parse() {
            Ok(length) if length <= limits.body_bytes => Ok(Self::Length(length)),
            _ => refuse(413, "The request body is too large."),
        }
    }
}

/// The size that the line before a chunk says, if the body may grow by `room` bytes.
pub(crate) fn chunk_size(line: &[u8], room: usize) -> Result<usize, Refusal> {
    match httparse::parse_chunk_size(line) {
        // `httparse` would take an empty size for zero.
        Ok(httparse::Status::Complete((_, size)))
            if line.first().is_some_and(u8::is_ascii_hexdigit) =>
        {
            let size = usize::try_from(size).ok().filter(|&size| size <= room);
            size.map_or_else(|| refuse(413, "The request body is too large."), Ok)
        }
        _ => refuse(400, "A chunk size of the request body is not valid."),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(bytes: &[u8]) -> Result<Option<Head>, u16> {
        let parsed = parse(bytes, &Limits::default());
        parsed.map(|parsed| parsed.map(|(head, _)| head)).map_err(|refusal| refusal.status)
    }

    fn path(target: &str) -> Result<String, u16> {
        let head = format!("GET {target} HTTP/1.1\r\nHost: a\r\n\r\n");
        read(head.as_bytes()).map(|head| head.unwrap().request.path)
    }

    #[test]
    fn every_part_of_a_head() {
        let bytes = b"\r\nPOST /a%20b?x=1 HTTP/1.1\r\nHost: a:80\r\nContent-Length: 2\r\nExpect: 100-Continue\r\n\r\nhiGET";
        let (head, length) = parse(bytes, &Limits::default()).unwrap().unwrap();
        assert_eq!(&bytes[length..], b"hiGET");
        assert_eq!(head.request.path(), "/a b");
        assert_eq!(head.request.query("x").unwrap(), "1");
        assert_eq!(head.framing, Framing::Length(2));
        assert!(head.expects_continue);
        assert!(read(b"GET / HTTP/1.1\nHost: a\n\n").unwrap().is_some(), "line feeds alone");
    }

    #[test]
    fn refusals() {
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

    #[test]
    fn lengths_and_codings() {
        let (length, coding) = ("content-length", "transfer-encoding");
        for (method, headers, minor, expected) in [
            ("GET", &[][..], 1, Ok(Framing::Length(0))),
            ("POST", &[], 1, Err(411)),
            ("POST", &[(length, "5")], 1, Ok(Framing::Length(5))),
            ("POST", &[(length, "65536")], 0, Ok(Framing::Length(65536))),
            ("POST", &[(length, "65537")], 1, Err(413)),
            ("POST", &[(length, "99999999999999999999999")], 1, Err(413)),
            ("POST", &[(length, "+5")], 1, Err(400)),
            ("POST", &[(length, "")], 1, Err(400)),
            ("POST", &[(length, "5, 5")], 1, Err(400)),
            ("POST", &[(length, "5"), (length, "6")], 1, Err(400)),
            ("POST", &[(length, "5"), (coding, "chunked")], 1, Err(400)),
            ("POST", &[(coding, "Chunked")], 1, Ok(Framing::Chunked)),
            ("POST", &[(coding, "chunked")], 0, Err(400)),
            ("POST", &[(coding, "gzip, chunked")], 1, Err(501)),
            ("POST", &[(coding, "chunked"), (coding, "chunked")], 1, Err(501)),
        ] {
            let text = |(name, value): &(&str, &str)| ((*name).to_owned(), (*value).to_owned());
            let headers = headers.iter().map(text).collect();
            let request = Request { method: method.into(), headers, minor, ..Request::default() };
            let framing = Framing::of(&request, &Limits::default());
            assert_eq!(framing.map_err(|it| it.status), expected, "{method} {request:?}");
        }
    }

    #[test]
    fn chunk_sizes() {
        for (line, expected) in [
            ("a\r\n", Ok(10)),
            ("0A;x=y\r\n", Ok(10)),
            ("0\r\n", Ok(0)),
            ("b\r\n", Err(413)),
            ("ffffffffffffffff\r\n", Err(413)),
            ("fffffffffffffffff\r\n", Err(400)),
            ("-1\r\n", Err(400)),
            ("\r\n", Err(400)),
            (";x\r\n", Err(400)),
            ("1\n", Err(400)),
        ] {
            let size = chunk_size(line.as_bytes(), 10);
            assert_eq!(size.map_err(|it| it.status), expected, "{line:?}");
        }
    }
}
