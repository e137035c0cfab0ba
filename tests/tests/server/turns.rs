//! However much one connection has to do, the others have their turn: counted in turns, not in time.

use std::io::{self, Cursor, Read as _};
use std::pin::Pin;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, OnceLock};
use std::task::{Context, Poll, Waker};
use std::time::Duration;

use async_executor::LocalExecutor;
use futures_lite::future::{block_on, yield_now};
use futures_lite::io::{AsyncRead, AsyncWrite};
use sse_server::{Channel, Events, Frame, Handle, History, Replay, Response, Server, Sink};
use testkit::wait::eventually;

/// A client whose requests are all there, and that takes all it is sent at once.
struct Eager(Cursor<Vec<u8>>);

impl AsyncRead for Eager {
    fn poll_read(
        mut self: Pin<&mut Self>,
        _: &mut Context<'_>,
        buffer: &mut [u8],
    ) -> Poll<io::Result<usize>> {
        match self.0.read(buffer) {
            Ok(0) => Poll::Pending,
            read => Poll::Ready(read),
        }
    }
}

impl AsyncWrite for Eager {
    fn poll_write(
        self: Pin<&mut Self>,
        _: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        Poll::Ready(Ok(bytes.len()))
    }

    fn poll_flush(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<io::Result<()>> {
        Poll::Ready(Ok(()))
    }

    fn poll_close(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<io::Result<()>> {
        Poll::Ready(Ok(()))
    }
}

/// How many turns another task of the thread has while such a client is served, until `is_done`.
fn turns(server: &Handle, requests: usize, is_done: impl Fn() -> bool) -> usize {
    let requests = "GET / HTTP/1.1\r\nHost: a\r\n\r\n".repeat(requests).into_bytes();
    let executor = LocalExecutor::new();
    let served = executor.spawn(server.serve(Eager(Cursor::new(requests)), None));
    let other = executor.spawn(async {
        let mut turns = 0;
        while !is_done() {
            turns += 1;
            yield_now().await;
        }
        turns
    });
    let turns = block_on(executor.run(other));
    drop(served);
    turns
}

#[test]
fn between_two_requests() {
    let count = Arc::new(AtomicUsize::new(0));
    let asked = count.clone();
    let server = Server::new(move |_| {
        asked.fetch_add(1, Ordering::Relaxed);
        Response::text("hello")
    });
    let turns = turns(&server.unbound(), 1000, || count.load(Ordering::Relaxed) == 1000);
    assert!(turns >= 990, "{turns}");
}

#[test]
fn between_events_that_are_sent_in_a_loop() {
    let count = Arc::new(AtomicUsize::new(0));
    let sent = count.clone();
    let server = Server::new(move |_| {
        let sent = sent.clone();
        Response::stream(async move |mut sink: Sink| {
            for _ in 0..10_000 {
                sink.send(&Frame::message("tick")).await?;
                sent.fetch_add(1, Ordering::Relaxed);
            }
            std::future::pending().await
        })
    });
    let turns = turns(&server.unbound(), 1, || count.load(Ordering::Relaxed) == 10_000);
    assert!(turns >= 100, "{turns}");
}

#[test]
fn between_events_that_a_filter_looks_at() {
    for wanted in [true, false] {
        let channel = Channel::new(History { events: 10_000, ..History::default() });
        for _ in 0..5_000 {
            channel.publish(&Frame::message("tick"));
        }
        let count = Arc::new(AtomicUsize::new(0));
        let seen = count.clone();
        let server = Server::new(move |_| {
            let seen = seen.clone();
            Response::events(channel.subscribe(None, Replay::All).with_filter(move |_| {
                seen.fetch_add(1, Ordering::Relaxed);
                wanted
            }))
        });
        let turns = turns(&server.unbound(), 1, || count.load(Ordering::Relaxed) == 5_000);
        assert!(turns >= 5_000 / 32, "{turns}, wanted: {wanted}");
    }
}

#[test]
fn between_events_of_the_past() {
    let channel = Channel::new(History { events: 10_000, bytes: 1 << 30, ..History::default() });
    for _ in 0..1_000 {
        channel.publish(&Frame::message(&"x".repeat(10_000)));
    }
    let replayed = channel.clone();
    let server =
        Server::new(move |_| Response::events(replayed.subscribe(None, Replay::All))).unbound();
    let turns = turns(&server, 1, || channel.stats().delivered == 1_000);
    assert!(turns >= 100, "{turns}");
}

#[test]
fn between_connections_that_wait_to_be_accepted() {
    use std::io::Write as _;
    const WAITING: usize = 200;
    let server = Arc::new(OnceLock::<Handle>::new());
    let open = Arc::new(OnceLock::new());
    let (asked, seen) = (server.clone(), open.clone());
    let bound = Server::new(move |_| {
        seen.get_or_init(|| asked.get().map(|handle| handle.stats().open));
        Response::text("hello")
    });
    let bound = bound.bind("127.0.0.1:0").expect("a free port");
    let address = bound.local_addr().expect("its address");
    assert!(server.set(bound.handle()).is_ok());
    let waiting: Vec<_> = (0..WAITING)
        .map(|_| {
            let mut client =
                std::net::TcpStream::connect(address).expect("it waits to be accepted");
            client.write_all(b"GET / HTTP/1.1\r\nHost: a\r\n\r\n").expect("it is sent");
            client
        })
        .collect();
    let running = crate::server_support::Running::of(bound);
    eventually("one is answered", || open.get().is_some());
    let open = open.get().copied().flatten().expect("a number");
    assert!((1..WAITING as u64).contains(&open), "{open} were accepted before one was answered");
    drop((waiting, running));
}

/// A client that takes the response head and then nothing. It remembers one waker, and wakes one that
/// it forgets, as sockets do.
struct Stalled {
    request: Cursor<Vec<u8>>,
    taken: usize,
    waker: Option<Waker>,
    polls: Arc<AtomicUsize>,
}

impl AsyncRead for Stalled {
    fn poll_read(
        mut self: Pin<&mut Self>,
        _: &mut Context<'_>,
        buffer: &mut [u8],
    ) -> Poll<io::Result<usize>> {
        match self.request.read(buffer) {
            Ok(0) => Poll::Pending,
            read => Poll::Ready(read),
        }
    }
}

impl AsyncWrite for Stalled {
    fn poll_write(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        self.polls.fetch_add(1, Ordering::Relaxed);
        if self.taken == 0 {
            self.taken = bytes.len();
            return Poll::Ready(Ok(bytes.len()));
        }
        let known = self.waker.replace(cx.waker().clone());
        if let Some(known) = known.filter(|known| !known.will_wake(cx.waker())) {
            known.wake();
        }
        Poll::Pending
    }

    fn poll_flush(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<io::Result<()>> {
        Poll::Ready(Ok(()))
    }

    fn poll_close(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<io::Result<()>> {
        Poll::Ready(Ok(()))
    }
}

#[test]
fn a_sink_on_another_executor_and_the_heartbeats_do_not_wake_each_other_for_ever() {
    let (sender, sinks) = std::sync::mpsc::channel();
    let sender = Mutex::new(sender);
    let server = Server::new(move |_| {
        let sender = sender.lock().unwrap().clone();
        let events = Events::new(async move |sink: Sink| {
            sender.send(sink).map_err(io::Error::other)?;
            std::future::pending().await
        });
        Response::events(events.with_heartbeat(Duration::from_millis(20)))
    });
    let server = server.unbound();
    let polls = Arc::new(AtomicUsize::new(0));
    let request = Cursor::new(b"GET / HTTP/1.1\r\nHost: a\r\n\r\n".to_vec());
    let client = Stalled { request, taken: 0, waker: None, polls: polls.clone() };
    let serving = server.clone();
    let serve = std::thread::spawn(move || block_on(serving.serve(client, None)));
    let mut sink = sinks.recv().unwrap();
    let send = std::thread::spawn(move || block_on(sink.send(&Frame::message("x"))));
    eventually("both wait", || polls.load(Ordering::Relaxed) >= 3);
    std::thread::sleep(Duration::from_millis(300));
    let polled = polls.load(Ordering::Relaxed);
    assert!(polled < 50, "{polled} polls");
    server.shutdown(sse_server::Shutdown { deadline: Duration::ZERO, ..Default::default() });
    serve.join().unwrap();
    // Its error is that the connection is over: the deadline of the write is not waited for.
    drop(send);
}
