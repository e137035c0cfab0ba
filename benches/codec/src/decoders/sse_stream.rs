//! `sse-stream`: a stream of blocks, those without data among them.

use futures_lite::{StreamExt, future};
use sse_stream::SseByteStream;

use super::Input;
use crate::sink::Sink;

pub(super) fn decode(input: Input, sink: &mut Sink) -> Result<(), String> {
    let mut events = SseByteStream::new(input.stream());
    future::block_on(async {
        while let Some(event) = events.next().await {
            let event = event.map_err(|error| error.to_string())?;
            if let Some(data) = &event.data {
                let event_type = event.event.as_deref().unwrap_or("");
                sink.event(event_type, data, event.id.as_deref().unwrap_or(""));
            }
        }
        Ok(())
    })
}
