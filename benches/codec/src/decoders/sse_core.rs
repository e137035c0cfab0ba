//! `sse-core`: pull from a buffer, owned events.

use std::num::NonZeroUsize;

use sse_core::{SseDecoder, SseEvent};

use super::Input;
use crate::sink::Sink;

pub(super) fn decode(input: Input, sink: &mut Sink) -> Result<(), String> {
    let limit = NonZeroUsize::new(16 << 20).ok_or("no limit")?;
    let mut decoder = SseDecoder::with_limit(limit);
    for chunk in input.chunks() {
        let mut rest = chunk;
        while let Some(item) = decoder.next(&mut rest) {
            if let SseEvent::Message(event) = item.map_err(|error| error.to_string())? {
                let id = event.last_event_id.as_deref().unwrap_or("");
                sink.event(&event.event, &event.data, id);
            }
        }
    }
    Ok(())
}
