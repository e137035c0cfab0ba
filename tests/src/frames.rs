//! What a frame is built from, and what a receiver must make of it.
//!
//! Depends on the codec's public API and on the oracle's types.

use std::time::Duration;

use sse_proto::{BufferTooSmall, Decoder, Frame, FrameError, Part};

use crate::chunking::{cut, limits, outcome};
use crate::oracle;
use crate::streams::{Random, cuts};

/// What a frame is built from.
#[derive(Clone, Debug, Default)]
pub struct Parts {
    /// The text of a comment.
    pub comment: Option<String>,
    /// The event type.
    pub event_type: Option<String>,
    /// The ID.
    pub id: Option<String>,
    /// The reconnection time.
    pub retry: Option<Duration>,
    /// The data; without it the frame is no event.
    pub data: Option<String>,
}

impl Parts {
    /// Parts that love line ends, NUL, BOM and colons.
    #[must_use]
    pub fn random(random: &mut Random) -> Self {
        let some = |random: &mut Random| random.below(2) == 0;
        Self {
            comment: some(random).then(|| text(random)),
            event_type: some(random).then(|| text(random)),
            id: some(random).then(|| text(random)),
            retry: some(random).then(|| Duration::from_micros(random.bits() >> random.below(64))),
            data: some(random).then(|| text(random)),
        }
    }

    /// Builds the frame, and decodes it cut at random, if it can be built. Whether it can be.
    ///
    /// # Panics
    ///
    /// If the frame is refused without reason or with a wrong one, or is built in spite of one; if
    /// the ways to encode it differ; if a receiver would see anything but its parts.
    pub fn check(&self, random: &mut Random) -> bool {
        let Some(frame) = self.frame() else {
            return true;
        };
        match (frame, self.forbidden()) {
            (Ok(frame), None) => {
                let bytes = encoded(&frame);
                let mut decoder = Decoder::with_limits(limits(bytes.len(), bytes.len()));
                let cuts = cuts(random, bytes.len());
                let seen = outcome(&mut decoder, cut(&bytes, &cuts)).expect("no limit is passed");
                let items: Vec<oracle::Item> = seen.items.into_iter().map(|it| it.item).collect();
                assert_eq!(items, self.items(), "{self:?}");
                true
            }
            (Err(error), Some(forbidden)) => {
                assert_eq!((error.part, error.offset, error.byte), forbidden, "{self:?}");
                false
            }
            (frame, forbidden) => panic!("{self:?}: {frame:?}, although {forbidden:?} is in it"),
        }
    }

    /// The frame, begun in whichever way its parts allow.
    fn frame(&self) -> Option<Result<Frame<'_>, FrameError>> {
        let mut frame = match (&self.data, &self.comment, self.retry, &self.id) {
            (Some(data), ..) => Frame::message(data),
            (None, Some(comment), ..) => Frame::comment(comment),
            (None, None, Some(time), _) => Frame::retry(time),
            (None, None, None, Some(id)) => match Frame::cursor(id) {
                Ok(frame) => frame,
                Err(error) => return Some(Err(error)),
            },
            (None, None, None, None) => return None,
        };
        if let Some(comment) = &self.comment {
            frame = frame.with_comment(comment);
        }
        if let Some(time) = self.retry {
            frame = frame.with_reconnection_time(time);
        }
        let frame = match &self.id {
            Some(id) => frame.with_id(id),
            None => Ok(frame),
        };
        Some(match (&self.event_type, frame) {
            (Some(event_type), Ok(frame)) => frame.with_event_type(event_type),
            (_, frame) => frame,
        })
    }

    /// The first byte that the format cannot carry, in the order in which `frame` hands it over.
    fn forbidden(&self) -> Option<(Part, usize, u8)> {
        let id = self.id.as_deref().unwrap_or_default();
        let event_type = self.event_type.as_deref().unwrap_or_default();
        let (part, text, offset) = match (first_lost(id), event_type.find(['\r', '\n'])) {
            (Some(offset), _) => (Part::LastEventId, id, offset),
            (None, Some(offset)) => (Part::EventType, event_type, offset),
            (None, None) => return None,
        };
        Some((part, offset, text.as_bytes()[offset]))
    }

    /// What a receiver must see: a line end in comment and data is an LF, the empty type is
    /// `message`, and a time is in whole milliseconds.
    fn items(&self) -> Vec<oracle::Item> {
        let lines = |text: &String| text.replace("\r\n", "\n").replace('\r', "\n");
        let mut items = Vec::new();
        if let Some(comment) = &self.comment {
            items.extend(
                lines(comment).split('\n').map(|line| oracle::Item::Comment(line.to_owned())),
            );
        }
        if let Some(time) = self.retry {
            let milliseconds = u64::try_from(time.as_millis()).unwrap_or(u64::MAX);
            items.push(oracle::Item::ReconnectionTime(milliseconds));
        }
        let id = self.id.clone().unwrap_or_default();
        if let Some(data) = &self.data {
            let named = self.event_type.as_ref().filter(|it| !it.is_empty());
            items.push(oracle::Item::Event {
                event_type: named.map_or("message".to_owned(), String::clone),
                data: lines(data),
                last_event_id: id,
            });
        } else if self.id.is_some() {
            items.push(oracle::Item::LastEventId(id));
        }
        items
    }
}

/// Where an ID first holds what does not come back from a request's header field: a control character, or a space or tab
/// that is trimmed.
#[must_use]
pub fn first_lost(id: &str) -> Option<usize> {
    let controls: Vec<char> =
        (0..0x20).chain([0x7F]).map(char::from).filter(|&it| it != '\t').collect();
    let blanks = [' ', '\t'];
    if id.starts_with(blanks) {
        return Some(0);
    }
    let trimmed = id.ends_with(blanks).then(|| id.len() - 1);
    id.find(&controls[..]).or(trimmed)
}

/// The frame's bytes, which every way to encode it must give.
fn encoded(frame: &Frame<'_>) -> Vec<u8> {
    let text = frame.to_string();
    assert_eq!(text.len(), frame.encoded_len());
    let mut appended = b"before".to_vec();
    frame.append_to(&mut appended);
    assert_eq!(appended.strip_prefix(b"before"), Some(text.as_bytes()));
    let mut buffer = vec![b'#'; text.len() + 1];
    assert_eq!(frame.encode_into(&mut buffer), Ok(text.len()));
    assert_eq!(buffer.strip_suffix(b"#"), Some(text.as_bytes()));
    let too_small = frame.encode_into(&mut buffer[..text.len() - 1]);
    assert!(matches!(too_small, Err(BufferTooSmall { needed, .. }) if needed == text.len()));
    text.into_bytes()
}

fn text(random: &mut Random) -> String {
    let pieces = [
        "a", ":", "data: x", "更新", "😀", "\u{FEFF}", "\u{85}", " ", "\t", "\n", "\r", "\r\n",
        "\0", "\u{1}", "\u{7F}",
    ];
    // Two of three texts have no byte that an ID or a type cannot carry, wherever it stands.
    let usable = if random.below(3) == 0 { pieces.len() } else { pieces.len() - 8 };
    (0..random.below(5)).map(|_| random.pick(&pieces[..usable])).collect()
}
