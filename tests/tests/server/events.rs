//! The choices about an event stream: heartbeats that a page can see, a first byte, and what a
//! finished stream leaves behind.

use std::time::Duration;

use crate::server_support::{Running, live};
use sse_server::{Channel, Events, Frame, Request, Response, Server, Sink};
use testkit::raw::{Peer, field};
use testkit::wait::eventually;

/// A server whose streams of every kind go through `choose`.
fn serve(channel: &Channel, choose: impl Fn(Events) -> Events + Send + Sync + 'static) -> Running {
    let channel = channel.clone();
    Running::start(Server::new(move |request: &Request| {
        Response::events(choose(match request.path() {
            "/channel" => live(&channel, request).into(),
            "/filtered" => live(&channel, request).with_filter(|_| false).into(),
            "/block" => Events::new(async |mut sink: Sink| {
                sink.send_bytes(b"event: torn\n").await?;
                std::future::pending().await
            }),
            _ => Events::new(async |_: Sink| std::future::pending().await),
        }))
    }))
}

#[test]
fn a_heartbeat_that_a_page_can_see() {
    let channel = Channel::default();
    let server = serve(&channel, |events| {
        let ping = Frame::message("").with_event_type("ping").unwrap();
        events.with_heartbeat(Duration::from_millis(40)).with_heartbeat_event(&ping)
    });
    for path in ["/channel", "/filtered", "/stream"] {
        let mut peer = Peer::subscribe(server.addr, path, None);
        if path != "/stream" {
            peer.block().expect("its position");
        }
        for _ in 0..3 {
            assert_eq!(peer.block().as_deref(), Some("event: ping\ndata:"), "{path}");
        }
    }
    // Over HTTP/1.0 it is the connection's own task that sends them.
    let mut old = server.connect();
    old.send("GET /channel HTTP/1.0\r\n\r\n");
    old.head();
    old.block().expect("its position");
    assert_eq!(old.block().as_deref(), Some("event: ping\ndata:"));
    // Inside a block there is no place for an event, only for a comment.
    let mut torn = Peer::subscribe(server.addr, "/block", None);
    assert_eq!(torn.until(":\n\r\n"), "c\r\nevent: torn\n\r\n2\r\n:\n\r\n");
}

#[test]
fn it_tells_a_filtered_client_where_it_stands() {
    let channel = Channel::default();
    let server = serve(&channel, |events| {
        let ping = Frame::message("").with_event_type("ping").unwrap();
        events.with_heartbeat(Duration::from_millis(100)).with_heartbeat_event(&ping)
    });
    let mut peer = Peer::subscribe(server.addr, "/filtered", None);
    peer.block().expect("its position");
    let id = channel.publish(&Frame::message("unwanted"));
    // One may come before it was published.
    let blocks = [peer.block().unwrap(), peer.block().unwrap()];
    let cursor = blocks.iter().find(|block| field(block, "id").is_some());
    assert_eq!(cursor, Some(&format!("id: {id}")), "{blocks:?}");
}

#[test]
fn heartbeats_of_different_kinds_do_not_mix() {
    let channel = Channel::default();
    let shared = channel.clone();
    let server = Running::start(Server::new(move |request: &Request| {
        let events = Events::from(live(&shared, request)).with_heartbeat(Duration::from_millis(40));
        Response::events(match request.path() {
            "/comment" => events,
            path => {
                let event = Frame::message("").with_event_type(&path[1..]).unwrap();
                events.with_heartbeat_event(&event)
            }
        })
    }));
    let mut peers: Vec<_> = ["/comment", "/a", "/b"]
        .iter()
        .map(|path| (path, Peer::subscribe(server.addr, path, None)))
        .collect();
    for (path, peer) in &mut peers {
        peer.block().expect("its position");
        let expected = match &path[1..] {
            "comment" => ":".to_owned(),
            name => format!("event: {name}\ndata:"),
        };
        assert_eq!(peer.block(), Some(expected));
    }
}

#[test]
fn a_first_byte_comes_at_once_if_it_is_asked_for() {
    let server = serve(&Channel::default(), |events| events.with_heartbeat(None).with_first_byte());
    let mut peer = Peer::subscribe(server.addr, "/stream", None);
    assert_eq!(peer.block().as_deref(), Some(":"));
    let server = serve(&Channel::default(), |events| events.with_heartbeat(None));
    let mut peer = Peer::subscribe(server.addr, "/stream", None);
    let patience = Some(Duration::from_millis(200));
    peer.stream.set_read_timeout(patience).unwrap();
    assert!(std::io::Read::read(&mut peer.stream, &mut [0]).is_err(), "nothing comes unasked");
}

#[test]
fn a_finished_stream_leaves_the_connection_open_unless_it_says_otherwise() {
    let server = Running::start(Server::new(|request| {
        let stream =
            Response::stream(async |mut sink: Sink| sink.send(&Frame::message("all")).await);
        match request.path() {
            "/closing" => stream.with_header("Connection", "close"),
            _ => stream,
        }
    }));
    let answer = server.exchange("GET /closing HTTP/1.1\r\nHost: a\r\n\r\n");
    assert!(answer.contains("\r\nConnection: close\r\n") && answer.ends_with("\r\n0\r\n\r\n"));
    let mut peer = Peer::subscribe(server.addr, "/", None);
    assert_eq!((peer.data().as_deref(), peer.block(), peer.ended), (Some("all"), None, true));
    peer.send("HEAD / HTTP/1.1\r\nHost: a\r\n\r\n");
    assert!(peer.head().starts_with("HTTP/1.1 200"));
    drop(peer);
    eventually("it is closed", || server.handle.stats().open == 0);
}
