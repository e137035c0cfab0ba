//! Events out of the body of a browser's `fetch`: what an `EventSource` cannot ask for, a POST or a header field of one's
//! own, can be had so. It does not come back by itself.

use futures_lite::StreamExt;
use js_sys::{Error, Function, Uint8Array};
use sse_proto::ByteStreamExt;
use wasm_bindgen::prelude::*;
use wasm_bindgen_futures::JsFuture;
use wasm_streams::ReadableStream;
use web_sys::{Request, RequestInit, Response};

/// Asks for `url` and calls `on_event(type, data, lastEventId)` for each event, until the stream ends.
///
/// # Errors
///
/// If there is no answer, or none with a stream, or if the body breaks.
#[wasm_bindgen]
pub async fn listen(url: String, token: String, on_event: Function) -> Result<(), JsValue> {
    let request = Request::new_with_str_and_init(&url, &RequestInit::new())?;
    request.headers().set("Accept", "text/event-stream")?;
    request.headers().set("Authorization", &format!("Bearer {token}"))?;
    let window = web_sys::window().ok_or_else(|| Error::new("there is no window"))?;
    let response: Response =
        JsFuture::from(window.fetch_with_request(&request)).await?.dyn_into()?;
    if response.status() != 200 {
        return Err(Error::new(&format!("status {}", response.status())).into());
    }
    let body = response.body().ok_or_else(|| Error::new("there is no body"))?;
    let body = ReadableStream::from_raw(body.unchecked_into()).into_stream();
    let mut events = body.map(|chunk| chunk.map(|bytes| Uint8Array::from(bytes).to_vec())).events();
    while let Some(event) = events.next().await {
        let event = event.map_err(|error| Error::new(&format!("{error:?}")))?;
        let (event_type, data) = (JsValue::from(&*event.event_type), JsValue::from(event.data));
        on_event.call3(&JsValue::NULL, &event_type, &data, &event.last_event_id.into())?;
    }
    Ok(())
}
