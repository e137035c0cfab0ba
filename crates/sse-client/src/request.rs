//! The request: what the caller asked for, and its bytes on the wire. Pure.

use crate::build_error::BuildError;
use crate::redirect::Hop;
use crate::token::is_token;
use std::sync::Arc;

/// What is sent on every connection.
#[derive(Debug, Clone)]
pub(crate) struct Request {
    pub(crate) method: String,
    /// The caller's header fields, checked.
    pub(crate) headers: Vec<(String, Vec<u8>)>,
    pub(crate) body: Option<Arc<[u8]>>,
    pub(crate) accept_gzip: bool,
}

/// How the request line names its target.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Target {
    /// To the server itself: path and query.
    Origin,
    /// To a proxy: the whole URL.
    Absolute,
}

/// Header fields that may follow a redirect to another origin. Everything else that the caller set
/// may be a secret, under any name, and stays behind.
const NOT_SECRET: [&str; 6] = [
    "accept",
    "accept-language",
    "cache-control",
    "content-language",
    "content-type",
    "user-agent",
];

/// Header fields that a request has once: a second value takes the place of the first.
const SINGLE: [&str; 8] = [
    "accept",
    "authorization",
    "cache-control",
    "content-type",
    "host",
    "origin",
    "referer",
    "user-agent",
];

/// Header fields that belong to the crate, because it frames the request or keeps their value.
const RESERVED: [&str; 9] = [
    "accept-encoding",
    "connection",
    "content-length",
    "expect",
    "last-event-id",
    "te",
    "trailer",
    "transfer-encoding",
    "upgrade",
];

impl Request {
    /// Adds a header field; one of which a request has only one is replaced.
    pub(crate) fn add(&mut self, name: &str, value: &str) -> Result<(), BuildError> {
        if is_one_of(name, &SINGLE) {
            return self.set(name, value);
        }
        check(name, value)?;
        self.headers.push((name.to_owned(), value.as_bytes().to_vec()));
        Ok(())
    }

    /// Sets a header field, in place of all with this name.
    pub(crate) fn set(&mut self, name: &str, value: &str) -> Result<(), BuildError> {
        check(name, value)?;
        self.headers.retain(|(it, _)| !it.eq_ignore_ascii_case(name));
        self.headers.push((name.to_owned(), value.as_bytes().to_vec()));
        Ok(())
    }

    /// The bytes of the request, body included.
    pub(crate) fn encode(
        &self,
        hop: &Hop,
        last_event_id: &str,
        target: Target,
        proxy_authorization: Option<&str>,
    ) -> Vec<u8> {
        let method = if hop.as_get { "GET" } else { &self.method };
        let line_target = match target {
            Target::Origin => hop.url.target(),
            Target::Absolute => hop.url.to_string(),
        };
        let mut out = Vec::with_capacity(512);
        out.extend_from_slice(format!("{method} {line_target} HTTP/1.1\r\n").as_bytes());
        self.encode_own(hop, &mut out);
        for (name, value) in self.headers.iter().filter(|(name, _)| goes_along(name, hop)) {
            field(&mut out, name, value);
        }
        // "If the EventSource object's last event ID string is not the empty string, then: let
        // lastEventIDValue be the EventSource object's last event ID string, encoded as UTF-8."
        // One with a control character would end the field, or the whole request.
        if !last_event_id.is_empty() && is_field_value(last_event_id.as_bytes()) {
            field(&mut out, "Last-Event-ID", last_event_id.as_bytes());
        }
        if let Some(value) = proxy_authorization {
            field(&mut out, "Proxy-Authorization", value.as_bytes());
        }
        let body = self.body.as_deref().filter(|_| !hop.as_get);
        if let Some(body) = body {
            field(&mut out, "Content-Length", body.len().to_string().as_bytes());
        }
        out.extend_from_slice(b"\r\n");
        out.extend_from_slice(body.unwrap_or_default());
        out
    }

    /// The fields that the crate sends unless the caller has set them.
    fn encode_own(&self, hop: &Hop, out: &mut Vec<u8>) {
        let mut default = |name: &str, value: &str| {
            if !self.has(name, hop) {
                field(out, name, value.as_bytes());
            }
        };
        default("Host", &hop.url.authority());
        default("Accept", "text/event-stream");
        default("Cache-Control", "no-cache");
        default("User-Agent", concat!("sse-client/", env!("CARGO_PKG_VERSION")));
        default("Accept-Encoding", if self.accept_gzip { "gzip" } else { "identity" });
        if let Some((user, password)) = hop.url.credentials() {
            default("Authorization", &basic(&user, &password));
        }
    }

    /// Whether the caller has set this field and it is sent on this hop.
    fn has(&self, name: &str, hop: &Hop) -> bool {
        self.headers.iter().any(|(it, _)| it.eq_ignore_ascii_case(name) && goes_along(it, hop))
    }
}

fn goes_along(name: &str, hop: &Hop) -> bool {
    let of_body = is_one_of(name, &["content-type", "content-language"]);
    let secret = !is_one_of(name, &NOT_SECRET);
    !(hop.foreign && secret || hop.as_get && of_body)
}

fn field(out: &mut Vec<u8>, name: &str, value: &[u8]) {
    out.extend_from_slice(name.as_bytes());
    out.extend_from_slice(b": ");
    out.extend_from_slice(value);
    out.extend_from_slice(b"\r\n");
}

fn is_one_of(name: &str, names: &[&str]) -> bool {
    names.iter().any(|it| it.eq_ignore_ascii_case(name))
}

/// Whether the caller may send this header field.
fn check(name: &str, value: &str) -> Result<(), BuildError> {
    if is_one_of(name, &RESERVED) {
        return Err(BuildError::ReservedHeader(name.to_owned()));
    }
    if !is_token(name.as_bytes()) || !is_field_value(value.as_bytes()) {
        return Err(BuildError::Header(name.to_owned()));
    }
    Ok(())
}

/// Whether `value` can stand in a header field (RFC 9110 5.5): no control character but the tab.
pub(crate) fn is_field_value(value: &[u8]) -> bool {
    value.iter().all(|&byte| byte == b'\t' || !byte.is_ascii_control())
}

/// Whether `method` can stand in a request line and its response can have a body.
pub(crate) fn is_method(method: &str) -> bool {
    let bodiless = ["CONNECT", "HEAD", "TRACE"].iter().any(|it| it.eq_ignore_ascii_case(method));
    is_token(method.as_bytes()) && !bodiless
}

/// The value of `Authorization` for HTTP basic authentication (RFC 7617).
pub(crate) fn basic(user: &[u8], password: &[u8]) -> String {
    let mut pair = user.to_vec();
    pair.push(b':');
    pair.extend_from_slice(password);
    format!("Basic {}", base64(&pair))
}

fn base64(bytes: &[u8]) -> String {
    const DIGITS: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    let mut out = String::with_capacity(bytes.len().div_ceil(3) * 4);
    for group in bytes.chunks(3) {
        let byte = |at: usize| u32::from(group.get(at).copied().unwrap_or_default());
        let word = byte(0) << 16 | byte(1) << 8 | byte(2);
        for at in 0..4 {
            let digit = DIGITS[(word >> (18 - 6 * at) & 63) as usize];
            out.push(if at <= group.len() { char::from(digit) } else { '=' });
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::url::Url;

    fn hop(url: &str) -> Hop {
        Hop { url: Url::parse(url).expect(url), as_get: false, foreign: false }
    }

    fn request() -> Request {
        Request { method: "GET".into(), headers: Vec::new(), body: None, accept_gzip: false }
    }

    fn text(request: &Request, hop: &Hop, id: &str) -> String {
        String::from_utf8(request.encode(hop, id, Target::Origin, None)).expect("UTF-8")
    }

    #[test]
    fn what_the_standard_asks_for() {
        let expected = concat!(
            "GET /events?x=1 HTTP/1.1\r\nHost: h:8080\r\nAccept: text/event-stream\r\n",
            "Cache-Control: no-cache\r\nUser-Agent: sse-client/",
            env!("CARGO_PKG_VERSION"),
            "\r\nAccept-Encoding: identity\r\n",
        );
        let hop = hop("http://h:8080/events?x=1");
        assert_eq!(text(&request(), &hop, ""), format!("{expected}\r\n"));
        let with_id = format!("{expected}Last-Event-ID: 第1\r\n\r\n");
        assert_eq!(text(&request(), &hop, "第1"), with_id);
    }

    #[test]
    fn the_callers_fields_replace_the_crates() {
        let headers = vec![
            ("accept".to_owned(), b"application/json, text/event-stream".to_vec()),
            ("Host".to_owned(), b"virtual".to_vec()),
        ];
        let text = text(&Request { headers, ..request() }, &hop("http://h/"), "");
        assert_eq!(text.to_lowercase().matches("accept:").count(), 1);
        assert!(text.contains("\r\naccept: application/json, text/event-stream\r\n"));
        assert!(text.contains("\r\nHost: virtual\r\n") && !text.contains("Host: h\r\n"), "{text}");
    }

    fn post() -> Request {
        let headers = [("X-Api-Key", "k"), ("Authorization", "a"), ("Cookie", "c"), ("Host", "v")];
        let mut headers: Vec<_> = headers.map(|(n, v)| (n.to_owned(), v.into())).to_vec();
        headers.push(("Content-Type".to_owned(), b"application/json".to_vec()));
        Request { method: "POST".into(), headers, body: Some(b"{}"[..].into()), accept_gzip: true }
    }

    #[test]
    fn body_and_headers() {
        let text = text(&post(), &hop("http://h/"), "");
        assert!(text.starts_with("POST / HTTP/1.1\r\n"));
        assert!(text.contains("\r\nX-Api-Key: k\r\n") && text.contains("\r\nCookie: c\r\n"));
        assert!(text.contains("\r\nAccept-Encoding: gzip\r\n"));
        assert!(text.ends_with("\r\nContent-Length: 2\r\n\r\n{}"));
    }

    #[test]
    fn no_secret_goes_to_another_origin() {
        let hop = Hop { foreign: true, ..hop("http://other/") };
        let text = text(&post(), &hop, "7");
        for secret in ["X-Api-Key", "Authorization", "Cookie", "Host: v"] {
            assert!(!text.contains(secret), "{secret}");
        }
        assert!(text.contains("Host: other\r\n") && text.contains("Content-Type"));
        assert!(text.contains("Last-Event-ID: 7\r\n"));
    }

    #[test]
    fn fields_of_which_there_is_one_are_replaced() {
        let mut request = request();
        for (name, value) in [
            ("Authorization", "old"),
            ("X-A", "1"),
            ("X-A", "2"),
            ("content-type", "text/plain"),
            ("authorization", "new"),
            ("Content-Type", "application/json"),
        ] {
            assert_eq!(request.add(name, value), Ok(()));
        }
        let fields = |request: &Request| {
            let fields = request.headers.iter();
            fields.map(|(n, v)| format!("{n}: {}", v.escape_ascii())).collect::<Vec<_>>()
        };
        let rest = ["authorization: new", "Content-Type: application/json"];
        assert_eq!(fields(&request), [&["X-A: 1", "X-A: 2"][..], &rest].concat());
        assert_eq!(request.set("x-a", "3"), Ok(()));
        assert_eq!(fields(&request), [&rest[..], &["x-a: 3"]].concat());
    }

    #[test]
    fn an_id_that_a_header_cannot_carry_is_left_out() {
        for id in ["a\u{1}b", "\u{7f}", "\u{1b}[0m"] {
            let text = text(&request(), &hop("http://h/"), id);
            assert!(!text.contains("Last-Event-ID"), "{text:?}");
        }
        assert!(text(&request(), &hop("http://h/"), "a\tb").contains("Last-Event-ID: a\tb\r\n"));
    }

    #[test]
    fn a_redirect_to_get_drops_the_body() {
        let text = text(&post(), &Hop { as_get: true, ..hop("http://h/") }, "");
        assert!(text.starts_with("GET / ") && text.ends_with("\r\n\r\n"));
        assert!(!text.contains("Content-"), "{text}");
    }

    #[test]
    fn credentials_of_the_url() {
        let text = text(&request(), &hop("http://Aladdin:open%20sesame@h/"), "");
        assert!(
            text.contains("\r\nAuthorization: Basic QWxhZGRpbjpvcGVuIHNlc2FtZQ==\r\n"),
            "{text}"
        );
        assert!(!text.contains("Aladdin"));
    }

    #[test]
    fn base64_of_every_remainder() {
        for (bytes, expected) in
            [("", ""), ("f", "Zg=="), ("fo", "Zm8="), ("foo", "Zm9v"), ("foob", "Zm9vYg==")]
        {
            assert_eq!(base64(bytes.as_bytes()), expected);
        }
    }

    #[test]
    fn to_a_proxy() {
        let bytes = request().encode(&hop("http://h/a"), "", Target::Absolute, Some("Basic eA=="));
        let text = String::from_utf8(bytes).expect("UTF-8");
        assert!(text.starts_with("GET http://h/a HTTP/1.1\r\n"));
        assert!(text.contains("\r\nProxy-Authorization: Basic eA==\r\n"));
    }

    #[test]
    fn what_can_be_sent() {
        for (value, legal) in
            [("a\tb", true), ("", true), ("é", true), ("a\r\nb", false), ("\0", false)]
        {
            assert_eq!(is_field_value(value.as_bytes()), legal, "{value:?}");
        }
        for (method, legal) in
            [("POST", true), ("X-Y", true), ("G T", false), ("HEAD", false), ("", false)]
        {
            assert_eq!(is_method(method), legal, "{method:?}");
        }
        for (name, value, legal) in [
            ("Content-Length", "1", false),
            ("last-event-id", "1", false),
            ("host", "h", true),
            ("a b", "", false),
            ("a", "\n", false),
        ] {
            assert_eq!(check(name, value).is_ok(), legal, "{name}");
        }
    }
}
