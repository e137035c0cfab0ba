//! The soak of the main workspace with axum as the server: `soak [--seconds N] [--seed N]`, or
//! `cargo xtask soak --server axum`.

use std::net::SocketAddr;
use std::process::ExitCode;
use std::thread::{self, JoinHandle};
use std::time::Duration;

use axum::body::Body;
use axum::extract::{Request, State};
use axum::response::IntoResponse;
use axum::serve::ListenerExt;
use futures_util::StreamExt;
use tests::soak::{Current, Host};
use tokio::net::TcpListener;
use tokio::sync::{oneshot, watch};

fn main() -> ExitCode {
    tests::soak::main(Axum::default())
}

#[derive(Default)]
struct Axum {
    running: Option<(oneshot::Sender<Duration>, JoinHandle<()>)>,
}

impl Host for Axum {
    fn start(&mut self, address: SocketAddr, current: Current) -> SocketAddr {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
        let runtime = runtime.expect("a runtime");
        let listener = runtime.block_on(TcpListener::bind(address)).expect("the address is free");
        let address = listener.local_addr().expect("an address");
        let (stop, stopped) = oneshot::channel();
        // What is left when it returns is cut, with the runtime.
        let thread = thread::spawn(move || runtime.block_on(serve(listener, current, stopped)));
        self.running = Some((stop, thread));
        address
    }

    fn stop(&mut self, deadline: Duration) {
        let Some((stop, thread)) = self.running.take() else { return };
        stop.send(deadline).expect("it serves");
        thread.join().expect("the server does not panic");
    }
}

async fn serve(listener: TcpListener, current: Current, stopped: oneshot::Receiver<Duration>) {
    let (ending, ended) = watch::channel(false);
    let app = axum::Router::new().fallback(events).with_state((current, ended.clone()));
    let listener = listener.tap_io(|socket| drop(socket.set_nodelay(true)));
    let server = axum::serve(listener, app).with_graceful_shutdown(until(ended));
    let server = tokio::spawn(async move { server.await });
    let deadline = stopped.await.expect("it is told to stop");
    if !deadline.is_zero() {
        ending.send(true).expect("it serves");
        // A client that does not read is cut.
        let _ = tokio::time::timeout(deadline, server).await;
    }
}

async fn until(mut ended: watch::Receiver<bool>) {
    let _ = ended.wait_for(|ended| *ended).await;
}

async fn events(
    State((current, ended)): State<(Current, watch::Receiver<bool>)>,
    request: Request,
) -> impl IntoResponse {
    let last = request.headers().get("last-event-id");
    let last = last.and_then(|id| std::str::from_utf8(id.as_bytes()).ok());
    let events = current.subscribe(request.uri().path(), last);
    let events = events.with_heartbeat(Duration::from_millis(500), tokio::time::sleep);
    let body = Body::from_stream(events.take_until(Box::pin(until(ended))));
    ([("content-type", "text/event-stream")], body)
}
