//! Events out of a body of reqwest: `with_reqwest URL` prints them until the stream ends.

use std::error::Error;

use futures_lite::StreamExt;
use sse_proto::ByteStreamExt;

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Box<dyn Error>> {
    let url = std::env::args().nth(1).ok_or("usage: with_reqwest URL")?;
    let request = reqwest::Client::new().get(url).header("Accept", "text/event-stream");
    let response = request.send().await?.error_for_status()?;
    let mut events = Box::pin(response.bytes_stream()).events();
    while let Some(event) = events.next().await {
        let event = event?;
        println!("{} {} {}", event.last_event_id, event.event_type, event.data);
    }
    Ok(())
}
