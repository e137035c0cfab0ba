//! What a log holds: a frame, encoded once for everybody who will read it. Pure.

use std::borrow::Cow;
use std::fmt;
use std::ops::Range;
use std::sync::Arc;

use sse_proto::Frame;

use crate::{Block, EventId, Framing};

/// The end of a chunk.
const CHUNK_END: usize = 2;

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
        // One allocation of the exact size, and nothing is copied twice.
        let mut chunk: Arc<[u8]> = std::iter::repeat_n(0, start + length + CHUNK_END).collect();
        if let Some(bytes) = Arc::get_mut(&mut chunk) {
            let (head, rest) = bytes.split_at_mut(start);
            let (block, end) = rest.split_at_mut(length);
            head.copy_from_slice(size.as_bytes());
            // Its length was asked for.
            let _ = frame.encode_into(block);
            end.copy_from_slice(b"\r\n");
        }
        let comment = frame.comment_text().map_or(0, |text| Frame::comment(text).encoded_len() - 1);
        let (event_type, at) = span(start + comment, "event: ", frame.event_type());
        let (id, _) = span(at, "id: ", frame.id());
        let start = start as u8;
        Self { chunk, event_type, id, start, is_own_id: false, is_gap: false, back: 0 }
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

/// Where the value of the line `name` is that begins at `at`, and where the line ends.
fn span(at: usize, name: &str, value: Option<&str>) -> (Span, usize) {
    let Some(value) = value else { return (0..0, at) };
    let start = at + name.len();
    let end = start + value.len();
    let small = |place: usize| u32::try_from(place).unwrap_or(u32::MAX);
    (small(start)..small(end), end + 1)
}

/// The line before a chunk: its length in hexadecimal digits.
pub(crate) struct ChunkSize {
    bytes: [u8; 18],
    length: usize,
}

impl ChunkSize {
    pub(crate) fn of(length: usize) -> Self {
        let digits = length.checked_ilog2().unwrap_or(0) as usize / 4 + 1;
        let mut bytes = *b"0000000000000000\r\n";
        for (place, shift) in (0..digits).rev().enumerate() {
            if let Some(byte) = bytes.get_mut(place) {
                *byte = b"0123456789abcdef"[(length >> (4 * shift)) & 15];
            }
        }
        if let Some(end) = bytes.get_mut(digits..digits + 2) {
            end.copy_from_slice(b"\r\n");
        }
        Self { bytes, length: digits + 2 }
    }

    pub(crate) fn as_bytes(&self) -> &[u8] {
        self.bytes.get(..self.length).unwrap_or_default()
    }
}

/// Consecutive entries, framed and joined.
#[derive(Clone, Debug)]
pub struct Batch {
    /// Position of the first entry.
    pub(crate) first: u64,
    pub(crate) end: u64,
    pub(crate) block: Option<Block>,
    pub(crate) events: u64,
}

impl Batch {
    /// Joins `entries`, the first of which is at `position`. A single one is shared, not copied.
    #[must_use]
    pub fn join(position: u64, entries: &[Entry], framing: Framing) -> Self {
        Self::wanted(position, entries, framing, |_| true)
    }

    /// Joins those of `entries` that are wanted.
    pub(crate) fn wanted(
        first: u64,
        entries: &[Entry],
        framing: Framing,
        is_wanted: impl Fn(&Entry) -> bool,
    ) -> Self {
        let end = first + entries.len() as u64;
        let mut wanted = entries.iter().filter(|entry| entry.is_gap || is_wanted(entry));
        let Some(one) = wanted.next() else { return Self { first, end, block: None, events: 0 } };
        let Some(two) = wanted.next() else {
            return Self { first, end, block: Some(one.framed(framing)), events: 1 };
        };
        let mut events = 0;
        let mut bytes = Vec::with_capacity(entries.iter().map(|it| it.bytes(framing).len()).sum());
        for entry in [one, two].into_iter().chain(wanted) {
            bytes.extend_from_slice(entry.bytes(framing));
            events += 1;
        }
        Self { first, end, block: Some(Block::from(bytes)), events }
    }

    /// Position of the first entry.
    #[must_use]
    pub fn first(&self) -> u64 {
        self.first
    }

    /// The position after the last entry.
    #[must_use]
    pub fn end(&self) -> u64 {
        self.end
    }

    /// The bytes; `None` if none of the entries was wanted.
    #[must_use]
    pub fn block(&self) -> Option<&Block> {
        self.block.as_ref()
    }

    /// How many entries are in the bytes.
    #[must_use]
    pub fn events(&self) -> u64 {
        self.events
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_chunk_says_how_long_it_is() {
        for length in [0, 1, 9, 10, 15, 16, 17, 255, 256, 4095, 4096, 65_536, usize::MAX] {
            let expected = format!("{length:x}\r\n");
            assert_eq!(ChunkSize::of(length).as_bytes(), expected.as_bytes(), "{length}");
        }
    }

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
}
