//! A channel in an axum app: `GET /events` follows it, `POST /publish` publishes the body, `GET /clients` counts.

use std::time::Duration;

use axum::body::Body;
use axum::extract::State;
use axum::http::HeaderMap;
use axum::response::{Html, IntoResponse};
use axum::routing::{Router, get, post};
use axum::serve::ListenerExt;
use clap::Parser;
use frameworks::{Options, PAGE};
use sse_channel::{Channel, Frame, Replay};

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

async fn publish(State(news): State<Channel>, text: String) -> String {
    news.publish(&Frame::message(&text)).to_string()
}

async fn clients(State(news): State<Channel>) -> String {
    news.stats().subscribers.to_string()
}

#[tokio::main(flavor = "current_thread")]
async fn main() -> std::io::Result<()> {
    let options = Options::parse();
    let news = options.open()?;
    let app = Router::new().route("/", get(Html(PAGE))).route("/events", get(events));
    let app = app.route("/publish", post(publish)).route("/clients", get(clients));
    let listener = tokio::net::TcpListener::bind(options.addr).await?;
    println!("http://{}", listener.local_addr()?);
    let listener = listener.tap_io(|socket| drop(socket.set_nodelay(true)));
    let closing = news.clone();
    let shutdown = async move {
        tokio::signal::ctrl_c().await.ok();
        closing.close(); // every stream ends, so that the server can
    };
    let server = axum::serve(listener, app.with_state(news.clone()));
    server.with_graceful_shutdown(shutdown).await?;
    options.keep(&news)
}
