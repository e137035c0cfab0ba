//! One stream: how it is sent, what our decoder makes of it, and what an engine should see. Pure.

use serde_json::{Value, json};
use sse_proto::Decoder;
use tests::chunking;
use tests::oracle::{Item, Outcome};
use tests::streams::{self, Random};

/// The longest reconnection time of a stream that is worth waiting for, in milliseconds.
const LONGEST_RETRY: u64 = 2000;

/// A stream, and where it is cut into packets.
#[derive(Clone, Debug)]
pub(crate) struct Case {
    pub(crate) bytes: Vec<u8>,
    pub(crate) cuts: Vec<usize>,
}

/// What an engine saw that our decoder did not, or the other way round.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Disagreement {
    engine: String,
    ours: String,
}

/// What an engine made of a case.
pub(crate) struct Seen {
    /// Type, data and last event ID of each event, as the page reports them.
    pub(crate) events: Value,
    /// The Last-Event-ID of the next request; `None` if there was no next request.
    pub(crate) next: Option<String>,
}

impl Case {
    /// The next random case whose end can be waited for.
    pub(crate) fn random(random: &mut Random) -> Self {
        loop {
            let bytes = streams::stream(random);
            let cuts = streams::cuts(random, bytes.len());
            let case = Self { bytes, cuts };
            if case.outcome().reconnection_time.unwrap_or_default() <= LONGEST_RETRY {
                return case;
            }
        }
    }

    /// What our decoder makes of it.
    pub(crate) fn outcome(&self) -> Outcome {
        let chunks = chunking::cut(&self.bytes, &self.cuts);
        chunking::outcome(&mut Decoder::new(), chunks).expect("no stream here passes a limit")
    }

    /// The event types that any reading of the stream could give an event.
    pub(crate) fn event_types(&self) -> Vec<String> {
        let lines = self.bytes.split(|byte| matches!(byte, b'\r' | b'\n'));
        let mut types = vec!["message".to_owned()];
        for line in lines {
            let line = String::from_utf8_lossy(line);
            let Some((_, value)) = line.split_once("event") else { continue };
            let value = value.strip_prefix(':').unwrap_or(value);
            for value in [value, value.strip_prefix(' ').unwrap_or(value), value.trim_start()] {
                types.extend([value.to_owned(), value.replace('\0', "")]);
            }
        }
        types.extend(self.events().into_iter().map(|(event_type, ..)| event_type));
        // These would be taken for what the source itself says.
        types.retain(|it| !it.is_empty() && it != "open" && it != "error");
        types.sort();
        types.dedup();
        types
    }

    fn events(&self) -> Vec<(String, String, String)> {
        let items =
            self.outcome().items.into_iter().filter_map(|dispatched| match dispatched.item {
                Item::Event { event_type, data, last_event_id } => {
                    Some((event_type, data, last_event_id))
                }
                _ => None,
            });
        items.collect()
    }

    /// Whether the engine saw what our decoder did.
    pub(crate) fn compare(&self, seen: &Seen) -> Option<Disagreement> {
        let (ours, id) = (json!(self.events()), self.outcome().last_event_id);
        let next = seen.next.as_deref();
        // Around a header's value blanks mean nothing (RFC 9110, 5.5).
        let is_same_id = next.is_some_and(|next| blanks_off(next) == blanks_off(&id));
        if seen.events == ours && is_same_id {
            return None;
        }
        let next = next.map_or("no next request".to_owned(), |id| format!("Last-Event-ID {id:?}"));
        Some(Disagreement {
            engine: format!("{}, then {next}", seen.events),
            ours: format!("{ours}, then Last-Event-ID {id:?}"),
        })
    }

    /// The case as it would stand in `tests/vectors`, with what our decoder makes of it.
    pub(crate) fn vector(&self) -> String {
        let mut text = "case from-an-engine\ncites decode-utf-8\n".to_owned();
        let mut fed = 0;
        let outcome = self.outcome();
        for dispatched in &outcome.items {
            if let Item::Event { event_type, data, last_event_id } = &dispatched.item {
                let part = &self.bytes[fed..dispatched.offset];
                fed = dispatched.offset;
                let quoted = |text: &str| quote(text.as_bytes());
                text.push_str(&format!("feed {}\n", quote(part)));
                let (data, id) = (quoted(data), quoted(last_event_id));
                text.push_str(&format!("event {} {data} {id}\n", quoted(event_type)));
            }
        }
        if fed < self.bytes.len() {
            text.push_str(&format!("feed {}\n", quote(&self.bytes[fed..])));
        }
        let time = outcome.reconnection_time.map_or("none".to_owned(), |time| time.to_string());
        text.push_str(&format!("end {} {time}\n", quote(outcome.last_event_id.as_bytes())));
        if !self.cuts.is_empty() {
            text.push_str(&format!("# cut at {:?}\n", self.cuts));
        }
        text
    }
}

impl Disagreement {
    pub(crate) fn text(&self) -> String {
        format!("the engine saw {}\n# our decoder {}", self.engine, self.ours)
    }
}

fn blanks_off(value: &str) -> &str {
    value.trim_matches([' ', '\t'])
}

/// Bytes in the quotes of a vector.
fn quote(bytes: &[u8]) -> String {
    let mut text = String::from("\"");
    for chunk in bytes.utf8_chunks() {
        for character in chunk.valid().chars() {
            match character {
                '\n' => text.push_str("\\n"),
                '\r' => text.push_str("\\r"),
                '\t' => text.push_str("\\t"),
                '"' | '\\' => text.extend(['\\', character]),
                // What cannot be seen is written as its bytes.
                '\u{feff}' => text.push_str("\\xEF\\xBB\\xBF"),
                '\0'..='\x1f' | '\x7f' => text.push_str(&format!("\\x{:02X}", character as u32)),
                _ => text.push(character),
            }
        }
        for byte in chunk.invalid() {
            text.push_str(&format!("\\x{byte:02X}"));
        }
    }
    text.push('"');
    text
}
