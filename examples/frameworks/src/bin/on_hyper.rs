//! A channel in a hyper app: `GET /events` follows it, `POST /publish` publishes the body, `GET /clients` counts.

use std::time::Duration;

use bytes::Bytes;
use clap::Parser;
use frameworks::Options;
use futures_util::TryStreamExt;
use http_body_util::combinators::UnsyncBoxBody;
use http_body_util::{BodyExt, Full, StreamBody};
use hyper::body::{Frame, Incoming};
use hyper::header::HeaderMap;
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper::{Request, Response};
use hyper_util::rt::TokioIo;
use hyper_util::server::graceful::GracefulShutdown;
use sse_channel::{Channel, Cut, Replay};

type Answer = Result<Response<UnsyncBoxBody<Bytes, Cut>>, Box<dyn std::error::Error + Send + Sync>>;

fn events(news: &Channel, headers: &HeaderMap) -> Answer {
    let last = headers.get("last-event-id").and_then(|id| std::str::from_utf8(id.as_bytes()).ok());
    let events = news.subscribe(last, Replay::Live);
    let events = events.with_heartbeat(Duration::from_secs(15), tokio::time::sleep);
    let blocks = events.map_ok(|block| Frame::data(Bytes::from(block)));
    let response = Response::builder().header("content-type", "text/event-stream");
    let response = response.header("cache-control", "no-cache, no-transform");
    let response = response.header("x-accel-buffering", "no");
    Ok(response.body(StreamBody::new(blocks).boxed_unsync())?)
}

async fn answer(news: Channel, request: Request<Incoming>) -> Answer {
    let text = match request.uri().path() {
        "/events" => return events(&news, request.headers()),
        "/publish" => {
            let body = request.into_body().collect().await?.to_bytes();
            news.publish(&sse_channel::Frame::message(std::str::from_utf8(&body)?)).to_string()
        }
        _ => news.stats().subscribers.to_string(),
    };
    Ok(Response::new(Full::from(text).map_err(|never| match never {}).boxed_unsync()))
}

#[tokio::main(flavor = "current_thread")]
async fn main() -> std::io::Result<()> {
    let options = Options::parse();
    let (news, streams) = (options.open()?, GracefulShutdown::new());
    let listener = tokio::net::TcpListener::bind(options.addr).await?;
    println!("http://{}", listener.local_addr()?);
    let accept = async {
        loop {
            let (socket, _) = listener.accept().await?;
            socket.set_nodelay(true)?;
            let news = news.clone();
            let service = service_fn(move |request| answer(news.clone(), request));
            let connection = http1::Builder::new().serve_connection(TokioIo::new(socket), service);
            tokio::spawn(streams.watch(connection));
        }
    };
    tokio::select! { ended = accept => return ended, _ = tokio::signal::ctrl_c() => {} }
    news.close(); // every stream ends, so that the server can
    streams.shutdown().await;
    options.keep(&news)
}
