//! Streams that a closure writes, and how streams end: properly, torn nowhere, or cut.

use std::io;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::{Duration, Instant};

use crate::server_support::{Running, live};
use sse_server::{
    Channel, Cors, Events, Frame, History, Refusal, Response, Server, Shutdown, Sink, sleep,
};
use testkit::raw::{Peer, field, status};
use testkit::wait::eventually;

#[test]
fn a_post_may_be_answered_with_a_stream() {
    let server = Running::start(Server::new(|request| {
        let words: Vec<String> =
            String::from_utf8_lossy(request.body()).split(' ').map(str::to_owned).collect();
        Response::stream(async move |mut sink: Sink| {
            for word in &words {
                sink.send(&Frame::message(word)).await?;
            }
            Ok(())
        })
    }));
    let mut peer = server.connect();
    peer.send("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 11\r\n\r\nhello world");
    peer.head();
    assert_eq!(peer.data().as_deref(), Some("hello"));
    assert_eq!(peer.data().as_deref(), Some("world"));
    assert_eq!((peer.block(), peer.ended), (None, true));
}

#[test]
fn send_waits_for_the_socket_and_fails_when_the_client_has_gone() {
    let sent = Arc::new(AtomicU64::new(0));
    let counter = sent.clone();
    let server = Running::start(Server::new(move |_| {
        let sent = counter.clone();
        Response::stream(async move |mut sink: Sink| {
            let large = "x".repeat(10_000);
            loop {
                sink.send(&Frame::message(&large)).await?;
                sent.fetch_add(1, Ordering::SeqCst);
            }
        })
    }));
    let mut peer = Peer::subscribe(server.addr, "/", None);
    peer.block().unwrap();
    // Without anybody reading, sending comes to a stop at the kernel's buffers.
    eventually("the producer waits", || {
        let before = sent.load(Ordering::SeqCst);
        std::thread::sleep(Duration::from_millis(200));
        before > 0 && before == sent.load(Ordering::SeqCst)
    });
    assert!(sent.load(Ordering::SeqCst) < 5_000, "the producer was not held back");
    let before = sent.load(Ordering::SeqCst);
    for _ in 0..before {
        peer.block().unwrap();
    }
    eventually("the producer goes on", || sent.load(Ordering::SeqCst) > before);
    drop(peer);
    eventually("the stream ends", || server.handle.stats().open == 0);
}

#[test]
fn a_sink_that_outlives_its_stream_can_write_no_more() {
    let (sender, sinks) = std::sync::mpsc::channel();
    let server = Running::start(Server::new(move |request| match request.path() {
        "/stream" => {
            let sender = sender.clone();
            Response::stream(async move |mut sink: Sink| {
                sink.send(&Frame::message("one")).await?;
                sender.send(sink).map_err(io::Error::other)
            })
        }
        _ => Response::text("next"),
    }));
    let mut peer = Peer::subscribe(server.addr, "/stream", None);
    assert_eq!(peer.data().as_deref(), Some("one"));
    assert_eq!((peer.block(), peer.ended), (None, true));
    let mut sink = sinks.recv().unwrap();
    let error = futures_lite::future::block_on(sink.send(&Frame::message("two"))).unwrap_err();
    assert_eq!(error.kind(), io::ErrorKind::BrokenPipe);
    peer.send("GET / HTTP/1.1\r\nHost: a\r\n\r\n");
    assert_eq!(peer.answer().1, "next");
}

#[test]
fn an_error_cuts_the_stream_and_a_panic_does() {
    let server = Running::start(Server::new(|request| {
        let panics = request.path() == "/panic";
        Response::stream(async move |mut sink: Sink| {
            sink.send(&Frame::message("one")).await?;
            assert!(!panics, "on purpose");
            Err(io::Error::other("on purpose"))
        })
    }));
    for path in ["/error", "/panic"] {
        let mut peer = Peer::subscribe(server.addr, path, None);
        assert_eq!(peer.data().as_deref(), Some("one"));
        assert_eq!((peer.block(), peer.ended), (None, false), "{path}");
    }
}

#[test]
fn what_panics_ends_its_own_connection_only() {
    let channel = Channel::default();
    let shared = channel.clone();
    let cors = Cors::matching(|origin| panic!("{origin}"));
    let server = Running::start(Server::new(move |request| {
        let events = live(&shared, request);
        match request.path() {
            "/filter" => Response::events(events.with_filter(|_| panic!("on purpose"))),
            "/until" => {
                Response::events(Events::from(events).with_end(async { panic!("on purpose") }))
            }
            "/cors" => Response::events(events).with_cors(cors.clone()),
            _ => Response::events(events),
        }
    }));
    let mut well = Peer::subscribe(server.addr, "/", None);
    well.block().unwrap();
    let mut filtered = Peer::subscribe(server.addr, "/filter", None);
    filtered.block().unwrap();
    channel.publish(&Frame::message("one"));
    assert_eq!((filtered.block(), filtered.ended), (None, false));
    let head = "HTTP/1.1\r\nHost: a\r\nOrigin: b\r\nConnection: close\r\n\r\n";
    assert!(!server.exchange(format!("GET /until {head}")).ends_with("0\r\n\r\n"));
    assert_eq!(status(&server.exchange(format!("GET /cors {head}"))), 500);
    assert_eq!(server.handle.stats().refused.get(&Refusal::Panic), Some(&3));
    assert_eq!(well.data().as_deref(), Some("one"));
    assert_eq!(channel.stats().subscribers, 1);
}

#[test]
fn a_stream_ends_when_its_token_expires_between_two_events() {
    let channel = Channel::default();
    let shared = channel.clone();
    let server = Running::start(Server::new(move |request| {
        let events = match request.path() {
            "/channel" => Events::from(live(&shared, request)),
            _ => Events::new(async |mut sink: Sink| {
                loop {
                    sink.send(&Frame::message("tick")).await?;
                    sleep(Duration::from_millis(10)).await;
                }
            }),
        };
        Response::events(events.with_end(sleep(Duration::from_millis(300))))
    }));
    for path in ["/", "/channel"] {
        let mut peer = Peer::subscribe(server.addr, path, None);
        let began = Instant::now();
        let mut blocks = 0;
        while peer.block().is_some() {
            blocks += 1;
        }
        assert!(peer.ended, "{path}: the stream ends properly");
        assert!(blocks > 0 && began.elapsed() >= Duration::from_millis(250), "{path}");
        // The connection can be used again.
        peer.send(format!("HEAD {path} HTTP/1.1\r\nHost: a\r\n\r\n"));
        assert!(peer.head().starts_with("HTTP/1.1 200"));
    }
}

/// Of an event that no socket takes at once.
const LARGE: usize = 8_000_000;

/// A server whose streams end when `expired` is set, and a client for each kind of stream that has
/// read the beginning of a large event and no more.
fn in_flight(expired: &Arc<AtomicBool>) -> (Running, Vec<(&'static str, Peer)>) {
    let expired = expired.clone();
    let channel = Channel::new(History { bytes: 1 << 30, ..History::default() });
    let shared = channel.clone();
    let server = Running::start(Server::new(move |request| {
        let events = match request.path() {
            "/channel" => Events::from(live(&shared, request)),
            "/filtered" => Events::from(live(&shared, request).with_filter(|_| true)),
            _ => Events::new(async |mut sink: Sink| {
                while !sink.is_stopping() {
                    sink.send(&Frame::message(&"x".repeat(LARGE))).await?;
                }
                Ok(())
            }),
        };
        let expired = expired.clone();
        Response::events(events.with_end(async move {
            while !expired.load(Ordering::SeqCst) {
                sleep(Duration::from_millis(5)).await;
            }
        }))
    }));
    let paths = ["/channel", "/filtered", "/stream"];
    let mut peers: Vec<_> =
        paths.iter().map(|&path| (path, Peer::subscribe(server.addr, path, None))).collect();
    eventually("both have joined", || channel.stats().subscribers == 2);
    channel.publish(&Frame::message(&"x".repeat(LARGE)));
    for (_, peer) in &mut peers {
        while peer.buffer.len() < 1000 {
            assert!(peer.fill());
        }
    }
    (server, peers)
}

#[test]
fn a_token_that_expires_tears_no_event() {
    let expired = Arc::new(AtomicBool::new(false));
    let (_server, peers) = in_flight(&expired);
    expired.store(true, Ordering::SeqCst);
    // Long enough that the streams know before their clients read on.
    std::thread::sleep(Duration::from_millis(50));
    for (path, mut peer) in peers {
        assert_eq!(peer.data().map(|data| data.len()), Some(LARGE), "{path}");
        assert_eq!((peer.block(), peer.ended), (None, true), "{path}");
    }
}

#[test]
fn nor_does_a_shutdown() {
    let (server, peers) = in_flight(&Arc::default());
    server.handle.shutdown(Shutdown { deadline: Duration::from_secs(60), ..Shutdown::default() });
    eventually("nobody new is let in", || Peer::try_connect(server.addr).is_none());
    for (path, mut peer) in peers {
        assert_eq!(peer.data().map(|data| data.len()), Some(LARGE), "{path}");
        let farewell = peer.block().unwrap_or_default();
        assert!(field(&farewell, "retry").is_some(), "{path}: {farewell}");
        assert_eq!((peer.block(), peer.ended), (None, true), "{path}");
    }
    futures_lite::future::block_on(server.handle.closed());
    assert_eq!(server.handle.stats().cut, 0);
}
