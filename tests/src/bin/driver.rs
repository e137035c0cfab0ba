//! The driver of this workspace's client, for `cargo xtask interop`: orders in, notes out, as
//! `crates/sse-scenarios` describes them. With `--blocking` by the blocking interface.

use futures_lite::future::block_on;
use serde_json::{Value, json};
use sse_client::{EventSource, Item, Limits};
use std::error::Error;
use std::io::{self, Write};
use std::time::Duration;

fn main() -> Result<(), Box<dyn Error>> {
    let is_blocking = std::env::args().any(|argument| argument == "--blocking");
    for line in io::stdin().lines() {
        let order: Value = serde_json::from_str(&line?)?;
        let url = order["url"].as_str().ok_or("an order without a URL")?;
        // What the standard leaves open: no limit that a scenario would reach, no least delay.
        let builder = EventSource::builder(url).limits(limits()).min_delay(Duration::ZERO);
        let mut source = builder.build()?;
        if is_blocking {
            for item in source.blocking() {
                if !tell(&item)? {
                    break;
                }
            }
        } else {
            block_on(async {
                while let Some(item) = source.next().await {
                    if !tell(&item)? {
                        break;
                    }
                }
                io::Result::Ok(())
            })?;
        }
        source.close();
        print(&json!({ "saw": "closed" }))?;
    }
    Ok(())
}

fn limits() -> Limits {
    Limits { data: 16 * 1024 * 1024, ..Limits::default() }
}

/// Prints an item; `false` when the scenario is over.
fn tell(item: &Item) -> io::Result<bool> {
    match item {
        Item::Open(_) => print(&json!({ "saw": "open" }))?,
        Item::Event(event) => {
            let (kind, data, id) = (&event.event_type, &event.data, &event.last_event_id);
            print(&json!({ "saw": "event", "type": kind, "data": data, "id": id }))?;
            return Ok(event.event_type != "done");
        }
        Item::Error(error) => {
            print(&json!({ "saw": "error", "message": error.to_string() }))?;
        }
        _ => {}
    }
    Ok(true)
}

fn print(note: &Value) -> io::Result<()> {
    let mut out = io::stdout().lock();
    writeln!(out, "{note}")?;
    out.flush()
}
