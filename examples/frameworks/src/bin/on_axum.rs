//! A channel in an axum app: `GET /events` follows it, `POST /publish` publishes the body.

use std::time::Duration;

use axum::body::Body;
use axum::extract::State;
use axum::http::HeaderMap;
use axum::response::IntoResponse;
use axum::{Router, routing};
use sse_channel::{Channel, Frame, History, Replay};

async fn events(State(news): State<Channel>, headers: HeaderMap) -> impl IntoResponse {
    let last = headers.get("last-event-id").and_then(|id| std::str::from_utf8(id.as_bytes()).ok());
    let events = news.subscribe(last, Replay::Live);
    let events = events.with_heartbeat(Duration::from_secs(15), tokio::time::sleep);
    let head = [
        ("content-type", "text/event-stream"),
        ("cache-control", "no-cache, no-transform"),
        ("x-accel-buffering", "no"),
    ];
    (head, Body::from_stream(events))
}

#[tokio::main(flavor = "current_thread")]
async fn main() -> std::io::Result<()> {
    let news = Channel::new(History { events: 4, ..History::default() });
    let publish = |State(news): State<Channel>, text: String| async move {
        news.publish(&Frame::message(&text)).to_string()
    };
    let app = Router::new().route("/events", routing::get(events));
    let app = app.route("/publish", routing::post(publish)).with_state(news.clone());
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await?;
    println!("http://{}", listener.local_addr()?);
    let shutdown = async move {
        tokio::signal::ctrl_c().await.ok();
        news.close(); // every stream ends, so that the server can
    };
    axum::serve(listener, app).with_graceful_shutdown(shutdown).await
}
