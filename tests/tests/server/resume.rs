//! Law 7: who comes back sees every event after its last event ID once and in order, or is told of a gap
//! before it sees anything later. `seam` has the same under stress.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use crate::server_support::{Running, publish, sequence, serve};
use sse_server::{Channel, Events, Frame, History, Replay, Response, Server};
use testkit::raw::{Peer, field};

/// What the first block says after a Last-Event-ID that the log cannot serve.
fn gap_after(history: History, published: u64, last_event_id: &str) -> (String, Vec<u64>) {
    let channel = Channel::new(history);
    publish(&channel, 1..published + 1);
    let epoch = channel.last_event_id().to_string();
    let epoch = epoch.split('-').next().unwrap();
    let server = serve(&channel, Replay::Live, Events::from);
    let mut peer = Peer::subscribe(server.addr, "/", Some(&last_event_id.replace("EPOCH", epoch)));
    let gap = peer.block().unwrap();
    let mut seen = Vec::new();
    while seen.last() != Some(&published) {
        seen.push(sequence(&peer.event().unwrap()));
    }
    channel.publish(&Frame::message("live"));
    seen.push(sequence(&peer.event().unwrap()));
    (gap, seen)
}

#[test]
fn gaps_are_told_first() {
    let history = History { events: 5, ..History::default() };
    for (id, data) in [
        ("EPOCH-3", r#"{"reason":"evicted","missed":2}"#),
        ("EPOCH-0", r#"{"reason":"evicted","missed":5}"#),
        ("EPOCH-11", r#"{"reason":"beyond-end","missed":null}"#),
        ("EPOCH-99999999999999999999", r#"{"reason":"unknown-id","missed":null}"#),
        ("1-10", r#"{"reason":"other-epoch","missed":null}"#),
        ("hello, world", r#"{"reason":"unknown-id","missed":null}"#),
        ("\u{e9}\u{2603}", r#"{"reason":"unknown-id","missed":null}"#),
    ] {
        let (gap, seen) = gap_after(history.clone(), 10, id);
        assert_eq!(field(&gap, "event"), Some("gap"), "{id}: {gap}");
        assert_eq!(field(&gap, "data"), Some(data), "{id}");
        assert_eq!(sequence(&gap), 5, "{id}: the client's cursor stands before what follows");
        assert_eq!(seen, [6, 7, 8, 9, 10, 11], "{id}: everything held follows");
    }
}

#[test]
fn the_type_of_the_gap_event_can_be_chosen() {
    let history = History { gap_event: "missed".into(), ..History::default() };
    assert_eq!(field(&gap_after(history, 1, "7-7").0, "event"), Some("missed"));
}

#[test]
fn what_can_be_resumed_has_no_gap() {
    let channel = Channel::default();
    publish(&channel, 1..11);
    let epoch = channel.last_event_id().to_string();
    let epoch = epoch.split('-').next().unwrap();
    let server = serve(&channel, Replay::Live, Events::from);
    let back = |after| Peer::subscribe(server.addr, "/", Some(&format!("{epoch}-{after}")));
    let mut peers: Vec<Peer> = (0..=10).map(back).collect();
    publish(&channel, 11..12);
    for (after, peer) in (0..).zip(&mut peers) {
        for number in after + 1..=11 {
            let block = peer.block().unwrap();
            assert_eq!((sequence(&block), field(&block, "event")), (number, None), "after {after}");
        }
    }
}

#[test]
fn a_client_that_left_before_its_first_event_misses_nothing() {
    let channel = Channel::default();
    publish(&channel, 0..3);
    let server = serve(&channel, Replay::Live, Events::from);
    let cursor = Peer::subscribe(server.addr, "/", None).block().unwrap();
    publish(&channel, 3..6);
    let mut peer = Peer::subscribe(server.addr, "/", field(&cursor, "id"));
    assert_eq!(peer.block().map(|block| sequence(&block)), Some(4));
}

#[test]
fn ids_of_the_application_resume_too() {
    let channel = Channel::new(History { events: 3, ..History::default() });
    for name in ["a", "b", "c", "d", "é☃"] {
        channel.publish(&Frame::message(name).with_id(name).unwrap());
    }
    let server = serve(&channel, Replay::Live, Events::from);
    let mut peer = Peer::subscribe(server.addr, "/", Some("d"));
    assert_eq!(peer.block().unwrap(), "id: é☃\ndata: é☃");
    let mut peer = Peer::subscribe(server.addr, "/", Some("é☃"));
    channel.publish(&Frame::message("f").with_id("f").unwrap());
    assert_eq!(peer.block().unwrap(), "id: f\ndata: f");
    let mut peer = Peer::subscribe(server.addr, "/", Some("b"));
    assert_eq!(
        field(&peer.block().unwrap(), "event"),
        Some("gap"),
        "b has been dropped from the log"
    );
}

#[test]
fn a_query_may_stand_in_for_the_header() {
    let channel = Channel::default();
    publish(&channel, 0..5);
    let path = format!("/?last-event-id={}", channel.last_event_id()).replace("-5", "-3");
    let server = Running::start(Server::new(move |request| {
        let id = request.query("last-event-id");
        Response::events(channel.subscribe(id.as_deref(), Replay::Live))
    }));
    assert_eq!(Peer::subscribe(server.addr, &path, None).data().as_deref(), Some("3"));
}

/// Clients that come and go at random moments while events are published without a pause: each
/// event once, in order, across all connections of a client.
#[test]
fn no_seam_between_replay_and_live() {
    let channel = Channel::new(History { events: 1 << 20, bytes: 1 << 30, ..History::default() });
    let publisher = channel.clone();
    let server = serve(&channel, Replay::All, Events::from);
    let addr = server.addr;
    let done = Arc::new(AtomicBool::new(false));
    let clients: Vec<_> = (0..8_usize)
        .map(|client| {
            let done = done.clone();
            std::thread::spawn(move || {
                let (mut next, mut connections, mut last_event_id) = (1, 0, None);
                while next <= 20_000 {
                    let mut peer = Peer::subscribe(addr, "/", last_event_id.as_deref());
                    connections += 1;
                    // Leave after a while; in the end, stay.
                    let stay = if done.load(Ordering::Relaxed) {
                        u64::MAX
                    } else {
                        300 * (client as u64 + 1)
                    };
                    for _ in 0..stay {
                        let block = peer.event().expect("the stream goes on");
                        assert_eq!(
                            sequence(&block),
                            next,
                            "client {client}, connection {connections}"
                        );
                        last_event_id = field(&block, "id").map(str::to_owned);
                        next += 1;
                        if next > 20_000 {
                            break;
                        }
                    }
                }
                connections
            })
        })
        .collect();
    for number in 0..20_000 {
        publisher.publish(&Frame::message(&number.to_string()));
        if number % 50 == 0 {
            std::thread::sleep(Duration::from_millis(1));
        }
    }
    done.store(true, Ordering::Relaxed);
    let connections: Vec<u64> = clients.into_iter().map(|client| client.join().unwrap()).collect();
    assert!(connections.iter().all(|&count| count > 1), "{connections:?}");
}
