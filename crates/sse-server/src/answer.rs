//! Response heads: which answer a request gets, and its bytes. Pure; the date is an argument.

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

    response.default_header("Date", date);
    if let Some(cors) = response.cors.clone().or(server_cors.cloned()) {
        for (name, value) in cors.headers(request, methods.as_deref()) {
            match name {
                // One that the handler set is about something else, and both count.
                "Vary" => response.add_header(name, &value),
                _ => response.default_header(name, &value),
            }
        }
    }
    if let Some(methods) = methods.filter(|_| is_described || status == 405) {
        response.default_header("Allow", &methods);
    }
    response.headers.retain(|(name, _)| !name.eq_ignore_ascii_case("connection"));
    if !keep_alive {
        response.add_header("Connection", "close");
    } else if is_stream || request.minor == 0 {
        response.add_header("Connection", "keep-alive");
    }
    let body = match &mut response.content {
        Content::Bytes(_) if matches!(status, 204 | 304) => Vec::new(),
        Content::Bytes(body) => {
            let mut body = std::mem::take(body);
            if body.is_empty() && status >= 400 {
                body = page(status, default_why(status)).into_bytes();
                response.default_header("Content-Type", "text/html; charset=utf-8");
            }
            response.add_header("Content-Length", &body.len().to_string());
            body
        }
        _ => {
            response.default_header("Content-Type", "text/event-stream");
            response.default_header("Cache-Control", "no-cache");
            response.default_header("X-Accel-Buffering", "no");
            if chunked {
                response.add_header("Transfer-Encoding", "chunked");
            }
            Vec::new()
        }
    };
    let mut head = format!("HTTP/1.1 {status} {}\r\n", reason(status)).into_bytes();
    for (name, value) in &response.headers {
        head.extend_from_slice(format!("{name}: {value}\r\n").as_bytes());
    }
    head.extend_from_slice(b"\r\n");
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
