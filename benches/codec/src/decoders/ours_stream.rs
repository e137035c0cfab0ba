//! `sse-proto` as an adapter, in the place of a peer's: a stream of chunks in, events out, owned or lent.

use futures_lite::{StreamExt, future};
use sse_proto::{ByteStreamExt, Decoder, Limits};

use super::Input;
use crate::sink::Sink;

fn decoder() -> Decoder {
    Decoder::with_limits(Limits { data: 16 << 20, ..Limits::DEFAULT })
}

pub(super) fn decode_owned(input: Input, sink: &mut Sink) -> Result<(), String> {
    let mut events = input.stream().events().with_decoder(decoder());
    future::block_on(async {
        while let Some(event) = events.next().await {
            let event = event.map_err(|error| error.to_string())?;
            sink.event(&event.event_type, &event.data, &event.last_event_id);
        }
        Ok(())
    })
}

pub(super) fn decode_lent(input: Input, sink: &mut Sink) -> Result<(), String> {
    let mut events = input.stream().events().with_decoder(decoder());
    future::block_on(async {
        while let Some(event) = events.lend().await {
            let event = event.map_err(|error| error.to_string())?;
            sink.event(event.event_type(), event.data(), event.last_event_id());
        }
        Ok(())
    })
}
