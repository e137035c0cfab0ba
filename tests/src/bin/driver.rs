//! The driver of this workspace's client, for `cargo xtask interop`: orders in, notes out, as
//! `crates/sse-scenarios` describes them. With `--blocking` by the blocking interface, with `--tokio`
//! on tokio's runtime and sockets.

use futures_lite::future::block_on;
use serde_json::{Value, json};
use sse_client::{Builder, EventSource, Item, Limits};
use std::error::Error;
use std::io::{self, Write};
use std::time::Duration;
use tokio::net::TcpStream;
use tokio_util::compat::TokioAsyncReadCompatExt;

type Outcome = Result<(), Box<dyn Error>>;

fn main() -> Outcome {
    let way = std::env::args().nth(1).unwrap_or_default();
    let follow: fn(Builder) -> Outcome = match way.as_str() {
        "" => |builder| block_on(follow(builder)),
        "--blocking" => follow_blocking,
        "--tokio" => follow_on_tokio,
        _ => return Err(format!("{way} is neither --blocking nor --tokio").into()),
    };
    for line in io::stdin().lines() {
        let order: Value = serde_json::from_str(&line?)?;
        let url = order["url"].as_str().ok_or("an order without a URL")?;
        // What the standard leaves open: no limit that a scenario would reach, no least delay.
        follow(EventSource::builder(url).limits(limits()).min_delay(Duration::ZERO))?;
        print(&json!({ "saw": "closed" }))?;
    }
    Ok(())
}

async fn follow(builder: Builder) -> Outcome {
    let mut source = builder.build()?;
    while let Some(item) = source.next().await {
        if !tell(&item)? {
            break;
        }
    }
    source.close();
    Ok(())
}

fn follow_blocking(builder: Builder) -> Outcome {
    let mut source = builder.build()?;
    for item in source.blocking() {
        if !tell(&item)? {
            break;
        }
    }
    source.close();
    Ok(())
}

/// As the example `tokio_client` does.
fn follow_on_tokio(builder: Builder) -> Outcome {
    let builder = builder.connector(|endpoint| async move {
        let stream = TcpStream::connect((endpoint.host(), endpoint.port())).await?;
        stream.set_nodelay(true)?;
        Ok(stream.compat())
    });
    tokio::runtime::Builder::new_current_thread().enable_io().build()?.block_on(follow(builder))
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
