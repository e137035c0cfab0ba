//! The limit of a body in axum: every stream is handed the same bytes, made once, and waits in one list of wakers.
//!
//! It knows no IDs, no joining, and nobody who leaves: a stream that has missed something is not told. What it costs is
//! axum, hyper, tokio and the kernel; no event stream in axum can cost less.

use std::collections::VecDeque;
use std::convert::Infallible;
use std::fmt::Write as _;
use std::sync::{Arc, Mutex, PoisonError};
use std::task::{Poll, Waker};

use axum::body::Body;
use axum::extract::{Query, State};
use axum::response::IntoResponse;
use axum::routing::get;
use axum::serve::ListenerExt;
use bytes::Bytes;
use clap::Parser;
use futures_lite::stream::poll_fn;
use servers::broadcast::CAPACITY;
use servers::{Args, Burst};
use tokio::net::TcpListener;
use tokio::time::{Instant, sleep_until};

fn main() -> anyhow::Result<()> {
    let args = Args::parse();
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    runtime.block_on(async {
        let listener = TcpListener::bind(args.addr).await?.tap_io(|socket| {
            let _ = socket.set_nodelay(true);
        });
        let router = axum::Router::new()
            .route("/events", get(events))
            .route("/start", get(start))
            .with_state(Arc::<Mutex<Shared>>::default());
        axum::serve(listener, router).await?;
        Ok(())
    })
}

/// What all streams share.
#[derive(Default)]
struct Shared {
    /// The newest blocks, for who is slow, and how many there were before them.
    blocks: VecDeque<Bytes>,
    dropped: usize,
    /// How many events there were.
    events: u64,
    waiting: Vec<Waker>,
}

impl Shared {
    fn end(&self) -> usize {
        self.dropped + self.blocks.len()
    }

    fn push(&mut self, block: Bytes) {
        self.blocks.push_back(block);
        if self.blocks.len() > CAPACITY {
            self.blocks.pop_front();
            self.dropped += 1;
        }
    }
}

async fn events(State(shared): State<Arc<Mutex<Shared>>>) -> impl IntoResponse {
    let mut seen = shared.lock().unwrap_or_else(PoisonError::into_inner).end();
    let blocks = poll_fn(move |cx| {
        let mut shared = shared.lock().unwrap_or_else(PoisonError::into_inner);
        let Some(block) = shared.blocks.get(seen.saturating_sub(shared.dropped)).cloned() else {
            shared.waiting.push(cx.waker().clone());
            return Poll::Pending;
        };
        seen = seen.max(shared.dropped) + 1;
        Poll::Ready(Some(Ok::<_, Infallible>(block)))
    });
    let head = [("content-type", "text/event-stream"), ("cache-control", "no-cache")];
    (head, Body::from_stream(blocks))
}

async fn start(State(shared): State<Arc<Mutex<Shared>>>, Query(burst): Query<Burst>) {
    tokio::spawn(publish(shared, burst));
}

/// Events that are due at once are one block.
async fn publish(shared: Arc<Mutex<Shared>>, burst: Burst) {
    let start = Instant::now();
    let at_once = if burst.rate > 0.0 { 1 } else { burst.count };
    for number in (0..burst.count).step_by(at_once.max(1) as usize) {
        if burst.rate > 0.0 {
            sleep_until(start + burst.due(number)).await;
        }
        let waiting = {
            let mut shared = shared.lock().unwrap_or_else(PoisonError::into_inner);
            let mut text = String::new();
            for _ in 0..at_once {
                let _ = write!(text, "data: {}\n\n", burst.data(shared.events));
                shared.events += 1;
            }
            shared.push(text.into());
            std::mem::take(&mut shared.waiting)
        };
        waiting.into_iter().for_each(Waker::wake);
    }
}
