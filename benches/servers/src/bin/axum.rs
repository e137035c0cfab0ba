//! axum: its own event streams over a broadcast channel, on one thread.

use std::convert::Infallible;

use axum::extract::{Query, State};
use axum::response::sse::{Event, Sse};
use axum::routing::get;
use axum::serve::ListenerExt;
use bytes::Bytes;
use clap::Parser;
use futures_lite::{Stream, StreamExt};
use servers::broadcast::Publisher;
use servers::{Args, Burst};
use tokio::net::TcpListener;

fn main() -> anyhow::Result<()> {
    let args = Args::parse();
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    runtime.block_on(async {
        let listener = TcpListener::bind(args.addr).await?.tap_io(|socket| {
            let _ = socket.set_nodelay(true);
        });
        let router = axum::Router::new()
            .route("/events", get(events))
            .route("/start", get(start))
            .with_state(Publisher::new(Bytes::from));
        axum::serve(listener, router).await?;
        Ok(())
    })
}

async fn events(
    State(publisher): State<Publisher>,
) -> Sse<impl Stream<Item = Result<Event, Infallible>>> {
    let events = publisher.subscribe().filter_map(Result::ok);
    Sse::new(events.map(|data| {
        let data = std::str::from_utf8(&data).unwrap_or_default();
        Ok(Event::default().data(data))
    }))
}

async fn start(State(publisher): State<Publisher>, Query(burst): Query<Burst>) {
    publisher.start(burst);
}
