//! `sse-proto`.

use sse_proto::{Decoder, Limits};

use super::Input;
use crate::sink::Sink;

pub(super) fn decode(input: Input, sink: &mut Sink) -> Result<(), String> {
    let mut decoder = Decoder::with_limits(Limits { data: 16 << 20, ..Limits::DEFAULT });
    for chunk in input.chunks() {
        let mut rest = chunk;
        while let Some(event) = decoder.next_event(&mut rest) {
            let event = event.map_err(|error| error.to_string())?;
            sink.event(event.event_type(), event.data(), event.last_event_id());
        }
    }
    Ok(())
}
