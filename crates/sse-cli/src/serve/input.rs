//! What comes in, cut into events: lines, lines of JSON, or an event stream. Pure; events go to a closure.

use sse_client::proto::{Decoder, Frame, Item};
use std::borrow::Cow;

/// Longest line taken as one, in bytes.
const LONGEST: usize = 1024 * 1024;

/// How events are written in what comes in.
#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
pub(crate) enum Format {
    /// Each line is the data of one event
    Lines,
    /// Each line is a JSON object with data, and perhaps type and id, as `sse listen --json` writes it
    Json,
    /// An event stream, as `curl -N` prints it: its types and IDs are kept
    Stream,
}

/// Cuts bytes into events; a closure gets each.
pub(crate) struct Input<P> {
    format: Format,
    /// The beginning of a line whose end has not come.
    partial: Vec<u8>,
    /// The rest of the line in hand is dropped: it was too long to be one.
    skipping: bool,
    decoder: Decoder,
    events: Events<P>,
}

/// Makes frames of events.
struct Events<P> {
    /// The type of events that name none.
    event_type: Option<String>,
    /// The last ID that was published: an event that only inherits it has none of its own.
    last_id: String,
    publish: P,
}

/// What could not be taken, in words.
pub(crate) type Complaint = Cow<'static, str>;

impl<P: FnMut(&Frame<'_>)> Input<P> {
    /// The event type must be one that can be sent.
    pub(crate) fn new(format: Format, event_type: Option<String>, publish: P) -> Self {
        let events = Events { event_type, last_id: String::new(), publish };
        Self { format, partial: Vec::new(), skipping: false, decoder: Decoder::new(), events }
    }

    /// Takes bytes as they come; what is wrong with them is told to `complain`.
    pub(crate) fn push(&mut self, bytes: &[u8], complain: &mut dyn FnMut(Complaint)) {
        if self.format == Format::Stream {
            return self.push_stream(bytes, complain);
        }
        for piece in bytes.split_inclusive(|&byte| byte == b'\n') {
            self.partial.extend_from_slice(piece);
            if piece.ends_with(b"\n") {
                self.line(complain);
            } else {
                self.cut(complain);
            }
        }
    }

    /// Bytes that have come and are not published yet: the beginning of a line.
    pub(crate) fn pending(&self) -> usize {
        self.partial.len()
    }

    /// Nothing more comes: a last line without an end is one, a last block without its blank line is none.
    pub(crate) fn finish(&mut self, complain: &mut dyn FnMut(Complaint)) {
        if self.format == Format::Stream {
            self.decoder.reset();
        } else if !self.partial.is_empty() {
            self.line(complain);
        }
    }

    fn push_stream(&mut self, mut bytes: &[u8], complain: &mut dyn FnMut(Complaint)) {
        while let Some(item) = self.decoder.next(&mut bytes) {
            match item {
                Ok(Item::Event(event)) => {
                    let (data, event_type) = (event.data(), Some(event.event_type()));
                    let id = Some(event.last_event_id());
                    // What cannot be sent on as it is goes without its ID; a number is put in its place.
                    if let Err(why) = self.events.publish(data, event_type, id) {
                        complain(format!("an event loses its ID: {why}").into());
                        let _ = self.events.publish(data, event_type, None);
                    }
                }
                // A comment, a reconnection time or a lone ID says something about the connection it came by.
                Ok(_) => {}
                Err(error) => complain(format!("an event is left out: {error}").into()),
            }
        }
    }

    /// Keeps what is in hand within its bound: a line that is longer becomes several events, or none.
    fn cut(&mut self, complain: &mut dyn FnMut(Complaint)) {
        if self.partial.len() <= LONGEST {
            return;
        }
        if self.format == Format::Json {
            if !self.skipping {
                complain("a line is left out: it is longer than 1 MiB".into());
            }
            self.partial.clear();
            self.skipping = true;
            return;
        }
        complain("a line is cut in pieces: it is longer than 1 MiB".into());
        let text = String::from_utf8_lossy(&self.partial);
        // A character that is torn begins the next piece.
        let keep = (1..4).find(|count| {
            let at = self.partial.len() - count;
            self.partial[at] >= 0xC0
        });
        let rest = match (keep, text.ends_with(char::REPLACEMENT_CHARACTER)) {
            (Some(count), true) => self.partial.split_off(self.partial.len() - count),
            _ => Vec::new(),
        };
        self.line(complain);
        self.partial = rest;
    }

    /// The line in hand is whole.
    fn line(&mut self, complain: &mut dyn FnMut(Complaint)) {
        let bytes = std::mem::take(&mut self.partial);
        if std::mem::take(&mut self.skipping) {
            return;
        }
        let text = String::from_utf8_lossy(&bytes);
        let text = text.strip_suffix('\n').unwrap_or(&text);
        let text = text.strip_suffix('\r').unwrap_or(text);
        let taken = match self.format {
            Format::Json if text.trim().is_empty() => Ok(()),
            Format::Json => self.json(text),
            _ => self.events.publish(text, None, None),
        };
        if let Err(why) = taken {
            complain(format!("a line is left out: {why}").into());
        }
        // What is kept is its room.
        self.partial = bytes;
        self.partial.clear();
    }

    fn json(&mut self, line: &str) -> Result<(), String> {
        let value: serde_json::Value =
            serde_json::from_str(line).map_err(|error| format!("it is not JSON: {error}"))?;
        let object = value.as_object().ok_or("it is not a JSON object")?;
        let data = match object.get("data") {
            Some(serde_json::Value::String(text)) => Cow::Borrowed(text.as_str()),
            Some(other) => Cow::Owned(other.to_string()),
            None => return Err("it has no member \"data\"".to_owned()),
        };
        let text = |name: &str| object.get(name).and_then(serde_json::Value::as_str);
        self.events.publish(&data, text("type"), text("id"))
    }
}

impl<P: FnMut(&Frame<'_>)> Events<P> {
    /// `message` counts as no type, and an ID that is empty or that of the event before as none.
    fn publish(
        &mut self,
        data: &str,
        event_type: Option<&str>,
        id: Option<&str>,
    ) -> Result<(), String> {
        let named = event_type.filter(|it| !matches!(*it, "" | "message"));
        let mut frame = Frame::message(data);
        if let Some(event_type) = named.or(self.event_type.as_deref()) {
            frame = frame.with_event_type(event_type).map_err(|error| error.to_string())?;
        }
        if let Some(id) = id.filter(|id| !id.is_empty() && *id != self.last_id) {
            frame = frame.with_id(id).map_err(|error| error.to_string())?;
            id.clone_into(&mut self.last_id);
        }
        (self.publish)(&frame);
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The frames that come of these chunks, joined, and the number of complaints.
    fn taken(format: Format, event_type: Option<&str>, chunks: &[&[u8]]) -> (String, usize) {
        let (mut out, mut complaints) = (String::new(), 0);
        let publish = |frame: &Frame<'_>| out.push_str(&frame.to_string());
        let mut input = Input::new(format, event_type.map(str::to_owned), publish);
        let mut complain = |_: Complaint| complaints += 1;
        for chunk in chunks {
            input.push(chunk, &mut complain);
        }
        input.finish(&mut complain);
        drop(input);
        (out, complaints)
    }

    #[test]
    fn lines_become_events_however_they_are_cut() {
        let text = "a\r\n\nb: c\nid: 1\nlast ☺";
        let expected = "data: a\n\ndata:\n\ndata: b: c\n\ndata: id: 1\n\ndata: last ☺\n\n";
        let whole = taken(Format::Lines, None, &[text.as_bytes()]);
        assert_eq!(whole, (expected.to_owned(), 0));
        let bytes: Vec<&[u8]> = text.as_bytes().chunks(1).collect();
        assert_eq!(taken(Format::Lines, None, &bytes), whole);
        let (typed, _) = taken(Format::Lines, Some("log"), &[b"a"]);
        assert_eq!(typed, "event: log\ndata: a\n\n");
    }

    #[test]
    fn json_lines_are_checked() {
        for (line, frame) in [
            (r#"{"data":"a\nb","type":"t","id":"7"}"#, "event: t\nid: 7\ndata: a\ndata: b\n\n"),
            (r#"{"data":{"x":1},"type":"message","id":""}"#, "data: {\"x\":1}\n\n"),
            ("", ""),
        ] {
            assert_eq!(taken(Format::Json, None, &[line.as_bytes()]), (frame.to_owned(), 0));
        }
        for wrong in ["x", "[]", r#"{"type":"t"}"#, r#"{"data":"","id":"a\nb"}"#] {
            assert_eq!(taken(Format::Json, None, &[wrong.as_bytes()]), (String::new(), 1));
        }
    }

    #[test]
    fn a_stream_keeps_its_types_and_ids() {
        let stream =
            b":hi\n\nid: 1\nevent: t\ndata: a\n\ndata: b\n\nid: 2\n\ndata: c\n\ndata: unfinished";
        let (out, _) = taken(Format::Stream, Some("u"), &[&stream[..9], &stream[9..]]);
        // The second one has inherited its ID: with it, who resumes after the first would miss it.
        let expected =
            "event: t\nid: 1\ndata: a\n\nevent: u\ndata: b\n\nevent: u\nid: 2\ndata: c\n\n";
        assert_eq!(out, expected);
    }

    #[test]
    fn a_line_without_an_end_costs_bounded_memory() {
        let chunk = "☺".repeat(1000);
        let chunks = vec![chunk.as_bytes(); 1000];
        let (out, complaints) = taken(Format::Lines, None, &chunks);
        assert_eq!(complaints, 2);
        assert!(!out.contains(char::REPLACEMENT_CHARACTER), "a character was torn");
        assert_eq!(out.matches('☺').count(), 1_000_000);
        let (out, complaints) = taken(Format::Json, None, &chunks);
        assert_eq!((out.as_str(), complaints), ("", 1));
    }
}
