//! Response heads: which answer a request gets, and its bytes. Pure; the date is an argument.

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
    pub(crate) head: Vec<u8>,
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
    let mut response = check(request, response);
    let methods = response.methods.as_ref().map(|known| format!("{}, OPTIONS", known.join(", ")));
    let is_described = request.method() == "OPTIONS"
        && (200..300).contains(&response.status)
        && (methods.is_some() || is_preflight(request));
    if is_described {
        response.status = 204;
        response.content = Content::Bytes(Vec::new());
    }
    let status = response.status;
    let is_stream = !matches!(response.content, Content::Bytes(_));
    let chunked = is_stream && request.minor > 0;
    let keep_alive = request.keeps_alive() && !response.closes() && (chunked || !is_stream);

    let mut head = Head::new(&response, date);
    if let Some(cors) = response.cors.as_ref().or(server_cors) {
        for (name, value) in cors.headers(request, methods.as_deref()) {
            match name {
                // One that the handler set is about something else, and both count.
                "Vary" => head.add(name, &value),
                _ => head.default(name, &value),
            }
        }
    }
    if let Some(methods) = methods.filter(|_| is_described || status == 405) {
        head.default("Allow", &methods);
    }
    if !keep_alive {
        head.add("Connection", "close");
    } else if is_stream || request.minor == 0 {
        head.add("Connection", "keep-alive");
    }
    if is_stream {
        head.default("Content-Type", "text/event-stream");
        head.default("Cache-Control", "no-cache");
        head.default("X-Accel-Buffering", "no");
        if chunked {
            head.add("Transfer-Encoding", "chunked");
        }
    }
    let body = head.body(status);
    let mut head = head.end();
    let is_head = request.method() == "HEAD";
    if !is_head {
        head.extend_from_slice(&body);
    }
    let content = (is_stream && !is_head).then_some(response.content);
    Answer { status, head, content, chunked, keep_alive }
}

/// The response itself, or the status that takes its place.
fn check(request: &Request, response: Response) -> Response {
    let valid = (200..600).contains(&response.status)
        && response.headers.iter().all(|(name, value)| is_name(name) && is_value(value));
    if !valid {
        return Response::new(500);
    }
    let fits = |methods: &Vec<String>| methods.iter().any(|known| known == request.method());
    if request.method() == "OPTIONS" || response.methods.as_ref().is_none_or(fits) {
        return response;
    }
    Response { methods: response.methods, cors: response.cors, ..Response::new(405) }
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

/// A response head in the making.
struct Head<'a> {
    bytes: Vec<u8>,
    response: &'a Response,
}

impl<'a> Head<'a> {
    fn new(response: &'a Response, date: &str) -> Self {
        let mut head = Self { bytes: Vec::with_capacity(256), response };
        let _ = write!(head.bytes, "HTTP/1.1 {} {}\r\n", response.status, reason(response.status));
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

    /// The body of an ordinary answer, and the headers that it needs: a small page in place of none
    /// if something went wrong.
    fn body(&mut self, status: u16) -> Vec<u8> {
        let mut body = match &self.response.content {
            Content::Bytes(bytes) if !matches!(status, 204 | 304) => bytes.clone(),
            _ => return Vec::new(),
        };
        if body.is_empty() && status >= 400 {
            self.default("Content-Type", "text/html; charset=utf-8");
            body = page(status, default_why(status)).into_bytes();
        }
        self.add("Content-Length", &body.len().to_string());
        body
    }

    fn end(mut self) -> Vec<u8> {
        self.bytes.extend_from_slice(b"\r\n");
        self.bytes
    }
}
