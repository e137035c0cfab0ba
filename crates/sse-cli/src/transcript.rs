//! What a server sent, and when: the head, the body without its framing, the end. Pure; depends on httparse, on the
//! chunks of sse-proto and, for compressed bodies, on flate2.

use sse_client::proto::ChunkedBody;
use std::borrow::Cow;
use std::io::{self, Write};
use std::time::Duration;

/// Largest head taken, and most fields in it.
const HEAD: usize = 64 * 1024;
const FIELDS: usize = 128;

/// The head of a response.
#[derive(Debug, Clone, Default)]
pub(crate) struct Head {
    /// The minor version of HTTP/1.
    pub(crate) minor: u8,
    pub(crate) status: u16,
    fields: Vec<(String, String)>,
}

impl Head {
    /// The value of the first field of this name.
    pub(crate) fn field(&self, name: &str) -> Option<&str> {
        let mut named = self.fields.iter().filter(|(it, _)| it.eq_ignore_ascii_case(name));
        named.next().map(|(_, value)| value.as_str())
    }

    /// Names and values, in the order they came.
    pub(crate) fn fields(&self) -> impl Iterator<Item = (&str, &str)> {
        self.fields.iter().map(|(name, value)| (name.as_str(), value.as_str()))
    }

    /// Whether a field that is a list has this member, parameters aside.
    pub(crate) fn lists(&self, name: &str, member: &str) -> bool {
        let named = self.fields.iter().filter(|(it, _)| it.eq_ignore_ascii_case(name));
        let mut members = named.flat_map(|(_, value)| value.split(','));
        members.any(|it| {
            it.split([';', '=']).next().is_some_and(|it| it.trim().eq_ignore_ascii_case(member))
        })
    }

    fn parse(bytes: &[u8]) -> Result<Option<(Self, usize)>, String> {
        let mut fields = [httparse::EMPTY_HEADER; FIELDS];
        let mut response = httparse::Response::new(&mut fields);
        match response.parse(bytes) {
            Ok(httparse::Status::Complete(length)) => {
                let text = |value: &[u8]| String::from_utf8_lossy(value).into_owned();
                let fields = response.headers.iter();
                let head = Self {
                    minor: response.version.unwrap_or(1),
                    status: response.code.unwrap_or_default(),
                    fields: fields.map(|it| (it.name.to_owned(), text(it.value))).collect(),
                };
                Ok(Some((head, length)))
            }
            Ok(httparse::Status::Partial) if bytes.len() <= HEAD => Ok(None),
            Ok(httparse::Status::Partial) => Err("its head is longer than 64 KiB".to_owned()),
            Err(error) => Err(format!("it is not HTTP/1: {error}")),
        }
    }
}

/// How a response ended.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(crate) enum End {
    /// It did not, as long as it was looked at.
    #[default]
    Open,
    /// As its framing says.
    Complete,
    /// The connection went away before that.
    Cut(String),
    /// What came is not HTTP.
    Malformed(String),
}

/// What a server sent. Times are counted from when the request had been sent.
#[derive(Debug, Clone, Default)]
pub(crate) struct Transcript {
    pub(crate) head: Option<Head>,
    pub(crate) head_at: Duration,
    /// The body, as far as it came, without its framing.
    pub(crate) body: Vec<u8>,
    /// How long the body was after each arrival of bytes.
    pub(crate) arrivals: Vec<(Duration, usize)>,
    pub(crate) end: End,
    /// When it ended, or when nobody looked any longer.
    pub(crate) ended_at: Duration,
    /// How long after this side had said that it will send no more the server closed; `None` if that was not tried,
    /// or if it did not.
    pub(crate) closed_after: Option<Duration>,
    /// Whether the body has a framing of its own, by which its end can be told from a broken connection.
    pub(crate) is_framed: bool,
}

impl Transcript {
    pub(crate) fn status(&self) -> Option<u16> {
        self.head.as_ref().map(|head| head.status)
    }

    /// The value of a field of the head.
    pub(crate) fn field(&self, name: &str) -> Option<&str> {
        self.head.as_ref().and_then(|head| head.field(name))
    }

    /// The media type without its parameters, in lower case.
    pub(crate) fn media_type(&self) -> String {
        let named = self.field("content-type").unwrap_or_default();
        named.split(';').next().unwrap_or_default().trim().to_ascii_lowercase()
    }

    pub(crate) fn is_event_stream(&self) -> bool {
        self.status() == Some(200) && self.media_type() == "text/event-stream"
    }

    /// The coding of the content, if it has one.
    pub(crate) fn coding(&self) -> Option<&str> {
        self.field("content-encoding").filter(|it| !it.eq_ignore_ascii_case("identity"))
    }

    /// The body without its compression, as far as that can be read; `None` for one that is not gzip.
    pub(crate) fn content(&self) -> Option<Cow<'_, [u8]>> {
        match self.coding() {
            None => Some(Cow::Borrowed(&self.body)),
            Some(coding) if coding.eq_ignore_ascii_case("gzip") => {
                let mut decoder = flate2::write::GzDecoder::new(Inflated(Vec::new()));
                // What is damaged, unfinished or too much ends here; what was before it counts.
                let _ = decoder.write_all(&self.body).and_then(|()| decoder.flush());
                Some(Cow::Owned(std::mem::take(&mut decoder.get_mut().0)))
            }
            Some(_) => None,
        }
    }
}

/// Largest content taken out of a compressed body: a few bytes can be made to stand for very many.
const INFLATED: usize = 8 * 1024 * 1024;

/// Takes inflated bytes up to that.
struct Inflated(Vec<u8>);

impl Write for Inflated {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        if self.0.len() + bytes.len() > INFLATED {
            return Err(io::ErrorKind::StorageFull.into());
        }
        self.0.extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

/// Reads a response as its bytes come.
#[derive(Debug, Default)]
pub(crate) struct Reader {
    /// What has not been understood yet.
    pending: Vec<u8>,
    place: Place,
    /// The request was a HEAD: no body follows, whatever the head says.
    is_head_only: bool,
    pub(crate) transcript: Transcript,
}

/// What is to be read next.
#[derive(Debug, Default)]
enum Place {
    #[default]
    Head,
    Length(u64),
    Close,
    Chunked(ChunkedBody),
    Over,
}

impl Reader {
    pub(crate) fn new(method: &str) -> Self {
        Self { is_head_only: method == "HEAD", ..Self::default() }
    }

    pub(crate) fn is_over(&self) -> bool {
        matches!(self.place, Place::Over)
    }

    /// Takes bytes that came at a time.
    pub(crate) fn push(&mut self, at: Duration, bytes: &[u8]) {
        self.pending.extend_from_slice(bytes);
        let before = self.transcript.body.len();
        while !self.is_over() {
            match self.step(at) {
                Ok(true) => {}
                Ok(false) => break,
                Err(why) => self.over(End::Malformed(why), at),
            }
        }
        let length = self.transcript.body.len();
        if length > before {
            self.transcript.arrivals.push((at, length));
        }
    }

    /// The other side has closed, in the words of the system.
    pub(crate) fn closed(&mut self, at: Duration, why: &str) {
        let end = match self.place {
            Place::Over => return,
            Place::Close if why.is_empty() => End::Complete,
            _ if why.is_empty() => End::Cut("the server closed the connection".to_owned()),
            _ => End::Cut(why.to_owned()),
        };
        self.over(end, at);
    }

    fn over(&mut self, end: End, at: Duration) {
        self.place = Place::Over;
        self.transcript.end = end;
        self.transcript.ended_at = at;
    }

    /// Understands the next piece; `false` if there is not enough of it yet.
    fn step(&mut self, at: Duration) -> Result<bool, String> {
        let Self { place, pending, transcript, .. } = self;
        match place {
            Place::Head => self.head(at),
            Place::Close => {
                transcript.body.append(pending);
                Ok(false)
            }
            Place::Length(left) => {
                let count = usize::try_from(*left).unwrap_or(usize::MAX).min(pending.len());
                transcript.body.extend(pending.drain(..count));
                *left -= count as u64;
                if *left == 0 {
                    self.over(End::Complete, at);
                }
                Ok(false)
            }
            Place::Chunked(body) => {
                let mut input = &pending[..];
                while let Some(payload) = body.next(&mut input) {
                    transcript.body.extend_from_slice(payload.map_err(|it| it.to_string())?);
                }
                pending.clear();
                if body.is_complete() {
                    self.over(End::Complete, at);
                }
                Ok(false)
            }
            Place::Over => Ok(false),
        }
    }

    fn head(&mut self, at: Duration) -> Result<bool, String> {
        let Some((head, length)) = Head::parse(&self.pending)? else { return Ok(false) };
        self.pending.drain(..length);
        // An interim answer, such as 103, goes before the one that counts.
        if matches!(head.status, 100..200) {
            return Ok(true);
        }
        let chunked = head.lists("transfer-encoding", "chunked");
        let length = head.field("content-length").map(|it| it.trim().parse::<u64>());
        self.place = match length {
            _ if self.is_head_only || matches!(head.status, 204 | 304) => Place::Length(0),
            _ if chunked => Place::Chunked(ChunkedBody::new()),
            Some(Ok(length)) => Place::Length(length),
            Some(Err(_)) => return Err("Content-Length is no number".to_owned()),
            None => Place::Close,
        };
        self.transcript.is_framed = !matches!(self.place, Place::Close);
        self.transcript.head = Some(head);
        self.transcript.head_at = at;
        Ok(true)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Body and end, whether the bytes come at once or one by one.
    fn read(text: &str, closes: bool) -> (String, End) {
        let both = [text.len(), 1].map(|size| {
            let mut reader = Reader::new("GET");
            for (at, piece) in (0..).zip(text.as_bytes().chunks(size)) {
                reader.push(Duration::from_secs(at), piece);
            }
            if closes {
                reader.closed(Duration::from_secs(99), "");
            }
            let Transcript { body, end, .. } = reader.transcript;
            (String::from_utf8(body).expect("UTF-8"), end)
        });
        assert_eq!(both[0], both[1], "{text}");
        both[0].clone()
    }

    #[test]
    fn bodies_end_as_their_framing_says() {
        let cut = End::Cut("the server closed the connection".to_owned());
        for (text, closes, body, end) in [
            ("HTTP/1.1 200 OK\r\n\r\nabc", true, "abc", End::Complete),
            ("HTTP/1.1 200 OK\r\n\r\nabc", false, "abc", End::Open),
            ("HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nab", false, "ab", End::Complete),
            ("HTTP/1.1 200 OK\r\nContent-Length: 3\r\n\r\nab", true, "ab", cut.clone()),
            ("HTTP/1.1 204 No\r\nContent-Length: 3\r\n\r\n", false, "", End::Complete),
            ("HTTP/1.1 103 H\r\n\r\nHTTP/1.1 200 OK\r\n\r\na", true, "a", End::Complete),
            (
                "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nab\r\n1;x=y\r\nc\r\n0\r\n\r\n",
                false,
                "abc",
                End::Complete,
            ),
            (
                "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nab\r\n0\r\nA: b\r\n\r\n",
                false,
                "ab",
                End::Complete,
            ),
            (
                "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nab\r\n",
                true,
                "ab",
                cut.clone(),
            ),
            ("HTTP/1.1 200 OK", true, "", cut),
        ] {
            assert_eq!(read(text, closes), (body.to_owned(), end), "{text}");
        }
        for text in [
            "hello\r\n\r\n",
            "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nx\r\n",
            "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n1\r\nabc",
            "HTTP/1.1 200 OK\r\nContent-Length: x\r\n\r\n",
        ] {
            assert!(matches!(read(text, false).1, End::Malformed(_)), "{text}");
        }
    }

    #[test]
    fn a_bomb_is_inflated_so_far_only() {
        let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::best());
        let zeros = vec![0; 1024 * 1024];
        (0..64).for_each(|_| encoder.write_all(&zeros).expect("memory"));
        let mut reader = Reader::new("GET");
        reader.push(Duration::ZERO, b"HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\n\r\n");
        reader.push(Duration::ZERO, &encoder.finish().expect("memory"));
        let length = reader.transcript.content().map_or(0, |content| content.len());
        assert!((1..=INFLATED).contains(&length), "{length}");
    }

    #[test]
    fn an_answer_to_head_has_no_body_whatever_it_announces() {
        let mut reader = Reader::new("HEAD");
        reader.push(Duration::ZERO, b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\n");
        assert_eq!(reader.transcript.end, End::Complete);
    }

    #[test]
    fn a_body_is_read_as_far_as_its_compression_lets_it() {
        let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::default());
        encoder.write_all(b"data: 1\n\n").and_then(|()| encoder.flush()).expect("memory");
        let mut reader = Reader::new("GET");
        reader.push(Duration::ZERO, b"HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\n\r\n");
        reader.push(Duration::ZERO, encoder.get_ref());
        assert_eq!(reader.transcript.content().as_deref(), Some(&b"data: 1\n\n"[..]));
    }
}
