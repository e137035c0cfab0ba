//! `axum`: its events become bytes only in the body of a response, so that body is polled.

use std::convert::Infallible;
use std::hint::black_box;

use axum::response::IntoResponse;
use axum::response::sse::{Event, Sse};
use futures_lite::{future, stream};
use http_body_util::BodyExt;

use super::Sample;

pub(super) fn encode(samples: &'static [Sample], mut kept: Option<&mut Vec<u8>>) {
    let events = stream::iter(samples.iter().map(|sample| Ok::<_, Infallible>(event(sample))));
    let mut body = Sse::new(events).into_response().into_body();
    future::block_on(async {
        while let Some(Ok(frame)) = body.frame().await {
            if let (Some(kept), Some(bytes)) = (&mut kept, frame.data_ref()) {
                kept.extend_from_slice(bytes);
            }
            black_box(frame);
        }
    });
}

fn event(sample: &Sample) -> Event {
    let mut event = Event::default();
    if !sample.event_type.is_empty() {
        event = event.event(sample.event_type);
    }
    if !sample.id.is_empty() {
        event = event.id(&sample.id);
    }
    event.data(&sample.data)
}
