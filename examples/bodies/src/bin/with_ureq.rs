//! Events out of a body of ureq: `with_ureq URL` prints them until the stream ends.

use std::error::Error;

use sse_proto::Events;

fn main() -> Result<(), Box<dyn Error>> {
    let url = std::env::args().nth(1).ok_or("usage: with_ureq URL")?;
    let response = ureq::get(&url).header("Accept", "text/event-stream").call()?;
    for event in Events::from_reader(response.into_body().into_reader()) {
        let event = event?;
        println!("{} {} {}", event.last_event_id, event.event_type, event.data);
    }
    Ok(())
}
