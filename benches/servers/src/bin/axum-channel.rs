//! axum with a channel of this repository in the place of its own event streams: what `examples/frameworks` does.

use std::time::Duration;

use axum::body::Body;
use axum::extract::{Query, State};
use axum::http::HeaderMap;
use axum::response::IntoResponse;
use axum::routing::get;
use axum::serve::ListenerExt;
use clap::Parser;
use servers::{Args, Burst};
use sse_channel::{Channel, Frame, History, Replay};
use tokio::net::TcpListener;
use tokio::time::{Instant, sleep, sleep_until};

fn main() -> anyhow::Result<()> {
    let args = Args::parse();
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    runtime.block_on(async {
        let listener = TcpListener::bind(args.addr).await?.tap_io(|socket| {
            let _ = socket.set_nodelay(true);
        });
        // As many events as the others keep for those who are slow.
        let news =
            Channel::new(History { events: servers::broadcast::CAPACITY, ..History::default() });
        let router = axum::Router::new()
            .route("/events", get(events))
            .route("/start", get(start))
            .with_state(news);
        axum::serve(listener, router).await?;
        Ok(())
    })
}

async fn events(State(news): State<Channel>, headers: HeaderMap) -> impl IntoResponse {
    let last = headers.get("last-event-id").and_then(|id| std::str::from_utf8(id.as_bytes()).ok());
    let events = news.subscribe(last, Replay::Live);
    let events = events.with_heartbeat(Duration::from_secs(15), sleep);
    let head = [("content-type", "text/event-stream"), ("cache-control", "no-cache")];
    (head, Body::from_stream(events))
}

async fn start(State(news): State<Channel>, Query(burst): Query<Burst>) {
    tokio::spawn(publish(news, burst));
}

async fn publish(news: Channel, burst: Burst) {
    let start = Instant::now();
    for number in 0..burst.count {
        if burst.rate > 0.0 {
            sleep_until(start + burst.due(number)).await;
        }
        news.publish(&Frame::message(&burst.data(news.stats().published)));
    }
}
