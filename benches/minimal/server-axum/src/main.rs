//! An event each second, by axum.

use std::convert::Infallible;
use std::time::Duration;

use axum::response::sse::{Event, Sse};
use axum::routing::get;
use futures_lite::StreamExt;
use tokio::sync::broadcast;
use tokio_stream::wrappers::BroadcastStream;

fn main() -> std::io::Result<()> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    runtime.block_on(async {
        let (clock, _) = broadcast::channel::<&str>(16);
        let publisher = clock.clone();
        tokio::spawn(async move {
            loop {
                let _ = publisher.send("tick");
                tokio::time::sleep(Duration::from_secs(1)).await;
            }
        });
        let events = move || async move {
            let events = BroadcastStream::new(clock.subscribe()).filter_map(Result::ok);
            Sse::new(events.map(|data| Ok::<_, Infallible>(Event::default().data(data))))
        };
        let listener = tokio::net::TcpListener::bind("127.0.0.1:8080").await?;
        axum::serve(listener, axum::Router::new().route("/", get(events))).await
    })
}
