//! `sse-parse`: feed bytes, drain owned events.

use sse_parse::SseParser;

use super::Input;
use crate::sink::Sink;

pub(super) fn decode(input: Input, sink: &mut Sink) -> Result<(), String> {
    let mut parser = SseParser::new();
    for chunk in input.chunks() {
        parser.feed(chunk);
        while let Some(event) = parser.next_event() {
            sink.event(&event.event, &event.data, &event.id);
        }
    }
    Ok(())
}
