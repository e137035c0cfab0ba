//! `sse-proto`, into a reused `Vec` and into a slice. Every frame is built, and so checked, anew.

use std::hint::black_box;

use sse_proto::{Frame, FrameError};

use super::Sample;

pub(super) fn append_to(samples: &'static [Sample], mut kept: Option<&mut Vec<u8>>) {
    let mut bytes = Vec::new();
    for sample in samples {
        bytes.clear();
        if let Ok(frame) = frame(sample) {
            frame.append_to(&mut bytes);
        }
        if let Some(kept) = &mut kept {
            kept.extend_from_slice(&bytes);
        }
        black_box(&bytes);
    }
}

pub(super) fn encode_into(samples: &'static [Sample], mut kept: Option<&mut Vec<u8>>) {
    let mut buffer = [0; 8 << 10];
    for sample in samples {
        let length = frame(sample).ok().and_then(|it| it.encode_into(&mut buffer).ok());
        let bytes = buffer.get(..length.unwrap_or(0)).unwrap_or_default();
        if let Some(kept) = &mut kept {
            kept.extend_from_slice(bytes);
        }
        black_box(bytes);
    }
}

fn frame(sample: &Sample) -> Result<Frame<'_>, FrameError> {
    let mut frame = Frame::message(&sample.data);
    if !sample.event_type.is_empty() {
        frame = frame.with_event_type(sample.event_type)?;
    }
    if !sample.id.is_empty() {
        frame = frame.with_id(&sample.id)?;
    }
    Ok(frame)
}
