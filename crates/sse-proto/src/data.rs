//! Events and frames as data, with the names of the standard. Imports serde.

use serde::ser::SerializeStruct;
use serde::{Serialize, Serializer};

use crate::event::Event;
use crate::frame::Frame;

/// As a `MessageEvent` has it: `type`, `data`, `lastEventId`. What is read back is an `OwnedEvent`.
///
/// ```
/// use sse_proto::{Decoder, OwnedEvent};
///
/// let mut decoder = Decoder::new();
/// let event = decoder.next_event(&mut &b"id: 7\ndata: 1\n\n"[..]).unwrap()?;
/// let json = serde_json::to_string(&event)?;
/// assert_eq!(json, r#"{"type":"message","data":"1","lastEventId":"7"}"#);
/// assert_eq!(serde_json::from_str::<OwnedEvent>(&json)?, event.into_owned());
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
impl Serialize for Event<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut event = serializer.serialize_struct("Event", 3)?;
        event.serialize_field("type", self.event_type())?;
        event.serialize_field("data", self.data())?;
        event.serialize_field("lastEventId", self.last_event_id())?;
        event.end()
    }
}

/// As its fields are called, those that it has: `comment`, `event`, `id`, `retry` in whole milliseconds, `data`. A frame
/// borrows its texts, so it is not read back.
///
/// ```
/// use core::time::Duration;
/// use sse_proto::Frame;
///
/// let frame = Frame::message("1").with_reconnection_time(Duration::from_secs(2)).with_id("7")?;
/// assert_eq!(serde_json::to_string(&frame)?, r#"{"id":"7","retry":2000,"data":"1"}"#);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
impl Serialize for Frame<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let texts = [
            ("comment", self.comment_text()),
            ("event", self.event_type()),
            ("id", self.id()),
            ("data", self.data()),
        ];
        let time = self.reconnection_time();
        let length = texts.iter().filter(|(_, text)| text.is_some()).count();
        let mut frame =
            serializer.serialize_struct("Frame", length + usize::from(time.is_some()))?;
        for (name, text) in texts {
            if let (Some(time), "data") = (time, name) {
                let milliseconds = u64::try_from(time.as_millis()).unwrap_or(u64::MAX);
                frame.serialize_field("retry", &milliseconds)?;
            }
            match text {
                Some(text) => frame.serialize_field(name, text)?,
                None => frame.skip_field(name)?,
            }
        }
        frame.end()
    }
}
