//! How much the server takes, and how many: up to its limits, and without any.

use std::time::Duration;

use crate::server_support::{Running, live};
use crate::site::{GET, pages};
use sse_server::{Channel, Frame, Limits, Response, Server};
use testkit::raw::{Peer, status};
use testkit::wait::eventually;

#[test]
fn without_any_limit() {
    let max = Duration::MAX;
    let limits = Limits {
        head_bytes: usize::MAX,
        headers: usize::MAX,
        body_bytes: usize::MAX,
        head_deadline: max,
        body_deadline: max,
        write_deadline: max,
        keep_alive: max,
        connections: usize::MAX,
        connections_per_address: usize::MAX,
        unsent_bytes: u32::MAX,
    };
    let server = Running::start(Server::new(pages).limits(limits));
    let mut peer = server.connect();
    for body in
        ["Content-Length: 2\r\n\r\nhi", "Transfer-Encoding: chunked\r\n\r\n2\r\nhi\r\n0\r\n\r\n"]
    {
        peer.send(format!("POST /echo HTTP/1.1\r\nHost: a\r\n{body}"));
        assert_eq!(peer.answer().1, "hi");
    }
    let length = u64::MAX;
    peer.send(format!("POST /echo HTTP/1.1\r\nHost: a\r\nContent-Length: {length}\r\n\r\nhi"));
    drop(peer);
    eventually("it is given back", || server.handle.stats().open == 0);
}

#[test]
fn at_capacity_newcomers_are_told_to_wait_and_nobody_is_thrown_out() {
    let channel = Channel::default();
    let publisher = channel.clone();
    let limits = Limits { connections: 3, ..Limits::default() };
    let server = Running::start(
        Server::new(move |request| Response::events(live(&channel, request))).limits(limits),
    );
    let mut held: Vec<Peer> = (0..3).map(|_| Peer::subscribe(server.addr, "/", None)).collect();
    for _ in 0..5 {
        let answer = server.exchange(GET);
        assert_eq!(status(&answer), 503, "{answer}");
        assert!(answer.contains("\r\nRetry-After: "), "{answer}");
    }
    publisher.publish(&Frame::message("still here"));
    for peer in &mut held {
        assert_eq!(peer.data().as_deref(), Some("still here"));
    }
    drop(held.pop());
    eventually("the place is free again", || server.handle.stats().open == 2);
    Peer::subscribe(server.addr, "/", None);
}

#[test]
fn one_address_cannot_take_all_places() {
    let limits = Limits { connections_per_address: 2, ..Limits::default() };
    let server = Running::start(Server::new(pages).limits(limits));
    let mut held: Vec<Peer> = (0..2).map(|_| server.connect()).collect();
    eventually("both are in", || server.handle.stats().open == 2);
    let answer = server.exchange(GET);
    assert_eq!(status(&answer), 503, "{answer}");
    assert!(answer.contains("\r\nRetry-After: "), "{answer}");
    for peer in &mut held {
        peer.send(GET);
        assert_eq!(peer.answer().1, "<h1>home</h1>", "nobody is thrown out");
    }
    drop(held);
    eventually("both are out", || server.handle.stats().open == 0);
    assert_eq!(status(&server.home()), 200);
}
