//! The app of `on_axum` with its channel in a stream of Redis: any number of these, behind any balancer, deliver the same
//! events, and a client goes on where it was on whichever it comes back to.

use std::net::SocketAddr;
use std::path::PathBuf;
use std::time::Duration;

use axum::body::Body;
use axum::extract::State;
use axum::http::{HeaderMap, StatusCode};
use axum::response::{Html, IntoResponse};
use axum::routing::{Router, get, post};
use axum::serve::ListenerExt;
use clap::Parser;
use frameworks::PAGE;
use sse_redis::{Certificates, Frame, Hub, Options, RedisChannel, Replay};

/// What the program is told.
#[derive(Parser)]
struct Args {
    /// Address and port to listen on
    #[arg(long, default_value = "127.0.0.1:0")]
    addr: SocketAddr,
    /// Where Redis is
    #[arg(long, default_value = "redis://127.0.0.1/", value_name = "URL")]
    redis: String,
    /// The certificates, PEM, of who may vouch for a Redis with TLS
    #[arg(long, value_name = "FILE")]
    authorities: Option<PathBuf>,
}

async fn events(State(news): State<RedisChannel>, headers: HeaderMap) -> impl IntoResponse {
    let last = headers.get("last-event-id").and_then(|id| std::str::from_utf8(id.as_bytes()).ok());
    let events = news.subscribe(last, Replay::Live).await.map_err(unavailable)?;
    let events = events.with_heartbeat(Duration::from_secs(15), tokio::time::sleep);
    let head = [
        ("content-type", "text/event-stream"),
        ("cache-control", "no-cache, no-transform"),
        ("x-accel-buffering", "no"),
    ];
    Ok::<_, Unavailable>((head, Body::from_stream(events)))
}

async fn publish(State(news): State<RedisChannel>, text: String) -> impl IntoResponse {
    let id = news.publish(&Frame::message(&text)).await.map_err(unavailable)?;
    Ok::<_, Unavailable>(id.to_string())
}

async fn clients(State(news): State<RedisChannel>) -> impl IntoResponse {
    let log = news.log().await.map_err(unavailable)?;
    Ok::<_, Unavailable>(log.stats().subscribers.to_string())
}

/// What a client is told that comes while Redis is away.
type Unavailable = (StatusCode, [(&'static str, &'static str); 1], String);

fn unavailable(error: impl ToString) -> Unavailable {
    (StatusCode::SERVICE_UNAVAILABLE, [("retry-after", "5")], error.to_string())
}

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    let args = Args::parse();
    let authorities = args.authorities.map(std::fs::read).transpose()?;
    let certificates = Certificates { authorities, ..Certificates::default() };
    let options = Options { certificates, ..Options::default() };
    let (hub, reader) = Hub::new(&args.redis, options, |notice| eprintln!("{notice}"))?;
    tokio::spawn(reader);
    let news = hub.channel("news");
    let app = Router::new().route("/", get(Html(PAGE))).route("/events", get(events));
    let app = app.route("/publish", post(publish)).route("/clients", get(clients));
    let listener = tokio::net::TcpListener::bind(args.addr).await?;
    println!("http://{}", listener.local_addr()?);
    let listener = listener.tap_io(|socket| drop(socket.set_nodelay(true)));
    let shutdown = async move {
        tokio::signal::ctrl_c().await.ok();
        hub.close(); // every stream ends, so that the server can
    };
    let server = axum::serve(listener, app.with_state(news));
    server.with_graceful_shutdown(shutdown).await?;
    Ok(())
}
