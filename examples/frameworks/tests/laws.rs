//! The laws of channels for axum and hyper as carriers, over real sockets: the suite of the main workspace.

use std::convert::Infallible;
use std::future::Future;
use std::pin::Pin;
use std::thread::JoinHandle;
use std::time::Duration;

use axum::body::Body;
use axum::extract::{Request, State};
use axum::response::IntoResponse;
use axum::serve::ListenerExt;
use bytes::Bytes;
use futures_util::{Stream, StreamExt, TryStreamExt};
use http_body_util::combinators::UnsyncBoxBody;
use http_body_util::{BodyExt, Empty, StreamBody};
use hyper::body::{Frame, Incoming};
use hyper::header::HeaderMap;
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::TokioIo;
use sse_channel::{Block, Cut};
use tests::carriers::http::{Asked, Http};
use tests::carriers::{Joint, fed, memory};
use tests::channel_laws;
use tokio::net::TcpListener;
use tokio::sync::oneshot;

channel_laws!(axum_of_memory, serve(on_axum), memory);
channel_laws!(axum_of_a_feed, serve(on_axum), fed);
channel_laws!(hyper_of_memory, serve(on_hyper), memory);
channel_laws!(hyper_of_a_feed, serve(on_hyper), fed);
// Beside another channel, over the same connection.
channel_laws!(axum_beside_another, Joint::new(serve(on_axum)), memory;
    once_and_in_order, gaps_are_told, others_ids_are_gaps, own_subscribers_only,
    the_cursor_moves_forward, who_stops_delays_nobody
);
channel_laws!(axum_beside_a_closed_one, Joint::closed(serve(on_axum)), memory; closing_ends_whole);

type Blocks = Pin<Box<dyn Stream<Item = Result<Block, Cut>> + Send>>;

/// What a request gets, as the programs do it.
fn blocks(asked: &Asked, path: &str, headers: &HeaderMap) -> Option<Blocks> {
    let last = headers.get("last-event-id").and_then(|id| std::str::from_utf8(id.as_bytes()).ok());
    let (events, ends_soon) = asked.take(path, last)?;
    // Longer than a law waits: what a heartbeat finds, nobody was woken for.
    let events = events.with_heartbeat(Duration::from_secs(60), tokio::time::sleep);
    if !ends_soon {
        return Some(events.boxed());
    }
    let end = tokio::time::sleep(Duration::from_millis(10));
    Some(events.take_until(Box::pin(end)).boxed())
}

async fn on_axum(listener: TcpListener, asked: Asked) {
    let events = |State(asked): State<Asked>, request: Request| async move {
        let blocks = blocks(&asked, request.uri().path(), request.headers());
        Body::from_stream(blocks.expect("asked for")).into_response()
    };
    let app = axum::Router::new().fallback(events).with_state(asked);
    let listener = listener.tap_io(|socket| drop(socket.set_nodelay(true)));
    axum::serve(listener, app).await.expect("it serves");
}

async fn on_hyper(listener: TcpListener, asked: Asked) {
    loop {
        let (socket, _) = listener.accept().await.expect("accept");
        socket.set_nodelay(true).expect("TCP_NODELAY");
        let asked = asked.clone();
        let service = service_fn(move |request| std::future::ready(answer(&asked, &request)));
        tokio::spawn(http1::Builder::new().serve_connection(TokioIo::new(socket), service));
    }
}

type Answer = hyper::Response<UnsyncBoxBody<Bytes, Cut>>;

fn answer(asked: &Asked, request: &hyper::Request<Incoming>) -> hyper::http::Result<Answer> {
    let Some(blocks) = blocks(asked, request.uri().path(), request.headers()) else {
        let nothing = Empty::new().map_err(|never: Infallible| match never {});
        return hyper::Response::builder().status(404).body(nothing.boxed_unsync());
    };
    let frames = blocks.map_ok(|block| Frame::data(Bytes::from(block)));
    Ok(hyper::Response::new(StreamBody::new(frames).boxed_unsync()))
}

/// A server on a thread of its own, ended when this is dropped.
struct Running {
    end: Option<oneshot::Sender<()>>,
    thread: Option<JoinHandle<()>>,
}

fn serve<F: Future<Output = ()>>(
    server: impl FnOnce(TcpListener, Asked) -> F + Send + 'static,
) -> Http<Running> {
    let asked = Asked::default();
    let known = asked.clone();
    let listener = std::net::TcpListener::bind("127.0.0.1:0").expect("bind");
    listener.set_nonblocking(true).expect("nonblocking");
    let address = listener.local_addr().expect("address");
    let (end, ended) = oneshot::channel();
    let thread = std::thread::spawn(move || {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
        runtime.expect("a runtime").block_on(async {
            let listener = TcpListener::from_std(listener).expect("a listener");
            tokio::select! { () = server(listener, known) => {}, _ = ended => {} }
        });
    });
    Http::new(address, asked, Running { end: Some(end), thread: Some(thread) })
}

impl Drop for Running {
    fn drop(&mut self) {
        self.end.take().map(|end| end.send(()));
        let joined = self.thread.take().map(JoinHandle::join);
        if !std::thread::panicking() {
            joined.expect("once").expect("the server does not panic");
        }
    }
}
