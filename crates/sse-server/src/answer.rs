//! Response heads: which answer a request gets, and its bytes. Pure; the date is an argument.

use std::borrow::Cow;
use std::io::Write as _;

use crate::cors::is_preflight;
use crate::page::{default_why, page, reason};
use crate::response::Content;
use crate::{Cors, Request, Response};

/// Headers that describe the message itself; the server alone sets them.
const FRAMING: [&str; 5] = ["content-length", "transfer-encoding", "date", "trailer", "upgrade"];

/// An answer, ready to be written.
pub(crate) struct Answer {
    pub(crate) status: u16,
    /// The response head, and the body after it if that is known already.
    pub(crate) bytes: Vec<u8>,
    /// What runs after the head; `None` for an ordinary answer.
    pub(crate) content: Option<Content>,
    /// Whether a stream is sent in chunks, or ended by closing the connection (HTTP/1.0).
    pub(crate) chunked: bool,
    pub(crate) keep_alive: bool,
}

/// Decides what `request` is answered when the handler said `response`.
pub(crate) fn answer(
    request: &Request,
    response: Response,
    server_cors: Option<&Cors>,
    date: &str,
) -> Answer {
    let response = check(request, response);
    let cors = response.cors.as_ref().or(server_cors);
    let methods =
        response.methods.as_ref().map(|methods| format!("{}, OPTIONS", methods.join(", ")));
    let cors_headers =
        cors.map(|cors| cors.headers(request, methods.as_deref())).unwrap_or_default();

    let success = (200..300).contains(&response.status);
    let described =
        request.method() == "OPTIONS" && success && (methods.is_some() || is_preflight(request));
    let status = if described { 204 } else { response.status };
    let closing = response.headers.iter().any(|(name, value)| {
        name.eq_ignore_ascii_case("connection") && value.eq_ignore_ascii_case("close")
    });
    let stream = !described && !matches!(response.content, Content::Bytes(_));
    let chunked = stream && request.minor > 0;
    let keep_alive = request.keeps_alive() && !closing && (chunked || !stream);

    let mut head = Head::new(status, &response, date);
    for (name, value) in &cors_headers {
        match *name {
            // One that the handler set is about something else, and both count.
            "Vary" => head.add(name, value),
            _ => head.default(name, value),
        }
    }
    match methods {
        Some(methods) if described || status == 405 => head.default("Allow", &methods),
        _ => {}
    }
    match (keep_alive, stream, request.minor) {
        (false, ..) => head.add("Connection", "close"),
        (true, true, _) | (true, _, 0) => head.add("Connection", "keep-alive"),
        _ => {}
    }
    if stream {
        head.default("Content-Type", "text/event-stream");
        head.default("Cache-Control", "no-cache");
        head.default("X-Accel-Buffering", "no");
        if chunked {
            head.add("Transfer-Encoding", "chunked");
        }
        let bytes = head.end();
        let content = (request.method() != "HEAD").then_some(response.content);
        return Answer { status, bytes, content, chunked, keep_alive };
    }
    let body = body_of(status, &response, &mut head);
    if !matches!(status, 204 | 304) {
        head.add("Content-Length", &body.len().to_string());
    }
    let mut bytes = head.end();
    if request.method() != "HEAD" {
        bytes.extend_from_slice(&body);
    }
    Answer { status, bytes, content: None, chunked: false, keep_alive }
}

/// A head and page for a request that could not be read; the connection closes after it.
pub(crate) fn refusal(status: u16, why: &str, date: &str) -> Vec<u8> {
    let page = page(status, why);
    let mut response = Response::new(status);
    if status == 503 {
        response = response.header("Retry-After", "5");
    }
    let mut head = Head::new(status, &response, date);
    head.add("Connection", "close");
    head.add("Content-Type", "text/html; charset=utf-8");
    head.add("Content-Length", &page.len().to_string());
    let mut bytes = head.end();
    bytes.extend_from_slice(page.as_bytes());
    bytes
}

/// The response itself, or the status that takes its place.
fn check(request: &Request, response: Response) -> Response {
    let valid = (200..600).contains(&response.status)
        && response.headers.iter().all(|(name, value)| is_name(name) && is_value(value));
    if !valid {
        return Response::new(500);
    }
    match &response.methods {
        Some(methods)
            if request.method() != "OPTIONS"
                && !methods.iter().any(|known| known == request.method()) =>
        {
            Response { methods: response.methods, cors: response.cors, ..Response::new(405) }
        }
        _ => response,
    }
}

/// A token (RFC 9110, 5.6.2) that does not concern the framing.
fn is_name(name: &str) -> bool {
    let is_token = |byte: u8| byte.is_ascii_alphanumeric() || b"!#$%&'*+-.^_`|~".contains(&byte);
    !name.is_empty()
        && name.bytes().all(is_token)
        && !FRAMING.iter().any(|framing| framing.eq_ignore_ascii_case(name))
}

fn is_value(value: &str) -> bool {
    value.bytes().all(|byte| byte == b'\t' || (byte >= b' ' && byte != 0x7f))
}

fn body_of<'a>(status: u16, response: &'a Response, head: &mut Head<'_>) -> Cow<'a, [u8]> {
    match &response.content {
        _ if matches!(status, 204 | 304) => Cow::Borrowed(&[]),
        Content::Bytes(bytes) if !bytes.is_empty() || status < 400 => Cow::Borrowed(bytes),
        _ => {
            head.default("Content-Type", "text/html; charset=utf-8");
            Cow::Owned(page(status, default_why(status)).into_bytes())
        }
    }
}

/// A response head in the making.
struct Head<'a> {
    bytes: Vec<u8>,
    response: &'a Response,
}

impl<'a> Head<'a> {
    fn new(status: u16, response: &'a Response, date: &str) -> Self {
        let mut head = Self { bytes: Vec::with_capacity(256), response };
        let _ = write!(head.bytes, "HTTP/1.1 {status} {}\r\n", reason(status));
        head.default("Date", date);
        for (name, value) in &response.headers {
            if !name.eq_ignore_ascii_case("connection") {
                head.add(name, value);
            }
        }
        head
    }

    fn add(&mut self, name: &str, value: &str) {
        let _ = write!(self.bytes, "{name}: {value}\r\n");
    }

    /// Adds what the handler has neither set nor left out.
    fn default(&mut self, name: &str, value: &str) {
        let set = self.response.headers.iter().any(|(known, _)| known.eq_ignore_ascii_case(name));
        let left_out = self.response.without.iter().any(|known| known.eq_ignore_ascii_case(name));
        if !set && !left_out {
            self.add(name, value);
        }
    }

    fn end(mut self) -> Vec<u8> {
        self.bytes.extend_from_slice(b"\r\n");
        self.bytes
    }
}
