//! Law 8: a client that leaves, or takes nothing any more, is noticed even while nothing is sent.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use crate::server_support::{Running, live};
use socket2::SockRef;
use sse_server::{Channel, Events, Frame, History, Limits, Response, Server, Sink};
use testkit::raw::Peer;
use testkit::wait::eventually;

/// How soon a client that has left must be noticed on loopback. Nothing else would end these streams, which have no
/// heartbeat, sooner than the deadline of a write.
const NOTICED: Duration = Duration::from_secs(10);

/// Counts how often it was dropped.
struct Dropped(Arc<AtomicUsize>);

impl Drop for Dropped {
    fn drop(&mut self) {
        self.0.fetch_add(1, Ordering::SeqCst);
    }
}

/// A server whose streams stay silent for ever, and how many of them have been dropped.
fn silent() -> (Running, Arc<AtomicUsize>) {
    let dropped = Arc::new(AtomicUsize::new(0));
    let counter = dropped.clone();
    let server = Server::new(move |_| {
        let guard = Dropped(counter.clone());
        let events = Events::new(async move |_sink: Sink| {
            let _guard = guard;
            std::future::pending().await
        });
        Response::events(events.with_heartbeat(None))
    });
    (Running::start(server), dropped)
}

#[test]
fn a_closure_is_dropped_when_its_client_leaves() {
    let (server, dropped) = silent();
    let peers: Vec<Peer> = (0..20).map(|_| Peer::subscribe(server.addr, "/", None)).collect();
    assert_eq!(dropped.load(Ordering::SeqCst), 0);
    drop(peers);
    let noticed = eventually("all are dropped", || dropped.load(Ordering::SeqCst) == 20);
    assert!(noticed < NOTICED, "took {noticed:?}");
    eventually("all are closed", || server.handle.stats().open == 0);
}

/// Closes a connection with a reset, as the system does for a process that dies in the middle.
fn reset(peer: Peer) {
    SockRef::from(&peer.stream).set_linger(Some(Duration::ZERO)).unwrap();
}

#[test]
fn a_reset_is_noticed_too() {
    let (server, dropped) = silent();
    let peers: Vec<Peer> = (0..20).map(|_| Peer::subscribe(server.addr, "/", None)).collect();
    assert_eq!(dropped.load(Ordering::SeqCst), 0);
    peers.into_iter().for_each(reset);
    let noticed = eventually("all are dropped", || dropped.load(Ordering::SeqCst) == 20);
    assert!(noticed < NOTICED, "took {noticed:?}");
    eventually("all are closed", || server.handle.stats().open == 0);
}

#[test]
fn subscribers_who_leave_are_noticed_while_nothing_is_published() {
    let channel = Channel::default();
    let shared = channel.clone();
    let server = Running::start(Server::new(move |request| {
        let events = match request.path() {
            "/filtered" => live(&shared, request).with_filter(|_| false),
            _ => live(&shared, request),
        };
        Response::events(Events::from(events).with_heartbeat(None))
    }));
    for (path, leave) in
        [("/", drop as fn(Peer)), ("/filtered", drop), ("/", reset), ("/filtered", reset)]
    {
        let mut peers: Vec<Peer> =
            (0..20).map(|_| Peer::subscribe(server.addr, path, None)).collect();
        for peer in &mut peers {
            peer.block().unwrap();
        }
        assert_eq!(channel.stats().subscribers, 20);
        peers.into_iter().for_each(leave);
        let noticed = eventually("all are noticed", || channel.stats().subscribers == 0);
        assert!(noticed < NOTICED, "{path}: took {noticed:?}");
        eventually("all are closed", || server.handle.stats().open == 0);
    }
}

#[test]
fn an_answer_that_is_being_made_is_dropped_as_well() {
    let dropped = Arc::new(AtomicUsize::new(0));
    let counter = dropped.clone();
    let server = Running::start(Server::new(move |_| {
        let guard = Dropped(counter.clone());
        Response::later(async move {
            let _guard = guard;
            std::future::pending().await
        })
    }));
    let mut peer = server.connect();
    peer.send("GET / HTTP/1.1\r\nHost: a\r\n\r\n");
    eventually("the request is there", || server.handle.stats().requests == 1);
    drop(peer);
    let noticed = eventually("dropped", || dropped.load(Ordering::SeqCst) == 1);
    assert!(noticed < NOTICED, "took {noticed:?}");
}

#[test]
fn a_client_that_takes_nothing_is_cut_at_the_write_deadline() {
    let limits = Limits { write_deadline: Duration::from_millis(300), ..Limits::default() };
    let channel = Channel::new(History { bytes: 1 << 30, ..History::default() });
    let shared = channel.clone();
    let server = Running::start(
        Server::new(move |request| match request.path() {
            "/channel" => Response::events(live(&shared, request)),
            _ => Response::stream(async |mut sink: Sink| {
                let large = "x".repeat(1_000_000);
                loop {
                    sink.send(&Frame::message(&large)).await?;
                }
            }),
        })
        .limits(limits),
    );
    let stalled =
        [Peer::subscribe(server.addr, "/", None), Peer::subscribe(server.addr, "/channel", None)];
    let large = "x".repeat(1_000_000);
    for _ in 0..50 {
        channel.publish(&Frame::message(&large));
    }
    let took = eventually("both are cut", || server.handle.stats().open == 0);
    assert!(took < Duration::from_secs(5), "took {took:?}");
    drop(stalled);
}
