//! A channel on its way to clients: every event, in order, to each of them.

use std::time::Duration;

use crate::server_support::{Running, live, publish, serve};
use sse_server::{Channel, Events, Frame, History, Replay, Response, Server, Shutdown};
use testkit::raw::{Peer, field};
use testkit::wait::eventually;

#[test]
fn live_events_arrive_in_order_with_ids() {
    let channel = Channel::default();
    let server = serve(&channel, Replay::Live, Events::from);
    let mut peer = Peer::subscribe(server.addr, "/", None);
    let first = peer.block().unwrap();
    assert_eq!(first, format!("id: {}", channel.last_event_id()), "the position comes first");
    let typed = Frame::message("two\nlines").with_event_type("greeting").unwrap();
    let id = channel.publish(&typed);
    assert_eq!(peer.block().unwrap(), format!("event: greeting\nid: {id}\ndata: two\ndata: lines"));
    publish(&channel, 0..1000);
    for number in 0..1000 {
        assert_eq!(peer.data().unwrap(), number.to_string());
    }
    eventually("counted", || channel.stats().delivered == 1001);
}

#[test]
fn several_threads_deliver_the_same() {
    let channel = Channel::new(History { events: 1 << 20, bytes: 1 << 30, ..History::default() });
    let publisher = channel.clone();
    let server = Running::start(
        Server::new(move |request| Response::events(live(&channel, request))).threads(3),
    );
    let mut peers: Vec<Peer> = (0..30).map(|_| Peer::subscribe(server.addr, "/", None)).collect();
    publish(&publisher, 0..2000);
    for peer in &mut peers {
        for number in 0..2000 {
            assert_eq!(peer.data().unwrap(), number.to_string());
        }
    }
}

#[test]
fn late_joiners_may_ask_for_the_past() {
    let channel = Channel::default();
    publish(&channel, 0..10);
    for (replay, expected) in [(Replay::Last(2), "8"), (Replay::All, "0"), (Replay::Last(99), "0")]
    {
        let server = serve(&channel, replay, Events::from);
        assert_eq!(Peer::subscribe(server.addr, "/", None).data().as_deref(), Some(expected));
    }
}

#[test]
fn http_1_0_gets_the_events_without_chunks() {
    let channel = Channel::default();
    publish(&channel, 0..3);
    let server = serve(&channel, Replay::All, Events::from);
    let mut peer = server.connect();
    peer.send("GET / HTTP/1.0\r\n\r\n");
    peer.head();
    for number in 0..3 {
        assert_eq!(peer.data().unwrap(), number.to_string());
    }
    publish(&channel, 3..4);
    assert_eq!(peer.data().unwrap(), "3");
}

#[test]
fn a_new_server_with_the_same_channel_loses_nothing() {
    let channel = Channel::default();
    let mut server = serve(&channel, Replay::Live, Events::from);
    let addr = server.addr;
    let mut peer = Peer::subscribe(addr, "/", None);
    peer.block().unwrap();
    publish(&channel, 0..2);
    assert_eq!(peer.data().unwrap(), "0");
    let last = peer.event().unwrap();
    server.stop(Shutdown { deadline: Duration::ZERO, ..Shutdown::default() });
    publish(&channel, 2..4);
    let other = channel.clone();
    let _server = Running::start_on(
        Server::new(move |request| Response::events(live(&other, request))),
        addr,
    );
    let mut peer = Peer::subscribe(addr, "/", field(&last, "id"));
    publish(&channel, 4..6);
    for number in 2..6 {
        assert_eq!(peer.data().unwrap(), number.to_string());
    }
}

#[test]
fn a_closed_channel_ends_its_streams_properly() {
    let channel = Channel::default();
    let held = std::sync::Mutex::new(Some(channel.clone()));
    let server = Running::start(Server::new(move |request| match held.lock().unwrap().take() {
        Some(channel) => Response::events(live(&channel, request)),
        None => Response::new(204),
    }));
    let mut peer = Peer::subscribe(server.addr, "/", None);
    publish(&channel, 0..3);
    drop(channel);
    for number in 0..3 {
        assert_eq!(peer.data().unwrap(), number.to_string());
    }
    assert_eq!((peer.block(), peer.ended), (None, true));
    peer.send("GET / HTTP/1.1\r\nHost: a\r\n\r\n");
    assert!(peer.head().starts_with("HTTP/1.1 204"));
}

#[test]
fn publishing_needs_no_subscribers_and_never_waits() {
    let channel = Channel::new(History { events: 10, ..History::default() });
    publish(&channel, 0..100_000);
    let stats = channel.stats();
    assert_eq!((stats.published, stats.held_events, stats.subscribers), (100_000, 10, 0));
}

#[test]
fn subscribers_are_counted() {
    let channel = Channel::default();
    let server = serve(&channel, Replay::Live, Events::from);
    let mut peers: Vec<Peer> = (0..10).map(|_| Peer::subscribe(server.addr, "/", None)).collect();
    for peer in &mut peers {
        peer.block().unwrap();
    }
    assert_eq!(channel.stats().subscribers, 10);
    peers.truncate(3);
    eventually("the others are noticed", || channel.stats().subscribers == 3);
}
