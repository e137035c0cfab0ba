//! The common application (see `xtask/src/interop/servers.rs`) with axum's `Sse`.

use std::convert::Infallible;
use std::time::Duration;

use axum::Router;
use axum::http::HeaderMap;
use axum::response::sse::{Event, Sse};
use axum::routing::get;
use futures_util::stream::{self, Stream, StreamExt};

async fn events(headers: HeaderMap) -> Sse<impl Stream<Item = Result<Event, Infallible>>> {
    let last = headers.get("last-event-id").and_then(|id| id.to_str().ok());
    let (events, rest) = match last {
        Some(id) => (
            vec![
                Event::default().id("4").data(format!("after {id}")),
                Event::default().id("5").event("done").data("done"),
            ],
            Duration::from_secs(30),
        ),
        None => (
            vec![
                Event::default().retry(Duration::from_millis(50)).id("1").data("first"),
                Event::default().id("2").event("named").data("two\nlines"),
                Event::default().id("3").data("更新 😀"),
            ],
            Duration::ZERO,
        ),
    };
    // The stream of a client that comes back stays open for a while.
    let wait = stream::once(tokio::time::sleep(rest)).filter_map(async |()| None);
    Sse::new(stream::iter(events).map(Ok).chain(wait))
}

#[tokio::main(flavor = "current_thread")]
async fn main() -> std::io::Result<()> {
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await?;
    println!("http://{}/", listener.local_addr()?);
    axum::serve(listener, Router::new().route("/events", get(events))).await
}
