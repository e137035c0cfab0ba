//! Request heads: bytes in, a request without its body, or a refusal, out (RFC 9112). Pure; depends
//! on `httparse`.

use crate::http::request::percent_decode;
use crate::http::status::Refusal;
use crate::{Limits, Request};

const METHODS: [&str; 7] = ["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"];

/// The request whose head is at the beginning of `buffer`, and the head's length, if it is complete.
pub(crate) fn parse(buffer: &[u8], limits: &Limits) -> Result<Option<(Request, usize)>, Refusal> {
    let mut headers = vec![httparse::EMPTY_HEADER; limits.headers];
    let mut parsed = httparse::Request::new(&mut headers);
    let length = match parsed.parse(buffer) {
        Ok(httparse::Status::Complete(length)) => length,
        Ok(httparse::Status::Partial) => return Ok(None),
        Err(httparse::Error::TooManyHeaders) => {
            return Err((431, "The request has too many headers."));
        }
        Err(httparse::Error::Version) if buffer.windows(6).any(|it| it == b" HTTP/") => {
            return Err((505, "This server speaks HTTP/1.1 and HTTP/1.0."));
        }
        Err(_) => return Err((400, "The request is not HTTP/1.1.")),
    };
    if length > limits.head_bytes {
        return Err(too_long(&buffer[..limits.head_bytes]));
    }
    let method = parsed.method.unwrap_or_default().to_owned();
    if !METHODS.contains(&method.as_str()) {
        return Err((501, "This server does not know the method."));
    }
    let owned = |header: &httparse::Header<'_>| {
        let value = String::from_utf8_lossy(header.value).into_owned();
        (header.name.to_ascii_lowercase(), value)
    };
    let headers = parsed.headers.iter().map(owned).collect();
    let minor = parsed.version.unwrap_or(1);
    let mut request = Request { method, minor, headers, ..Request::default() };
    check_host(&request)?;
    (request.path, request.query) = target(parsed.path.unwrap_or_default(), &request.method)?;
    request.body_length = body_length(&request, limits)?;
    request.expects_continue = match request.header("expect") {
        Some(value) if value.eq_ignore_ascii_case("100-continue") => minor > 0,
        Some(_) => return Err((417, "This server knows no expectation but 100-continue.")),
        None => false,
    };
    Ok(Some((request, length)))
}

pub(crate) fn too_long(head: &[u8]) -> Refusal {
    if head.contains(&b'\n') {
        (431, "The headers of the request are too large.")
    } else {
        (414, "The request line is too long.")
    }
}

/// "A server MUST respond with a 400 status code to any HTTP/1.1 request message that lacks a Host
/// header field and to any request message that contains more than one Host header field line or a
/// Host header field with an invalid field value." (RFC 9112, 3.2)
fn check_host(request: &Request) -> Result<(), Refusal> {
    let is_host_byte =
        |byte: u8| byte.is_ascii_alphanumeric() || b"-._~!$&'()*+,;=:[]%".contains(&byte);
    match request.all("host").collect::<Vec<_>>()[..] {
        [] if request.minor == 0 => Ok(()),
        [] => Err((400, "The Host header is missing.")),
        [host] if host.bytes().all(is_host_byte) => Ok(()),
        [_] => Err((400, "The Host header is not a host.")),
        _ => Err((400, "There is more than one Host header.")),
    }
}

/// Path and query of a request target in origin, absolute or asterisk form (RFC 9112, 3.2).
fn target(target: &str, method: &str) -> Result<(String, String), Refusal> {
    if target == "*" && method == "OPTIONS" {
        return Ok(("*".to_owned(), String::new()));
    }
    let origin_form = match target.split_once("://") {
        _ if target.starts_with('/') => target,
        Some((scheme, rest)) if matches!(&*scheme.to_ascii_lowercase(), "http" | "https") => {
            rest.find(['/', '?']).map_or("", |authority| &rest[authority..])
        }
        _ => return Err((400, "The request target is neither a path nor an http URL.")),
    };
    if origin_form.contains('#') {
        return Err((400, "The request target has a fragment."));
    }
    let (path, query) = origin_form.split_once('?').unwrap_or((origin_form, ""));
    let (decoded, valid) = percent_decode(if path.is_empty() { "/" } else { path });
    match String::from_utf8(decoded) {
        Ok(path) if valid && !path.chars().any(char::is_control) => Ok((path, query.to_owned())),
        _ => Err((400, "The path of the request is not valid.")),
    }
}

/// How long the headers of a request say that its body is; `None` if it comes in chunks.
fn body_length(request: &Request, limits: &Limits) -> Result<Option<usize>, Refusal> {
    let lengths: Vec<&str> = request.all("content-length").collect();
    let codings: Vec<&str> = request.all("transfer-encoding").collect();
    let has_body = matches!(request.method(), "POST" | "PUT" | "PATCH");
    match (&lengths[..], &codings[..]) {
        ([], []) if has_body => Err((411, "The request needs a Content-Length.")),
        ([], []) => Ok(Some(0)),
        ([length], []) if length.is_empty() || !length.bytes().all(|it| it.is_ascii_digit()) => {
            Err((400, "The Content-Length is not a number."))
        }
        ([length], []) => match length.parse() {
            Ok(length) if length <= limits.body_bytes => Ok(Some(length)),
            _ => Err((413, "The request body is too large.")),
        },
        (_, []) => Err((400, "The request has more than one Content-Length.")),
        // "A server MAY reject a request that contains both Content-Length and Transfer-Encoding":
        // the two together are how requests are smuggled.
        ([_, ..], _) => Err((400, "The request has a length and a transfer coding.")),
        _ if request.minor == 0 => Err((400, "HTTP/1.0 has no transfer codings.")),
        (_, [coding]) if coding.eq_ignore_ascii_case("chunked") => Ok(None),
        _ => Err((501, "This server knows no transfer coding but chunked.")),
    }
}

/// The size that the line before a chunk says, if the body may grow by `room` bytes.
pub(crate) fn chunk_size(line: &[u8], room: usize) -> Result<usize, Refusal> {
    // `httparse` would take an empty size for zero.
    let begins = line.first().is_some_and(u8::is_ascii_hexdigit);
    match httparse::parse_chunk_size(line) {
        Ok(httparse::Status::Complete((_, size))) if begins => match usize::try_from(size) {
            Ok(size) if size <= room => Ok(size),
            _ => Err((413, "The request body is too large.")),
        },
        _ => Err((400, "A chunk size of the request body is not valid.")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(bytes: &[u8]) -> Result<Option<Request>, u16> {
        let parsed = parse(bytes, &Limits::default());
        parsed.map(|parsed| parsed.map(|(request, _)| request)).map_err(|(status, _)| status)
    }

    fn path(target: &str) -> Result<String, u16> {
        let head = format!("GET {target} HTTP/1.1\r\nHost: a\r\n\r\n");
        read(head.as_bytes()).map(|head| head.unwrap().path)
    }

    #[test]
    fn every_part_of_a_head() {
        let bytes = b"\r\nPOST /a%20b?x=1 HTTP/1.1\r\nHost: a:80\r\nContent-Length: 2\r\nExpect: 100-Continue\r\n\r\nhiGET";
        let (head, length) = parse(bytes, &Limits::default()).unwrap().unwrap();
        assert_eq!(&bytes[length..], b"hiGET");
        assert_eq!(head.path(), "/a b");
        assert_eq!(head.query("x").unwrap(), "1");
        assert_eq!(head.body_length, Some(2));
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
            ("GET", &[][..], 1, Ok(Some(0))),
            ("POST", &[], 1, Err(411)),
            ("POST", &[(length, "5")], 1, Ok(Some(5))),
            ("POST", &[(length, "65536")], 0, Ok(Some(65536))),
            ("POST", &[(length, "65537")], 1, Err(413)),
            ("POST", &[(length, "99999999999999999999999")], 1, Err(413)),
            ("POST", &[(length, "+5")], 1, Err(400)),
            ("POST", &[(length, "")], 1, Err(400)),
            ("POST", &[(length, "5, 5")], 1, Err(400)),
            ("POST", &[(length, "5"), (length, "6")], 1, Err(400)),
            ("POST", &[(length, "5"), (coding, "chunked")], 1, Err(400)),
            ("POST", &[(coding, "Chunked")], 1, Ok(None)),
            ("POST", &[(coding, "chunked")], 0, Err(400)),
            ("POST", &[(coding, "gzip, chunked")], 1, Err(501)),
            ("POST", &[(coding, "chunked"), (coding, "chunked")], 1, Err(501)),
        ] {
            let text = |(name, value): &(&str, &str)| ((*name).to_owned(), (*value).to_owned());
            let headers = headers.iter().map(text).collect();
            let request = Request { method: method.into(), headers, minor, ..Request::default() };
            let length = body_length(&request, &Limits::default());
            assert_eq!(length.map_err(|(status, _)| status), expected, "{method} {request:?}");
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
            assert_eq!(size.map_err(|(status, _)| status), expected, "{line:?}");
        }
    }
}
