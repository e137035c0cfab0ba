//! `sse-stream`: owned events, checked, each into bytes of its own.

use std::hint::black_box;

use sse_stream::Sse;

use super::Sample;

pub(super) fn encode(samples: &'static [Sample], mut kept: Option<&mut Vec<u8>>) {
    for sample in samples {
        let mut event = Sse::default().data(sample.data.as_str());
        if !sample.event_type.is_empty() {
            event = event.event(sample.event_type);
        }
        if !sample.id.is_empty() {
            event = event.id(sample.id.as_str());
        }
        let bytes = event.encode();
        if let (Some(kept), Ok(bytes)) = (&mut kept, &bytes) {
            kept.extend_from_slice(bytes);
        }
        let _ = black_box(bytes);
    }
}
