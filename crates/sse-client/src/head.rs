//! The response head: what it says. Pure; depends on `httparse`.

use crate::body::Framing;
use crate::token::is_token;
use std::fmt;

/// More header fields than this in one response are refused.
const MAX_FIELDS: usize = 128;

/// One response's status and header fields: at most 128 fields, and 64 KiB or what
/// [`Builder::head_limit`](crate::Builder::head_limit) allows.
///
/// ```
/// fn is_compressed(open: &sse_client::Open) -> bool {
///     open.head().header("content-encoding").is_some()
/// }
/// ```
#[derive(Clone, PartialEq, Eq)]
pub struct Head {
    status: u16,
    fields: Vec<(String, Vec<u8>)>,
}

/// Why a response head is of no use.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum HeadError {
    Malformed,
    TooLarge,
    /// A transfer coding that nobody asked for.
    TransferEncoding(String),
}

impl Head {
    /// Parses a head that is there up to and including its empty line.
    pub(crate) fn parse(bytes: &[u8]) -> Result<Self, HeadError> {
        let mut fields = [httparse::EMPTY_HEADER; MAX_FIELDS];
        let mut response = httparse::Response::new(&mut fields);
        let mut config = httparse::ParserConfig::default();
        config.allow_spaces_after_header_name_in_responses(true);
        config.allow_obsolete_multiline_headers_in_responses(true);
        match config.parse_response(&mut response, bytes) {
            Ok(httparse::Status::Complete(_)) => {}
            Ok(httparse::Status::Partial) => return Err(HeadError::Malformed),
            Err(httparse::Error::TooManyHeaders) => return Err(HeadError::TooLarge),
            Err(_) => return Err(HeadError::Malformed),
        }
        Ok(Self {
            status: response.code.ok_or(HeadError::Malformed)?,
            fields: response
                .headers
                .iter()
                .map(|field| (field.name.to_ascii_lowercase(), unfolded(field.value)))
                .collect(),
        })
    }

    /// The status code.
    ///
    /// ```
    /// fn is_open(head: &sse_client::Head) -> bool {
    ///     head.status() == 200
    /// }
    /// ```
    #[must_use]
    pub fn status(&self) -> u16 {
        self.status
    }

    /// The first value of a header field; `name` in any case. `None` too when the value is not UTF-8.
    ///
    /// ```
    /// fn request_id(head: &sse_client::Head) -> Option<&str> {
    ///     head.header("X-Request-Id")
    /// }
    /// ```
    #[must_use]
    pub fn header(&self, name: &str) -> Option<&str> {
        self.values(name).next().and_then(|value| std::str::from_utf8(value).ok())
    }

    /// Every header field in the order received, names in lower case.
    ///
    /// ```
    /// fn print(head: &sse_client::Head) {
    ///     for (name, value) in head.headers() {
    ///         println!("{name}: {}", String::from_utf8_lossy(value));
    ///     }
    /// }
    /// ```
    pub fn headers(&self) -> impl Iterator<Item = (&str, &[u8])> {
        self.fields.iter().map(|(name, value)| (name.as_str(), value.as_slice()))
    }

    fn values<'a>(&'a self, name: &str) -> impl Iterator<Item = &'a [u8]> {
        let fields = self.fields.iter().filter(move |(it, _)| it.eq_ignore_ascii_case(name));
        fields.map(|(_, value)| value.as_slice())
    }

    /// The members of a comma-separated field, over all its lines, trimmed.
    fn list(&self, name: &str) -> impl Iterator<Item = &[u8]> {
        let members = self.values(name).flat_map(|value| value.split(|&byte| byte == b','));
        members.map(<[u8]>::trim_ascii).filter(|member| !member.is_empty())
    }

    /// The MIME type's essence as it was sent, without parameters: `text/event-stream`. Of several
    /// Content-Type values the last that is a MIME type counts.
    ///
    /// ```
    /// fn is_json(head: &sse_client::Head) -> bool {
    ///     head.content_type().is_some_and(|it| it.eq_ignore_ascii_case("application/json"))
    /// }
    /// ```
    pub fn content_type(&self) -> Option<&str> {
        let essences = self.list("content-type").filter_map(mime_essence);
        essences.last().and_then(|essence| std::str::from_utf8(essence).ok())
    }

    /// How the end of the body is found (RFC 9112 6.3). `chunked` counts once, however often
    /// intermediaries have repeated it; `identity` is the older RFC 2616's word for nothing.
    pub(crate) fn framing(&self) -> Result<Framing, HeadError> {
        if matches!(self.status, 100..200 | 204 | 304) {
            return Ok(Framing::Length(0));
        }
        let is = |coding: &[u8], name: &str| coding.eq_ignore_ascii_case(name.as_bytes());
        let mut codings = self.list("transfer-encoding").filter(|it| !is(it, "identity"));
        if let Some(coding) = codings.next() {
            // Nothing asked for a coding other than `chunked`.
            return match std::iter::once(coding).chain(codings).find(|it| !is(it, "chunked")) {
                None => Ok(Framing::Chunked),
                Some(foreign) => Err(HeadError::TransferEncoding(shown(foreign))),
            };
        }
        let mut lengths = self.list("content-length").map(parse_length);
        match lengths.next() {
            None => Ok(Framing::Close),
            Some(Some(length)) if lengths.all(|it| it == Some(length)) => {
                Ok(Framing::Length(length))
            }
            Some(_) => Err(HeadError::Malformed),
        }
    }

    /// The codings of the content, outermost last. `identity` is left out, and so is `none`, which
    /// is no registered coding but what servers send to keep proxies from compressing a stream.
    pub(crate) fn content_codings(&self) -> impl Iterator<Item = &[u8]> {
        let none = |coding: &[u8]| {
            ["identity", "none"].iter().any(|it| coding.eq_ignore_ascii_case(it.as_bytes()))
        };
        self.list("content-encoding").filter(move |it| !none(it))
    }
}

impl fmt::Debug for Head {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let fields = self.fields.iter().map(|(name, value)| (name, String::from_utf8_lossy(value)));
        write!(f, "{} ", self.status)?;
        f.debug_map().entries(fields).finish()
    }
}

/// "A user agent that receives an obs-fold in a response message that is not within a "message/http"
/// container MUST replace each received obs-fold with one or more SP octets prior to interpreting
/// the field value." (RFC 9112 5.2)
fn unfolded(value: &[u8]) -> Vec<u8> {
    value.iter().map(|&byte| if matches!(byte, b'\r' | b'\n') { b' ' } else { byte }).collect()
}

/// What a server sent, fit for an error's text.
pub(crate) fn shown(value: &[u8]) -> String {
    const MOST: usize = 64;
    value.get(..MOST).unwrap_or(value).escape_ascii().to_string()
}

/// Type and subtype of a MIME type; `None` when the value is not one.
fn mime_essence(value: &[u8]) -> Option<&[u8]> {
    let essence = value.split(|&byte| byte == b';').next()?.trim_ascii();
    let slash = essence.iter().position(|&byte| byte == b'/')?;
    let (kind, subtype) = (&essence[..slash], &essence[slash + 1..]);
    (is_token(kind) && is_token(subtype)).then_some(essence)
}

fn parse_length(value: &[u8]) -> Option<u64> {
    let digits = std::str::from_utf8(value).ok()?;
    digits.bytes().all(|byte| byte.is_ascii_digit()).then(|| digits.parse().ok())?
}

#[cfg(test)]
mod tests {
    use super::*;

    fn head(fields: &str) -> Head {
        Head::parse(format!("HTTP/1.1 200 OK\r\n{fields}\r\n").as_bytes()).expect(fields)
    }

    #[test]
    fn fields() {
        let head = head("Content-Type: text/html\r\nX-A: 1\r\nx-a: 2\r\nB: \u{ff}\r\n");
        assert_eq!((head.status(), head.header("CONTENT-TYPE")), (200, Some("text/html")));
        assert_eq!((head.header("x-A"), head.header("absent")), (Some("1"), None));
        let all: Vec<_> = head.headers().map(|(name, _)| name).collect();
        assert_eq!(all, ["content-type", "x-a", "x-a", "b"]);
    }

    #[test]
    fn a_folded_line_is_its_fields_with_spaces() {
        let head = head("Content-Type: text/html,\r\n\t text/event-stream\r\nX: a\n b\r\n");
        assert_eq!(head.content_type(), Some("text/event-stream"));
        assert_eq!(head.header("x"), Some("a  b"));
    }

    #[test]
    fn malformed() {
        for text in
            ["HTTP/2 200\r\n\r\n", "ICY 200 OK\r\n\r\n", "HTTP/1.1 2x0\r\n\r\n", "\u{0}\r\n\r\n"]
        {
            assert_eq!(Head::parse(text.as_bytes()), Err(HeadError::Malformed), "{text:?}");
        }
        let many = format!("HTTP/1.1 200 OK\r\n{}\r\n", "A: b\r\n".repeat(MAX_FIELDS + 1));
        assert_eq!(Head::parse(many.as_bytes()), Err(HeadError::TooLarge));
    }

    #[test]
    fn types() {
        let (stream, html) = (Some("text/event-stream"), Some("text/html"));
        for (fields, expected) in [
            ("Content-Type: text/event-stream\r\n", stream),
            ("Content-Type: Text/Event-Stream;\r\n", Some("Text/Event-Stream")),
            ("Content-Type: text/event-stream;charset=utf-8\r\n", stream),
            ("Content-Type: text/event-stream ; bogus\r\n", stream),
            ("Content-Type: text/event-stream; charset=gbk\r\n", stream),
            ("Content-Type: text/html\r\nContent-Type: text/event-stream\r\n", stream),
            ("Content-Type: text/event-stream, bogus\r\n", stream),
            ("Content-Type: text/event-stream, text/html\r\n", html),
            ("Content-Type: text/x-bogus\r\n", Some("text/x-bogus")),
            ("Content-Type: text/event-streams\r\n", Some("text/event-streams")),
            ("Content-Type: text/event-stream bogus\r\n", None),
            ("Content-Type:\r\n", None),
            ("", None),
        ] {
            assert_eq!(head(fields).content_type(), expected, "{fields:?}");
        }
    }

    #[test]
    fn framings() {
        let foreign = |coding: &str| HeadError::TransferEncoding(coding.to_owned());
        for (fields, expected) in [
            ("", Ok(Framing::Close)),
            ("Content-Length: 12\r\n", Ok(Framing::Length(12))),
            ("Content-Length: 12\r\nContent-Length: 12, 12\r\n", Ok(Framing::Length(12))),
            ("Content-Length: 12\r\nContent-Length: 13\r\n", Err(HeadError::Malformed)),
            ("Content-Length: +1\r\n", Err(HeadError::Malformed)),
            ("Content-Length: 18446744073709551616\r\n", Err(HeadError::Malformed)),
            ("Transfer-Encoding: Chunked\r\n", Ok(Framing::Chunked)),
            ("Transfer-Encoding: chunked\r\nContent-Length: 5\r\n", Ok(Framing::Chunked)),
            ("Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n", Ok(Framing::Chunked)),
            ("Transfer-Encoding: chunked, Chunked\r\n", Ok(Framing::Chunked)),
            ("Transfer-Encoding: identity\r\n", Ok(Framing::Close)),
            ("Transfer-Encoding: identity\r\nContent-Length: 5\r\n", Ok(Framing::Length(5))),
            ("Transfer-Encoding: identity, chunked\r\n", Ok(Framing::Chunked)),
            ("Transfer-Encoding: gzip, chunked\r\n", Err(foreign("gzip"))),
            ("Transfer-Encoding: chunked, x\\\"\r\n", Err(foreign("x\\\\\\\""))),
        ] {
            assert_eq!(head(fields).framing(), expected, "{fields:?}");
        }
        let empty = Head::parse(b"HTTP/1.1 204 No Content\r\n\r\n").expect("a head");
        assert_eq!(empty.framing(), Ok(Framing::Length(0)));
    }
}
