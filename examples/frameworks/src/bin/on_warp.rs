//! A channel in a warp app: `GET /events` follows it, `POST /publish` publishes the body, `GET /clients` counts.

use std::time::Duration;

use bytes::Bytes;
use clap::Parser;
use frameworks::Options;
use sse_channel::{Channel, Frame, Replay};
use sync_wrapper::SyncStream;
use warp::{Filter, Reply, reply};

fn events(news: &Channel, last_event_id: Option<String>) -> impl Reply + use<> {
    let events = news.subscribe(last_event_id.as_deref(), Replay::Live);
    let events = events.with_heartbeat(Duration::from_secs(15), tokio::time::sleep);
    let events = reply::stream(SyncStream::new(events)); // warp asks for a stream that is Sync
    let events = reply::with_header(events, "content-type", "text/event-stream");
    let events = reply::with_header(events, "cache-control", "no-cache, no-transform");
    reply::with_header(events, "x-accel-buffering", "no")
}

fn publish(news: &Channel, body: &Bytes) -> String {
    news.publish(&Frame::message(&String::from_utf8_lossy(body))).to_string()
}

#[tokio::main(flavor = "current_thread")]
async fn main() -> std::io::Result<()> {
    let options = Options::parse();
    let news = options.open()?;
    let (follow, post, count, closing) = (news.clone(), news.clone(), news.clone(), news.clone());
    let last_event_id = warp::header::optional("last-event-id");
    let app = warp::path!("events").and(last_event_id).map(move |id| events(&follow, id));
    let publishing = warp::path!("publish").and(warp::post()).and(warp::body::bytes());
    let app = app.or(publishing.map(move |body| publish(&post, &body)));
    let app = app.or(warp::path!("clients").map(move || count.stats().subscribers.to_string()));
    let listener = tokio::net::TcpListener::bind(options.addr).await?;
    println!("http://{}", listener.local_addr()?);
    let shutdown = async move {
        tokio::signal::ctrl_c().await.ok();
        closing.close(); // every stream ends, so that the server can
    };
    warp::serve(app).incoming(listener).graceful(shutdown).run().await;
    options.keep(&news)
}
