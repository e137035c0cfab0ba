//! Prints what an event stream brings, by `reqwest-eventsource`.

use futures_lite::StreamExt;
use reqwest_eventsource::{Event, EventSource};

fn main() -> anyhow::Result<()> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    runtime.block_on(async {
        let mut source = EventSource::get("http://127.0.0.1:8080/");
        while let Some(item) = source.next().await {
            if let Ok(Event::Message(message)) = item {
                println!("{}", message.data);
            }
        }
        Ok(())
    })
}
