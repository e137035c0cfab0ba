//! Prints what an event stream brings, by `eventsource-client`.

use eventsource_client::{Client, ClientBuilder, SSE};
use futures_lite::StreamExt;
use launchdarkly_sdk_transport::HyperTransport;

fn main() -> anyhow::Result<()> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    runtime.block_on(async {
        let builder = ClientBuilder::for_url("http://127.0.0.1:8080/")?;
        let client = builder.build_with_transport(HyperTransport::new()?);
        let mut items = client.stream();
        while let Some(item) = items.next().await {
            if let Ok(SSE::Event(event)) = item {
                println!("{}", event.data);
            }
        }
        Ok(())
    })
}
