//! `eventsource-stream`: a stream of owned events, parsed with `nom`.

use eventsource_stream::EventStream;
use futures_lite::{StreamExt, future};

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
