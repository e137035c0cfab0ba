//! Prints what an event stream brings, by `sse-client`.

use sse_client::{BuildError, EventSource, Item};

fn main() -> Result<(), BuildError> {
    let mut source = EventSource::new("http://127.0.0.1:8080/")?;
    futures_lite::future::block_on(async {
        while let Some(item) = source.next().await {
            if let Item::Event(event) = item {
                println!("{}", event.data);
            }
        }
    });
    Ok(())
}
