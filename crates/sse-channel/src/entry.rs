//! What a log holds: a frame, encoded once for everybody who will read it. Depends on `block`, `chunk`, `gap`, `id` and
//! `json`; pure.

use std::borrow::Cow;
use std::fmt;
use std::ops::Range;
use std::sync::Arc;

use sse_proto::Frame;

use crate::chunk::{CHUNK_END, ChunkSize, chunk};
use crate::{Block, EventId, Framing, Gap, json};

/// One entry of a log, encoded once for all who read it: what a
/// [filter](crate::Subscription::with_filter) decides about. A clone shares the bytes.
///
/// ```
/// use sse_channel::{Entry, Frame};
///
/// let frame = Frame::message("two\nlines").with_event_type("note")?.with_id("7")?;
/// let entry = Entry::new(&frame);
/// assert_eq!(entry.block(), b"event: note\nid: 7\ndata: two\ndata: lines\n\n");
/// assert_eq!((entry.event_type(), entry.id()), ("note", Some("7")));
/// assert_eq!(entry.data(), Some("two\nlines".into()));
/// # Ok::<(), sse_proto::FrameError>(())
/// ```
#[derive(Clone)]
pub struct Entry {
    chunk: Arc<[u8]>,
    event_type: Span,
    /// Empty if there is none.
    id: Span,
    /// Where the block begins in the chunk.
    start: u8,
    pub(crate) is_own_id: bool,
    /// Whether an entry with the same ID was held when this one came; set by the log.
    pub(crate) is_repeated: bool,
    pub(crate) is_gap: bool,
    /// How many entries before this one the next with an ID is; set by the log.
    pub(crate) back: u32,
}

/// A part of a chunk. Types and IDs stand at its beginning: what lies behind 4 GiB is not found.
type Span = Range<u32>;

impl Entry {
    /// Encodes `frame`, with the ID that it has; an empty one counts as none.
    #[must_use]
    pub fn new(frame: &Frame<'_>) -> Self {
        let frame = &without_empty_id(frame);
        let length = frame.encoded_len();
        let size = ChunkSize::of(length);
        let start = size.as_bytes().len();
        let chunk = chunk(&size, length, |block| {
            // Its length was asked for.
            let _ = frame.encode_into(block);
        });
        let comment = frame.comment_text().map_or(0, |text| Frame::comment(text).encoded_len() - 1);
        let (event_type, at) = span(start + comment, "event: ", frame.event_type());
        let (id, _) = span(at, "id: ", frame.id());
        Self::of(chunk, event_type, id, start)
    }

    /// The entry that tells of a gap; with a cursor it moves the last event ID there.
    pub(crate) fn gap(gap: Gap, cursor: Option<&str>, event_type: &str) -> Self {
        Self::told(&gap.to_string(), cursor, event_type)
    }

    fn told(data: &str, cursor: Option<&str>, event_type: &str) -> Self {
        let frame = Frame::message(data);
        let frame = cursor.and_then(|cursor| frame.with_id(cursor).ok()).unwrap_or(frame);
        let typed = frame.with_event_type(event_type).or_else(|_| frame.with_event_type("gap"));
        Self { is_gap: true, ..Self::new(&typed.unwrap_or(frame)) }
    }

    /// This gap as a client is told it that follows several channels, of which `name` is the one.
    pub(crate) fn gap_of(&self, name: &str) -> Self {
        let data = self.data().unwrap_or_default();
        let rest = data.strip_prefix('{').unwrap_or(&data);
        let data = format!("{{\"channel\":{},{rest}", json::string(name));
        Self::told(&data, self.id(), self.event_type())
    }

    /// The entry whose block this is, if [`new`](Self::new) could have made it.
    pub(crate) fn of_block(block: &[u8]) -> Option<Self> {
        let text = std::str::from_utf8(block).ok()?;
        let size = ChunkSize::of(block.len());
        let start = size.as_bytes().len();
        let (event_type, id) = spans(text, start)?;
        let chunk = chunk(&size, block.len(), |place| place.copy_from_slice(block));
        Some(Self::of(chunk, event_type, id, start))
    }

    fn of(chunk: Arc<[u8]>, event_type: Span, id: Span, start: usize) -> Self {
        let start = start as u8;
        let (is_own_id, is_repeated, is_gap) = (false, false, false);
        Self { chunk, event_type, id, start, is_own_id, is_repeated, is_gap, back: 0 }
    }

    /// The event type, `message` if the event has none of its own.
    #[must_use]
    pub fn event_type(&self) -> &str {
        let named = self.text(&self.event_type);
        if named.is_empty() { "message" } else { named }
    }

    /// The ID; `None` if the entry is no event and moves no client's last event ID.
    #[must_use]
    pub fn id(&self) -> Option<&str> {
        Some(self.text(&self.id)).filter(|id| !id.is_empty())
    }

    /// The data, its lines joined by LF; `None` if the entry is no event.
    #[must_use]
    pub fn data(&self) -> Option<Cow<'_, str>> {
        let text = std::str::from_utf8(self.block()).unwrap_or_default();
        let value = |line| str::strip_prefix(line, "data:");
        let mut lines =
            text.split('\n').filter_map(value).map(|it| it.strip_prefix(' ').unwrap_or(it));
        let first = lines.next()?;
        let mut data = Cow::Borrowed(first);
        for line in lines {
            let data = data.to_mut();
            data.push('\n');
            data.push_str(line);
        }
        Some(data)
    }

    /// The entry as it goes out: its lines and the blank line.
    #[must_use]
    pub fn block(&self) -> &[u8] {
        self.chunk.get(self.start.into()..self.chunk.len() - CHUNK_END).unwrap_or_default()
    }

    /// The entry framed, without a copy.
    #[must_use]
    pub fn framed(&self, framing: Framing) -> Block {
        match framing {
            Framing::Plain => Block::of_chunk(self.chunk.clone(), self.start, CHUNK_END as u8),
            Framing::Chunked => Block::of_chunk(self.chunk.clone(), 0, 0),
        }
    }

    /// Appends the entry, framed, with another ID in place of its own, or without one.
    ///
    /// What is written at once has to lie in one piece: those who share an entry share no more of it once each of them
    /// has another ID.
    pub(crate) fn append_with_id(&self, id: Option<&str>, framing: Framing, bytes: &mut Vec<u8>) {
        let (before, after) = self.around_id();
        let line = id.map_or([""; 3], |id| ["id: ", id, "\n"]);
        let length = before.len() + after.len() + line.iter().map(|it| it.len()).sum::<usize>();
        let size = ChunkSize::of(length);
        let (head, tail): (&[u8], &[u8]) = match framing {
            Framing::Plain => (b"", b""),
            Framing::Chunked => (size.as_bytes(), b"\r\n"),
        };
        bytes.reserve(head.len() + length + tail.len());
        bytes.extend_from_slice(head);
        bytes.extend_from_slice(before);
        line.iter().for_each(|part| bytes.extend_from_slice(part.as_bytes()));
        bytes.extend_from_slice(after);
        bytes.extend_from_slice(tail);
    }

    /// The block without its ID's line: what comes before that, and after it.
    fn around_id(&self) -> (&[u8], &[u8]) {
        let block = self.block();
        let place = |at: u32| at as usize - usize::from(self.start);
        let line = if self.has_id() {
            place(self.id.start) - "id: ".len()..place(self.id.end) + 1
        } else if self.event_type.is_empty() {
            0..0
        } else {
            let end = place(self.event_type.end) + 1;
            end..end
        };
        let before = block.get(..line.start).unwrap_or_default();
        (before, block.get(line.end..).unwrap_or_default())
    }

    pub(crate) fn has_id(&self) -> bool {
        !self.id.is_empty()
    }

    pub(crate) fn event_id(&self) -> Option<EventId> {
        self.id().map(EventId::from)
    }

    pub(crate) fn bytes(&self, framing: Framing) -> &[u8] {
        match framing {
            Framing::Plain => self.block(),
            Framing::Chunked => &self.chunk,
        }
    }

    fn text(&self, span: &Span) -> &str {
        let bytes = self.chunk.get(span.start as usize..span.end as usize).unwrap_or_default();
        std::str::from_utf8(bytes).unwrap_or_default()
    }
}

impl fmt::Debug for Entry {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Entry(\"{}\")", self.block().escape_ascii())
    }
}

/// An empty ID would take away what clients know of their place.
fn without_empty_id<'a>(frame: &Frame<'a>) -> Frame<'a> {
    if frame.id() != Some("") {
        return *frame;
    }
    let mut same = Frame::message(frame.data().unwrap_or_default());
    if frame.data().is_none() {
        same = Frame::comment(frame.comment_text().unwrap_or_default());
    } else if let Some(text) = frame.comment_text() {
        same = same.with_comment(text);
    }
    if let Some(time) = frame.reconnection_time() {
        same = same.with_reconnection_time(time);
    }
    same.with_event_type(frame.event_type().unwrap_or_default()).unwrap_or(same)
}

/// Where type and ID are in a block that begins at `at`, if its lines are those of a frame, in a frame's order. What a
/// client would take for the end of the block stands at its end alone.
fn spans(block: &str, mut at: usize) -> Option<(Span, Span)> {
    let mut lines = block.strip_suffix("\n\n")?.split('\n').peekable();
    while let Some(comment) = lines.next_if(|line| is_line(line, ":")) {
        at += comment.len() + 1;
    }
    let mut value =
        |name: &str| Some(lines.next_if(|line| line.starts_with(name))?.split_at(name.len()).1);
    let (event_type, id, time) = (value("event: "), value("id: "), value("retry: "));
    let frame = Frame::message("").with_event_type(event_type.unwrap_or_default()).ok()?;
    frame.with_id(id.unwrap_or_default()).ok()?;
    let is_time = |text: &str| text.bytes().all(|byte| byte.is_ascii_digit());
    let is_frame = event_type != Some("")
        && id != Some("")
        && time.is_none_or(is_time)
        && !block.contains('\r')
        && lines.all(|line| is_line(line, "data:"));
    let (event_type, at) = span(at, "event: ", event_type);
    is_frame.then(|| (event_type, span(at, "id: ", id).0))
}

/// Whether a line has this name: its value follows on a space.
fn is_line(line: &str, name: &str) -> bool {
    line.strip_prefix(name).is_some_and(|value| value.is_empty() || value.starts_with(' '))
}

/// Where the value of the line `name` is that begins at `at`, and where the line ends.
fn span(at: usize, name: &str, value: Option<&str>) -> (Span, usize) {
    let Some(value) = value else { return (0..0, at) };
    let start = at + name.len();
    let end = start + value.len();
    let small = |place: usize| u32::try_from(place).unwrap_or(u32::MAX);
    (small(start)..small(end), end + 1)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_entry_is_one_chunk() {
        let entry = Entry::new(&Frame::message("0123456789"));
        assert_eq!(&*entry.framed(Framing::Chunked), b"12\r\ndata: 0123456789\n\n\r\n");
        assert_eq!(&*entry.framed(Framing::Plain), b"data: 0123456789\n\n");
        assert_eq!((entry.event_type(), entry.id()), ("message", None));
    }

    #[test]
    fn type_id_and_data_are_found_behind_whatever_stands_before_them() {
        for comment in [None, Some(""), Some("one"), Some("one\ntwo\r\nthree\r")] {
            for event_type in ["", "note"] {
                for id in ["", "7", "\u{e9}"] {
                    for data in ["", " a", "a\n\nb"] {
                        let frame = Frame::message(data).with_event_type(event_type).unwrap();
                        let with_id = frame.with_id(id).unwrap();
                        let frame = if id.is_empty() { frame } else { with_id };
                        let frame = comment.map_or(frame, |text| frame.with_comment(text));
                        let entry = Entry::new(&frame);
                        assert_eq!(entry.block(), frame.to_string().as_bytes());
                        assert_eq!(entry.id().unwrap_or_default(), id, "{entry:?}");
                        let named = if event_type.is_empty() { "message" } else { event_type };
                        assert_eq!(entry.event_type(), named, "{entry:?}");
                        assert_eq!(entry.data().as_deref(), Some(data), "{entry:?}");
                    }
                }
            }
        }
        assert_eq!(Entry::new(&Frame::comment("data: x")).data(), None);
    }

    #[test]
    fn an_id_is_replaced_and_nothing_else() {
        for frame in [
            Frame::message("a\nb"),
            Frame::message("").with_comment("id: x\ny").with_event_type("note").unwrap(),
            Frame::comment("id: 3"),
        ] {
            for own in ["", "7", &"x".repeat(300)] {
                let entry = Entry::new(&frame.with_id(own).unwrap());
                let replaced = |id| {
                    let (mut plain, mut chunked) = (Vec::new(), Vec::new());
                    entry.append_with_id(id, Framing::Plain, &mut plain);
                    entry.append_with_id(id, Framing::Chunked, &mut chunked);
                    let framed = format!("{:x}\r\n{}\r\n", plain.len(), plain.escape_ascii());
                    assert_eq!(
                        framed,
                        chunked.escape_ascii().to_string().replace("\\r\\n", "\r\n")
                    );
                    String::from_utf8(plain).unwrap()
                };
                let without = Entry::new(&frame);
                assert_eq!(replaced(None).as_bytes(), without.block(), "{entry:?}");
                let with = replaced(Some("j1.a-7-7"));
                assert_eq!(with.replacen("id: j1.a-7-7\n", "", 1).as_bytes(), without.block());
                assert!(with.contains("id: j1.a-7-7\n") && !with.contains("id: 7\n"), "{with}");
            }
        }
    }

    #[test]
    fn a_gap_is_told_with_its_channel() {
        let gap = Entry::gap(Gap::OtherEpoch, Some("7-1"), "lost");
        let named = gap.gap_of("a \"b\"\n");
        let data = r#"{"channel":"a \"b\"\n","reason":"other-epoch","missed":null}"#;
        assert_eq!(named.data().as_deref(), Some(data));
        assert_eq!((named.event_type(), named.id(), named.is_gap), ("lost", Some("7-1"), true));
    }

    #[test]
    fn a_block_that_no_frame_has_is_no_entry() {
        let time = std::time::Duration::from_secs(1);
        let frame =
            Frame::message("a\n\u{0} b\n").with_comment("c\nd").with_reconnection_time(time);
        let frame = frame.with_event_type("note").unwrap().with_id("\u{e9} 7").unwrap();
        for frame in [frame, Frame::comment(""), Frame::retry(time), Frame::cursor("7").unwrap()] {
            let entry = Entry::new(&frame);
            let again = Entry::of_block(entry.block()).unwrap();
            assert_eq!(again.chunk, entry.chunk);
            assert_eq!((again.event_type(), again.id()), (entry.event_type(), entry.id()));
        }
        for block in [
            "",
            "\n",
            "\n\n",
            "data: a",
            "data: a\n",
            "data: a\n\ndata: b\n\n",
            "data: a\n\n\n",
            "dat: a\n\n",
            "data\n\n",
            "data:a\n\n",
            " data: a\n\n",
            "data: a\rid: 9\n\n",
            "data: a\r\n\n",
            "id: \n\n",
            "event: \ndata: a\n\n",
            "data: a\nid: 7\n\n",
            "id: 7\nid: 8\n\n",
            "id: 7\nevent: a\n\n",
            "id: \u{0}\n\n",
            "retry: 1s\n\n",
            "data: a\n: b\n\n",
        ] {
            assert!(Entry::of_block(block.as_bytes()).is_none(), "{block:?}");
        }
        assert!(Entry::of_block(b"data: \xff\n\n").is_none());
    }
}
