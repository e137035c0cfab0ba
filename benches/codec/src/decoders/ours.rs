//! `sse-proto`, with its default features and without `simdutf8`.

use super::Input;
use crate::sink::Sink;

macro_rules! decode_by {
    ($name:ident, $codec:ident) => {
        pub(super) fn $name(input: Input, sink: &mut Sink) -> Result<(), String> {
            use $codec::{Decoder, Limits};
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
    };
}

decode_by!(decode, sse_proto);
decode_by!(decode_without_simdutf8, sse_proto_portable);
