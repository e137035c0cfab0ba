//! `eventsource-client`: its parser is private, so the whole client runs over a transport that
//! answers from memory. That is a little more work than parsing alone.

use bytes::Bytes;
use eventsource_client::{Client, ClientBuilder, SSE};
use futures_lite::StreamExt;
use http::{Request, Response};
use launchdarkly_sdk_transport::{ByteStream, HttpTransport, ResponseFuture};

use super::Input;
use crate::sink::Sink;

#[derive(Clone)]
struct Memory(Input);

impl HttpTransport for Memory {
    fn request(&self, _: Request<Option<Bytes>>) -> ResponseFuture {
        let input = self.0;
        Box::pin(async move {
            let chunks = input.chunks().map(|chunk| Ok(Bytes::from_static(chunk)));
            let body: ByteStream = Box::pin(futures_lite::stream::iter(chunks));
            Ok(Response::new(body))
        })
    }
}

pub(super) fn decode(input: Input, sink: &mut Sink) -> Result<(), String> {
    let builder = ClientBuilder::for_url("http://localhost/").map_err(|it| it.to_string())?;
    let client = builder.build_with_transport(Memory(input));
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_time()
        .build()
        .map_err(|error| error.to_string())?;
    runtime.block_on(async {
        let mut items = client.stream();
        while let Some(item) = items.next().await {
            match item {
                Ok(SSE::Event(event)) => {
                    let id = event.id.as_deref().unwrap_or("");
                    sink.event(&event.event_type, &event.data, id);
                }
                Ok(_) => {}
                Err(eventsource_client::Error::Eof) => return Ok(()),
                Err(error) => return Err(error.to_string()),
            }
        }
        Ok(())
    })
}
