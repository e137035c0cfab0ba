//! The fields of an entry as a frame, and a frame as fields. Depends on `id` and `reply`; pure.

use std::time::Duration;

use sse_channel::{Entry, Frame};

use crate::id::Tag;
use crate::reply::Raw;

/// The fields that are looked at; each at its first place, others are ignored.
const DATA: &str = "data";
const EVENT: &str = "event";
const RETRY: &str = "retry";

/// Why an entry of a stream is no event.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Skip {
    /// It has no field `data`.
    NoData,
    /// `data` or `event` is not UTF-8.
    NotUtf8,
    /// `event` holds a line break.
    EventType,
    /// It is larger than [`max_event_bytes`](crate::Options::max_event_bytes).
    TooLarge,
}

impl Skip {
    /// The reason in words.
    #[must_use]
    pub fn reason(self) -> &'static str {
        match self {
            Self::NoData => "it has no field `data`",
            Self::NotUtf8 => "`data` or `event` is not UTF-8",
            Self::EventType => "`event` holds a line break",
            Self::TooLarge => "it is too large",
        }
    }
}

/// What a frame is published as.
pub(crate) fn of(frame: &Frame<'_>) -> Result<Vec<(&'static str, String)>, &'static str> {
    if frame.id().is_some_and(|id| !id.is_empty()) {
        return Err("it has an ID of its own, and Redis gives the IDs");
    }
    let data = frame.data().ok_or("it has no data")?;
    let mut fields = vec![(DATA, data.to_owned())];
    fields.extend(frame.event_type().map(|name| (EVENT, name.to_owned())));
    fields.extend(frame.reconnection_time().map(|it| (RETRY, it.as_millis().to_string())));
    Ok(fields)
}

/// The entry that goes out, with its ID.
pub(crate) fn entry(raw: &Raw, tag: &Tag, max_bytes: usize) -> Result<Entry, Skip> {
    if raw.bytes() > max_bytes {
        return Err(Skip::TooLarge);
    }
    let field = |name: &str| {
        let mut pairs = raw.fields.chunks_exact(2);
        pairs.find(|pair| pair[0] == name.as_bytes()).map(|pair| std::str::from_utf8(&pair[1]))
    };
    let data = field(DATA).ok_or(Skip::NoData)?.map_err(|_| Skip::NotUtf8)?;
    let event_type = field(EVENT).transpose().map_err(|_| Skip::NotUtf8)?.unwrap_or_default();
    let id = tag.event_id(raw.id);
    let frame = Frame::message(data).with_event_type(event_type).map_err(|_| Skip::EventType)?;
    let retry = field(RETRY).and_then(Result::ok).and_then(|text| text.parse().ok());
    let frame = retry.map_or(frame, |ms| frame.with_reconnection_time(Duration::from_millis(ms)));
    Ok(Entry::new(&frame.with_id(&id).unwrap_or(frame)))
}

/// What moves a client past an entry that is no event.
pub(crate) fn passing(raw: &Raw, tag: &Tag) -> Entry {
    let id = tag.event_id(raw.id);
    Entry::new(&Frame::cursor(&id).unwrap_or(Frame::comment("")))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::id::StreamId;

    fn read(fields: &[&[u8]]) -> Result<Entry, Skip> {
        let fields = fields.iter().map(|it| it.to_vec()).collect();
        entry(&Raw { id: StreamId::START, fields }, &Tag::of("k"), 30)
    }

    #[test]
    fn fields_make_a_frame() {
        let entry = read(&[b"other", b"1", b"event", b"note", b"data", b"a\nb", b"data", b"c"]);
        let entry = entry.expect("an event");
        assert_eq!((entry.event_type(), entry.data()), ("note", Some("a\nb".into())));
        assert_eq!(entry.id(), Some(&*Tag::of("k").event_id(StreamId::START)));
        let entry = read(&[b"data", b"", b"retry", b"5"]).expect("an event");
        assert!(std::str::from_utf8(entry.block()).expect("text").contains("retry: 5\n"));
    }

    #[test]
    fn what_is_no_event_says_why() {
        assert_eq!(read(&[b"Data", b"1"]).map(drop), Err(Skip::NoData));
        assert_eq!(read(&[b"data", b"\xff"]).map(drop), Err(Skip::NotUtf8));
        assert_eq!(read(&[b"data", b"", b"event", b"a\nb"]).map(drop), Err(Skip::EventType));
        assert_eq!(
            read(&[b"data", b"012345678901234567890123456789"]).map(drop),
            Err(Skip::TooLarge)
        );
        assert!(read(&[b"data", b"", b"retry", b"soon", b"data"]).is_ok());
    }

    #[test]
    fn a_frame_is_read_as_it_was_written() {
        let frame = Frame::message("a\r\nb").with_event_type("e").expect("a type");
        let fields = of(&frame.with_reconnection_time(Duration::from_secs(1))).expect("fields");
        let bytes: Vec<&[u8]> =
            fields.iter().flat_map(|(name, it)| [name.as_bytes(), it.as_bytes()]).collect();
        let entry = super::entry(
            &Raw { id: StreamId::START, fields: bytes.iter().map(|it| it.to_vec()).collect() },
            &Tag::of("k"),
            100,
        );
        assert_eq!(entry.expect("an event").data(), Some("a\nb".into()));
        assert!(of(&frame.with_id("1").expect("an ID")).is_err());
        assert!(of(&Frame::comment("")).is_err());
    }
}
