//! The standard's text, transcribed: what every decoder here is compared with.
//!
//! WHATWG HTML 9.2.5 and 9.2.6, sentence by sentence, over a whole stream held in memory. It is
//! slow and copies everything, so that it can be read beside the text and seen to be the same.
//! It depends on `std` alone; in particular not on the codec.

mod utf_8;

use utf_8::{Character, utf_8_decode};

/// What an observer of one event stream sees, and what the stream leaves behind.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Outcome {
    /// The items in the order in which they were seen.
    pub items: Vec<Dispatched>,
    /// The last event ID string of the event source after the stream.
    pub last_event_id: String,
    /// The reconnection time in milliseconds, if the stream set one.
    pub reconnection_time: Option<u64>,
}

/// An item and the number of bytes of the stream that must suffice to see it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Dispatched {
    /// The number of bytes up to and with the one that completes the item.
    pub offset: usize,
    /// What was completed there.
    pub item: Item,
}

/// What a stream is made of.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Item {
    /// A dispatched event.
    Event {
        /// `message` unless the block named a type.
        event_type: String,
        /// The data lines, joined by LF.
        data: String,
        /// The last event ID string at the time of the dispatch.
        last_event_id: String,
    },
    /// The text after the colon of a comment line, less one leading space.
    Comment(String),
    /// A `retry` field set the reconnection time, in milliseconds.
    ReconnectionTime(u64),
    /// A block with an ID and without data set the last event ID string.
    LastEventId(String),
}

/// Decodes a whole stream for an event source that has no last event ID yet.
#[must_use]
pub fn decode(bytes: &[u8]) -> Outcome {
    decode_after("", bytes)
}

/// Decodes a whole stream for an event source whose last event ID string is already set.
///
/// The standard gives every stream an empty last event ID buffer, by which the first event
/// without an ID after a reconnection would erase the ID that the reconnection was made with.
/// Chromium seeds the buffer with the event source's last event ID string instead; so does this.
#[must_use]
pub fn decode_after(last_event_id: &str, bytes: &[u8]) -> Outcome {
    let characters = utf_8_decode(bytes);
    let mut source = EventSource::new(last_event_id);
    for line in lines(&characters) {
        source.process_line(&line.text, line.end);
    }
    // "Once the end of the file is reached, any pending data must be discarded."
    Outcome {
        items: source.items,
        last_event_id: source.last_event_id_string,
        reconnection_time: source.reconnection_time,
    }
}

/// The lines of a whole stream, without their endings.
#[must_use]
pub fn lines_of(bytes: &[u8]) -> Vec<String> {
    let lines = lines(&utf_8_decode(bytes));
    lines.into_iter().map(|line| line.text).collect()
}

/// A line without its ending.
struct Line {
    text: String,
    /// The number of bytes after which the line is known to have ended: those up to and with the
    /// first character of its ending.
    end: usize,
}

/// "The stream must then be parsed by reading everything line by line, with a [CRLF] character
/// pair, a single [LF] character not preceded by a [CR] character, and a single [CR] character
/// not followed by a [LF] character being the ways in which a line can end."
///
/// What follows the last ending is no line.
fn lines(characters: &[Character]) -> Vec<Line> {
    let mut lines = Vec::new();
    let mut text = String::new();
    let mut at = 0;
    while let Some(&(character, end)) = characters.get(at) {
        let followed_by_lf = characters.get(at + 1).is_some_and(|next| next.0 == '\n');
        match character {
            '\r' if followed_by_lf => at += 2,
            '\r' | '\n' => at += 1,
            _ => {
                text.push(character);
                at += 1;
                continue;
            }
        }
        lines.push(Line { text: std::mem::take(&mut text), end });
    }
    lines
}

/// "When a stream is parsed, a data buffer, an event type buffer, and a last event ID buffer must
/// be associated with it." Beside them, what an `EventSource` object keeps.
struct EventSource {
    data_buffer: String,
    event_type_buffer: String,
    last_event_id_buffer: String,
    last_event_id_string: String,
    reconnection_time: Option<u64>,
    /// Whether an `id` field of the current block was obeyed: only for the items.
    block_has_id: bool,
    items: Vec<Dispatched>,
}

impl EventSource {
    fn new(last_event_id: &str) -> Self {
        // "They must be initialized to the empty string." For the seed see `decode_after`.
        Self {
            data_buffer: String::new(),
            event_type_buffer: String::new(),
            last_event_id_buffer: last_event_id.to_owned(),
            last_event_id_string: last_event_id.to_owned(),
            reconnection_time: None,
            block_has_id: false,
            items: Vec::new(),
        }
    }

    /// "Lines must be processed, in the order they are received, as follows:"
    fn process_line(&mut self, line: &str, offset: usize) {
        if line.is_empty() {
            // "If the line is empty (a blank line): Dispatch the event, as defined below."
            self.dispatch(offset);
        } else if let Some(comment) = line.strip_prefix(':') {
            // "If the line starts with a U+003A COLON character (:): Ignore the line."
            let comment = comment.strip_prefix(' ').unwrap_or(comment);
            self.see(offset, Item::Comment(comment.to_owned()));
        } else if let Some((field, value)) = line.split_once(':') {
            // "Collect the characters on the line before the first U+003A COLON character (:), and
            // let field be that string. Collect the characters on the line after the first U+003A
            // COLON character (:), and let value be that string."
            // "If value starts with a U+0020 SPACE character, remove it from value."
            let value = value.strip_prefix(' ').unwrap_or(value);
            self.process_field(field, value, offset);
        } else {
            // "Process the field [...] using the whole line as the field name, and the empty
            // string as the field value."
            self.process_field(line, "", offset);
        }
    }

    /// "Field names must be compared literally, with no case folding performed."
    fn process_field(&mut self, field: &str, value: &str, offset: usize) {
        match field {
            // "Set the event type buffer to the field value."
            "event" => self.event_type_buffer = value.to_owned(),
            // "Append the field value to the data buffer, then append a single U+000A LINE FEED
            // (LF) character to the data buffer."
            "data" => {
                self.data_buffer.push_str(value);
                self.data_buffer.push('\n');
            }
            // "If the field value does not contain U+0000 NULL, then set the last event ID buffer
            // to the field value. Otherwise, ignore the field."
            "id" if !value.contains('\0') => {
                self.last_event_id_buffer = value.to_owned();
                self.block_has_id = true;
            }
            // "If the field value consists of only ASCII digits, then interpret the field value as
            // an integer in base ten, and set the event stream's reconnection time to that
            // integer. Otherwise, ignore the field."
            "retry" => {
                if let Some(milliseconds) = integer(value) {
                    self.reconnection_time = Some(milliseconds);
                    self.see(offset, Item::ReconnectionTime(milliseconds));
                }
            }
            // "Otherwise: The field is ignored."
            _ => {}
        }
    }

    /// "The appropriate steps to dispatch the event are as follows", for web browsers.
    fn dispatch(&mut self, offset: usize) {
        // 1. "Set the last event ID string of the event source to the value of the last event ID
        // buffer. The buffer does not get reset".
        self.last_event_id_string = self.last_event_id_buffer.clone();
        let block_has_id = std::mem::take(&mut self.block_has_id);
        // 2. "If the data buffer is an empty string, set the data buffer and the event type buffer
        // to the empty string and return."
        if self.data_buffer.is_empty() {
            self.event_type_buffer.clear();
            if block_has_id {
                self.see(offset, Item::LastEventId(self.last_event_id_string.clone()));
            }
            return;
        }
        // 3. "If the data buffer's last character is a U+000A LINE FEED (LF) character, then
        // remove the last character from the data buffer."
        if self.data_buffer.ends_with('\n') {
            self.data_buffer.pop();
        }
        // 4. to 6. "Initialize event's type attribute to "message", its data attribute to data,
        // [...] and its lastEventId attribute to the last event ID string". "If the event type
        // buffer has a value other than the empty string, change the type".
        let mut event_type = "message".to_owned();
        if !self.event_type_buffer.is_empty() {
            event_type = self.event_type_buffer.clone();
        }
        let event = Item::Event {
            event_type,
            data: self.data_buffer.clone(),
            last_event_id: self.last_event_id_string.clone(),
        };
        // 7. "Set the data buffer and the event type buffer to the empty string."
        self.data_buffer.clear();
        self.event_type_buffer.clear();
        // 8. "Queue a task which [...] dispatches the newly created event".
        self.see(offset, event);
    }

    fn see(&mut self, offset: usize, item: Item) {
        self.items.push(Dispatched { offset, item });
    }
}

/// An integer in base ten. One digit is needed at least; more than a `u64` holds is its maximum,
/// where the standard knows no limit.
fn integer(value: &str) -> Option<u64> {
    if value.is_empty() || !value.chars().all(|character| character.is_ascii_digit()) {
        return None;
    }
    Some(value.bytes().fold(0, |number: u64, digit| {
        number.saturating_mul(10).saturating_add(u64::from(digit - b'0'))
    }))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_integer_past_the_limit_is_the_limit() {
        assert_eq!(integer("18446744073709551615"), Some(u64::MAX));
        assert_eq!(integer("18446744073709551616"), Some(u64::MAX));
        assert_eq!(integer("99999999999999999999999"), Some(u64::MAX));
        assert_eq!(integer("0003"), Some(3));
    }
}
