//! Request heads: bytes in, a request without its body, or a refusal, out (RFC 9112). Depends on
//! `request`, and on `httparse`.

use super::limits::Limits;
use super::request::{Method, Request};
use super::status::Refusal;
use super::target::{Target, is_host};

/// Finds the end of a head in bytes that come in pieces, and what is no head before its end. The
/// work is linear in the bytes, however they are cut: each is scanned once, and the parser runs when
/// the head has ended, and before that when the bytes have doubled.
#[derive(Debug, Default)]
pub(crate) struct HeadReader {
    /// Bytes scanned.
    seen: usize,
    /// Where the line begins in which they end.
    line: usize,
    /// Whether there was a line that is not empty; empty ones before it are ignored (RFC 9112, 2.2).
    begun: bool,
    /// Bytes given to the parser the last time, and all times together.
    tried: usize,
    parsed: usize,
}

impl HeadReader {
    /// The request whose head is at the beginning of `buffer`, which has only grown since the last
    /// call, and the head's length, if it is complete.
    pub(crate) fn read(
        &mut self,
        buffer: &[u8],
        limits: &Limits,
    ) -> Result<Option<(Request, usize)>, Refusal> {
        if self.has_ended(buffer) || buffer.len() >= 2 * self.tried {
            self.tried = buffer.len();
            self.parsed += buffer.len();
            if let Some(found) = parse(buffer, limits)? {
                return Ok(Some(found));
            }
        }
        if buffer.len() > limits.head_bytes { Err(too_long(buffer)) } else { Ok(None) }
    }

    /// Whether the bytes that have not been scanned yet have the empty line in them.
    fn has_ended(&mut self, buffer: &[u8]) -> bool {
        let mut ended = false;
        for (at, &byte) in buffer.iter().enumerate().skip(self.seen) {
            if byte == b'\n' {
                let is_empty = matches!(buffer[self.line..at], [] | [b'\r']);
                ended |= is_empty && self.begun;
                self.begun |= !is_empty;
                self.line = at + 1;
            }
        }
        self.seen = buffer.len();
        ended
    }
}

fn parse(buffer: &[u8], limits: &Limits) -> Result<Option<(Request, usize)>, Refusal> {
    // The shortest header has three bytes.
    let most = limits.headers.min(buffer.len() / 3 + 1);
    let mut headers = vec![httparse::EMPTY_HEADER; most];
    let mut parsed = httparse::Request::new(&mut headers);
    let length = match parsed.parse(buffer) {
        Ok(httparse::Status::Complete(length)) => length,
        Ok(httparse::Status::Partial) => return Ok(None),
        Err(httparse::Error::TooManyHeaders) => return Err(Refusal::Headers),
        Err(httparse::Error::Version) if names_version(buffer) => return Err(Refusal::Version),
        Err(_) => return Err(Refusal::Syntax),
    };
    if length > limits.head_bytes {
        return Err(too_long(&buffer[..limits.head_bytes]));
    }
    let name = parsed.method.unwrap_or_default();
    let method = Method::ALL.into_iter().find(|it| it.as_str() == name).ok_or(Refusal::Method)?;
    let owned = |header: &httparse::Header<'_>| {
        let value = String::from_utf8_lossy(header.value).into_owned();
        (header.name.to_ascii_lowercase(), value)
    };
    let headers = parsed.headers.iter().map(owned).collect();
    let minor = parsed.version.unwrap_or(1);
    let mut request = Request { headers, ..Request::bare(method, minor) };
    check_host(&request)?;
    aim(&mut request, parsed.path.unwrap_or_default())?;
    request.body_length = body_length(&request, limits)?;
    // "A server that receives a 100-continue expectation in an HTTP/1.0 request MUST ignore that
    // expectation." (RFC 9110, 10.1.1)
    request.expects_continue = expects_continue(&request)? && minor > 0;
    Ok(Some((request, length)))
}

/// Whether what stands where the version of HTTP belongs is one. If not, there is a space in the
/// target, for instance, and 400 is the answer (RFC 9112, 3).
fn names_version(buffer: &[u8]) -> bool {
    let mut lines = buffer.split(|&byte| byte == b'\n').map(<[u8]>::trim_ascii);
    let line = lines.find(|line| !line.is_empty()).unwrap_or_default();
    line.split(|&byte| byte == b' ').nth(2).is_some_and(|it| it.starts_with(b"HTTP/"))
}

fn too_long(head: &[u8]) -> Refusal {
    if head.contains(&b'\n') { Refusal::Headers } else { Refusal::TargetBytes }
}

/// "A server MUST respond with a 400 status code to any HTTP/1.1 request message that lacks a Host
/// header field and to any request message that contains more than one Host header field line or a
/// Host header field with an invalid field value." (RFC 9112, 3.2)
fn check_host(request: &Request) -> Result<(), Refusal> {
    match request.all("host").collect::<Vec<_>>()[..] {
        [] if request.minor == 0 => Ok(()),
        [host] if is_host(host) => Ok(()),
        _ => Err(Refusal::Host),
    }
}

/// Takes path, query and host from the request target.
fn aim(request: &mut Request, target: &str) -> Result<(), Refusal> {
    if target == "*" && request.method == Method::Options {
        request.path = "*".to_owned();
        return Ok(());
    }
    let Target { path, query, authority } = Target::parse(target)?;
    (request.path, request.query) = (path, query.to_owned());
    if let Some(authority) = authority {
        // "an origin server [...] MUST ignore the received Host header field (if any) and instead
        // use the host information of the request-target" (RFC 9112, 3.2.2)
        request.headers.retain(|(name, _)| name != "host");
        request.headers.push(("host".to_owned(), authority.to_owned()));
    }
    Ok(())
}

/// Whether the client waits for a word before it sends the body (RFC 9110, 10.1.1).
fn expects_continue(request: &Request) -> Result<bool, Refusal> {
    let mut expected = false;
    for expectation in request.all("expect").flat_map(|value| value.split(',')) {
        if !expectation.trim().eq_ignore_ascii_case("100-continue") {
            return Err(Refusal::Expectation);
        }
        expected = true;
    }
    Ok(expected)
}

/// How long the headers of a request say that its body is; `None` if it comes in chunks. Without a
/// word about it there is none, whatever the method (RFC 9112, 6.3).
fn body_length(request: &Request, limits: &Limits) -> Result<Option<usize>, Refusal> {
    let lengths: Vec<&str> = request.all("content-length").collect();
    let codings: Vec<&str> = request.all("transfer-encoding").collect();
    match (&lengths[..], &codings[..]) {
        ([], []) => Ok(Some(0)),
        ([length], []) if !length.is_empty() && length.bytes().all(|it| it.is_ascii_digit()) => {
            match length.parse() {
                Ok(length) if length <= limits.body_bytes => Ok(Some(length)),
                _ => Err(Refusal::BodyBytes),
            }
        }
        // "A server MAY reject a request that contains both Content-Length and Transfer-Encoding":
        // the two together are how requests are smuggled. HTTP/1.0 has no transfer codings.
        (_, []) | ([_, ..], _) => Err(Refusal::Length),
        _ if request.minor == 0 => Err(Refusal::Length),
        (_, [coding]) if coding.eq_ignore_ascii_case("chunked") => Ok(None),
        _ => Err(Refusal::TransferCoding),
    }
}

/// The size that the line before a chunk says, if the body may grow by `room` bytes.
pub(crate) fn chunk_size(line: &[u8], room: usize) -> Result<usize, Refusal> {
    // `httparse` would take an empty size for zero.
    let begins = line.first().is_some_and(u8::is_ascii_hexdigit);
    match httparse::parse_chunk_size(line) {
        Ok(httparse::Status::Complete((_, size))) if begins => match usize::try_from(size) {
            Ok(size) if size <= room => Ok(size),
            _ => Err(Refusal::BodyBytes),
        },
        _ => Err(Refusal::Chunks),
    }
}

/// A line after the last chunk: a header, which is checked like any other and then ignored, or the
/// empty line (RFC 9112, 7.1.2). Whether it was the empty one.
pub(crate) fn ends_trailers(line: &[u8]) -> Result<bool, Refusal> {
    let line = line.strip_suffix(b"\r\n").ok_or(Refusal::Chunks)?;
    if line.is_empty() {
        return Ok(true);
    }
    let colon = line.iter().position(|&byte| byte == b':').ok_or(Refusal::Chunks)?;
    let (name, value) = line.split_at(colon);
    if is_token(name) && is_value(value) { Ok(false) } else { Err(Refusal::Chunks) }
}

/// "token = 1*tchar" (RFC 9110, 5.6.2)
pub(crate) fn is_token(name: &[u8]) -> bool {
    let is_tchar = |byte: &u8| byte.is_ascii_alphanumeric() || b"!#$%&'*+-.^_`|~".contains(byte);
    !name.is_empty() && name.iter().all(is_tchar)
}

/// Nothing that could end a header's line (RFC 9110, 5.5).
pub(crate) fn is_value(value: &[u8]) -> bool {
    value.iter().all(|&byte| byte == b'\t' || (byte >= b' ' && byte != 0x7f))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(bytes: &[u8]) -> Result<Option<Request>, u16> {
        let read = HeadReader::default().read(bytes, &Limits::default());
        read.map(|found| found.map(|(request, _)| request)).map_err(Refusal::status)
    }

    #[test]
    fn every_part_of_a_head() {
        let bytes = b"\r\nPOST /a%20b?x=1 HTTP/1.1\r\nHost: a:80\r\nContent-Length: 2\r\nExpect: 100-Continue\r\n\r\nhiGET";
        let (head, length) = parse(bytes, &Limits::default()).unwrap().unwrap();
        assert_eq!(head.method(), Method::Post);
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
            ("GET / HTTP/1.1\r\nHost: a:x\r\n\r\n", 400),
            ("GET http:///x HTTP/1.1\r\nHost: a\r\n\r\n", 400),
            ("GET * HTTP/1.1\r\nHost: a\r\n\r\n", 400),
            ("GET /a b HTTP/1.1\r\nHost: a\r\n\r\n", 400),
            ("GET / HTTP/1.1\r\nHost: a\r\nExpect: 200-ok\r\n\r\n", 417),
            ("GET / HTTP/1.1\r\nHost: a\r\nExpect: 100-continue\r\nExpect: tea\r\n\r\n", 417),
            ("GET / HTTP/1.0\r\nExpect: 100-continue, tea\r\n\r\n", 417),
            (large.as_str(), 431),
            (many.as_str(), 431),
        ] {
            assert_eq!(read(bytes.as_bytes()).map(|_| ()), Err(status), "{bytes:.60}");
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
            (Method::Get, &[][..], 1, Ok(Some(0))),
            (Method::Post, &[], 1, Ok(Some(0))),
            (Method::Post, &[(length, "5")], 1, Ok(Some(5))),
            (Method::Post, &[(length, "65536")], 0, Ok(Some(65536))),
            (Method::Post, &[(length, "65537")], 1, Err(413)),
            (Method::Post, &[(length, "99999999999999999999999")], 1, Err(413)),
            (Method::Post, &[(length, "+5")], 1, Err(400)),
            (Method::Post, &[(length, "")], 1, Err(400)),
            (Method::Post, &[(length, "5, 5")], 1, Err(400)),
            (Method::Post, &[(length, "5"), (length, "6")], 1, Err(400)),
            (Method::Post, &[(length, "5"), (coding, "chunked")], 1, Err(400)),
            (Method::Post, &[(coding, "Chunked")], 1, Ok(None)),
            (Method::Post, &[(coding, "chunked")], 0, Err(400)),
            (Method::Post, &[(coding, "gzip, chunked")], 1, Err(501)),
            (Method::Post, &[(coding, "chunked"), (coding, "chunked")], 1, Err(501)),
        ] {
            let bare = Request::bare(method, minor);
            let request =
                headers.iter().fold(bare, |it, (name, value)| it.with_header(name, *value));
            let length = body_length(&request, &Limits::default());
            assert_eq!(length.map_err(Refusal::status), expected, "{request:?}");
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
            assert_eq!(size.map_err(Refusal::status), expected, "{line:?}");
        }
    }

    /// RFC 9112, 3.2.2.
    #[test]
    fn the_host_of_an_absolute_target_counts() {
        let request = read(b"GET http://b:8080/x HTTP/1.1\r\nHost: a\r\n\r\n").unwrap().unwrap();
        assert_eq!(request.all("host").collect::<Vec<_>>(), ["b:8080"]);
        assert_eq!(request.path(), "/x");
        let old = read(b"GET http://b HTTP/1.0\r\n\r\n").unwrap().unwrap();
        assert_eq!(old.header("Host"), Some("b"));
    }

    /// RFC 9112, 7.1.2; RFC 9110, 5.
    #[test]
    fn trailers() {
        for (line, expected) in [
            ("\r\n", Ok(true)),
            ("a: b\r\n", Ok(false)),
            ("a:\r\n", Ok(false)),
            ("\n", Err(400)),
            ("a: b\n", Err(400)),
            ("a\r\n", Err(400)),
            (": b\r\n", Err(400)),
            ("a : b\r\n", Err(400)),
            (" folded: b\r\n", Err(400)),
            ("a: \0\r\n", Err(400)),
            ("a: b\rc: d\r\n", Err(400)),
            ("GET / HTTP/1.1\r\n", Err(400)),
        ] {
            let ends = ends_trailers(line.as_bytes());
            assert_eq!(ends.map_err(Refusal::status), expected, "{line:?}");
        }
    }

    #[test]
    fn the_work_is_linear_however_a_head_is_cut() {
        let limits = Limits { headers: usize::MAX, head_bytes: usize::MAX, ..Limits::default() };
        let head = format!("\r\nGET / HTTP/1.1\r\nHost: a\r\n{}\r\n", "a:\n".repeat(20_000));
        for piece in [1, 2, 3, 7, 1000, head.len()] {
            let mut reader = HeadReader::default();
            let ends = (piece..head.len()).step_by(piece).chain([head.len()]);
            let found = ends.map(|end| reader.read(&head.as_bytes()[..end], &limits));
            let found: Vec<_> = found.map(Result::unwrap).collect();
            assert!(found.iter().rev().skip(1).all(Option::is_none));
            assert_eq!(found.last().unwrap().as_ref().unwrap().1, head.len());
            assert_eq!(reader.seen, head.len(), "each byte is scanned once");
            assert!(reader.parsed <= 3 * head.len(), "{piece}: {} parsed", reader.parsed);
        }
    }
}
