//! The response head: where it ends, what it says. Pure; depends on `httparse`.

use crate::body::Framing;
use crate::error::{ErrorKind, Failure};
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

/// Why bytes are not a response head.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum HeadError {
    Malformed,
    TooLarge,
}

impl HeadError {
    pub(crate) fn failure(self) -> Failure {
        Failure::new(match self {
            Self::Malformed => ErrorKind::Malformed,
            Self::TooLarge => ErrorKind::HeadTooLarge,
        })
    }
}

impl Head {
    /// Parses a head that is there up to and including its empty line.
    pub(crate) fn parse(bytes: &[u8]) -> Result<Self, HeadError> {
        let mut fields = [httparse::EMPTY_HEADER; MAX_FIELDS];
        let mut response = httparse::Response::new(&mut fields);
        let mut config = httparse::ParserConfig::default();
        config.allow_spaces_after_header_name_in_responses(true);
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
                .map(|field| (field.name.to_ascii_lowercase(), field.value.to_vec()))
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

    /// Whether the body is an event stream: the MIME type's essence is `text/event-stream`, whatever
    /// its parameters. Of several Content-Type values the last that is a MIME type counts.
    pub(crate) fn is_event_stream(&self) -> bool {
        let essences = self.list("content-type").filter_map(mime_essence);
        essences.last().is_some_and(|it| it.eq_ignore_ascii_case(b"text/event-stream"))
    }

    /// How the end of the body is found (RFC 9112 6.3).
    pub(crate) fn framing(&self) -> Result<Framing, HeadError> {
        if matches!(self.status, 100..200 | 204 | 304) {
            return Ok(Framing::Length(0));
        }
        let mut codings = self.list("transfer-encoding");
        if let Some(coding) = codings.next() {
            // Nothing asked for a coding other than `chunked`.
            return match (coding.eq_ignore_ascii_case(b"chunked"), codings.next()) {
                (true, None) => Ok(Framing::Chunked),
                _ => Err(HeadError::Malformed),
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

    /// The codings of the content, outermost last, `identity` left out.
    pub(crate) fn content_codings(&self) -> impl Iterator<Item = &[u8]> {
        self.list("content-encoding").filter(|it| !it.eq_ignore_ascii_case(b"identity"))
    }
}

impl fmt::Debug for Head {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let fields = self.fields.iter().map(|(name, value)| (name, String::from_utf8_lossy(value)));
        write!(f, "{} ", self.status)?;
        f.debug_map().entries(fields).finish()
    }
}

/// The length of the head at the start of `bytes`, up to and including its empty line. `from` is
/// where the previous look ended, so that a head that comes byte by byte is looked at once.
pub(crate) fn head_end(bytes: &[u8], from: usize) -> Option<usize> {
    let start = from.saturating_sub(3);
    let mut line_feeds = bytes.iter().enumerate().skip(start).filter(|(_, byte)| **byte == b'\n');
    line_feeds.find_map(|(at, _)| match bytes.get(at + 1..)? {
        [b'\n', ..] => Some(at + 2),
        [b'\r', b'\n', ..] => Some(at + 3),
        _ => None,
    })
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

/// `token = 1*tchar` (RFC 9110 5.6.2)
pub(crate) fn is_token(text: &[u8]) -> bool {
    let legal = |byte: &u8| byte.is_ascii_alphanumeric() || b"!#$%&'*+-.^_`|~".contains(byte);
    !text.is_empty() && text.iter().all(legal)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn head(fields: &str) -> Head {
        Head::parse(format!("HTTP/1.1 200 OK\r\n{fields}\r\n").as_bytes()).expect(fields)
    }

    #[test]
    fn ends_at_the_first_empty_line_however_it_arrives() {
        for (text, length) in [
            ("HTTP/1.1 200 OK\r\nA: b\r\n\r\nbody\r\n\r\n", 25),
            ("HTTP/1.1 200 OK\nA: b\n\nbody", 22),
            ("HTTP/1.1 200 OK\r\n\r\n", 19),
        ] {
            assert_eq!(head_end(text.as_bytes(), 0), Some(length), "{text:?}");
            let mut looked = 0;
            for end in 0..length {
                assert_eq!(head_end(&text.as_bytes()[..end], looked), None, "{text:?} {end}");
                looked = end;
            }
            assert_eq!(head_end(&text.as_bytes()[..length], looked), Some(length), "{text:?}");
        }
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
    fn event_stream_types() {
        for (fields, expected) in [
            ("Content-Type: text/event-stream\r\n", true),
            ("Content-Type: Text/Event-Stream;\r\n", true),
            ("Content-Type: text/event-stream;charset=utf-8\r\n", true),
            ("Content-Type: text/event-stream ; bogus\r\n", true),
            ("Content-Type: text/event-stream; charset=gbk\r\n", true),
            ("Content-Type: text/html\r\nContent-Type: text/event-stream\r\n", true),
            ("Content-Type: text/event-stream, bogus\r\n", true),
            ("Content-Type: text/event-stream, text/html\r\n", false),
            ("Content-Type: text/x-bogus\r\n", false),
            ("Content-Type: text/event-streams\r\n", false),
            ("Content-Type: text/event-stream bogus\r\n", false),
            ("Content-Type:\r\n", false),
            ("", false),
        ] {
            assert_eq!(head(fields).is_event_stream(), expected, "{fields:?}");
        }
    }

    #[test]
    fn framings() {
        for (fields, expected) in [
            ("", Ok(Framing::Close)),
            ("Content-Length: 12\r\n", Ok(Framing::Length(12))),
            ("Content-Length: 12\r\nContent-Length: 12, 12\r\n", Ok(Framing::Length(12))),
            ("Content-Length: 12\r\nContent-Length: 13\r\n", Err(HeadError::Malformed)),
            ("Content-Length: +1\r\n", Err(HeadError::Malformed)),
            ("Content-Length: 18446744073709551616\r\n", Err(HeadError::Malformed)),
            ("Transfer-Encoding: Chunked\r\n", Ok(Framing::Chunked)),
            ("Transfer-Encoding: chunked\r\nContent-Length: 5\r\n", Ok(Framing::Chunked)),
            ("Transfer-Encoding: gzip, chunked\r\n", Err(HeadError::Malformed)),
        ] {
            assert_eq!(head(fields).framing(), expected, "{fields:?}");
        }
        let empty = Head::parse(b"HTTP/1.1 204 No Content\r\n\r\n").expect("a head");
        assert_eq!(empty.framing(), Ok(Framing::Length(0)));
    }
}
