//! `sseer`: a stream of events that share the memory of the chunks.

use futures_lite::{StreamExt, future};
use sseer::EventStream;

use super::Input;
use crate::sink::Sink;

pub(super) fn decode(input: Input, sink: &mut Sink) -> Result<(), String> {
    let mut events = EventStream::new(input.stream());
    future::block_on(async {
        while let Some(event) = events.next().await {
            let event = event.map_err(|error| error.to_string())?;
            sink.event(&event.event, &event.data, &event.id);
        }
        Ok(())
    })
}
