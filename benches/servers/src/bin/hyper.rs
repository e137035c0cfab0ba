//! hyper: encoded frames from a broadcast channel as the body, on one thread.

use std::convert::Infallible;

use bytes::Bytes;
use clap::Parser;
use futures_lite::StreamExt;
use http_body_util::combinators::BoxBody;
use http_body_util::{BodyExt, Empty, StreamBody};
use hyper::body::{Frame, Incoming};
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper::{Request, Response};
use hyper_util::rt::TokioIo;
use servers::broadcast::Publisher;
use servers::{Args, Burst};
use tokio::net::TcpListener;

type Body = BoxBody<Bytes, Infallible>;

fn main() -> anyhow::Result<()> {
    let args = Args::parse();
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    runtime.block_on(async {
        let listener = TcpListener::bind(args.addr).await?;
        let publisher = Publisher::new(|data| format!("data: {data}\n\n").into());
        loop {
            let (socket, _) = listener.accept().await?;
            socket.set_nodelay(true)?;
            let publisher = publisher.clone();
            let service = service_fn(move |request| {
                let response = answer(&publisher, &request);
                async move { response }
            });
            tokio::spawn(http1::Builder::new().serve_connection(TokioIo::new(socket), service));
        }
    })
}

fn answer(
    publisher: &Publisher,
    request: &Request<Incoming>,
) -> hyper::http::Result<Response<Body>> {
    if request.uri().path() == "/events" {
        let events = publisher.subscribe().filter_map(Result::ok);
        let frames = events.map(|event| Ok(Frame::data(event)));
        return Response::builder()
            .header("content-type", "text/event-stream")
            .header("cache-control", "no-cache")
            .body(BodyExt::boxed(StreamBody::new(frames)));
    }
    let burst = request.uri().query().and_then(Burst::of_query);
    if let Some(burst) = burst {
        publisher.start(burst);
    }
    let status = if burst.is_some() { 204 } else { 404 };
    Response::builder().status(status).body(BodyExt::boxed(Empty::new()))
}
