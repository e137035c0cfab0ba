//! An event each second, by hyper.

use std::convert::Infallible;
use std::time::Duration;

use bytes::Bytes;
use futures_lite::StreamExt;
use http_body_util::StreamBody;
use hyper::Response;
use hyper::body::Frame;
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::TokioIo;
use tokio::net::TcpListener;
use tokio::sync::broadcast;
use tokio_stream::wrappers::BroadcastStream;

fn main() -> std::io::Result<()> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    runtime.block_on(async {
        let (clock, _) = broadcast::channel::<Bytes>(16);
        let publisher = clock.clone();
        tokio::spawn(async move {
            loop {
                let _ = publisher.send(Bytes::from_static(b"data: tick\n\n"));
                tokio::time::sleep(Duration::from_secs(1)).await;
            }
        });
        let listener = TcpListener::bind("127.0.0.1:8080").await?;
        loop {
            let (socket, _) = listener.accept().await?;
            let clock = clock.clone();
            let service = service_fn(move |_| {
                let events = BroadcastStream::new(clock.subscribe()).filter_map(Result::ok);
                let frames = events.map(|event| Ok::<_, Infallible>(Frame::data(event)));
                let response = Response::builder()
                    .header("content-type", "text/event-stream")
                    .body(StreamBody::new(frames));
                async move { response }
            });
            tokio::spawn(http1::Builder::new().serve_connection(TokioIo::new(socket), service));
        }
    })
}
