//! A channel in Redis behind the server, as the README of sse-redis shows it.

use std::time::Duration;

use crate::server_support::Running;
use futures_lite::future::block_on;
use sse_redis::{Frame, Hub, Options, Replay};
use sse_server::{Events, Request, Response, Server};
use testkit::port;
use testkit::raw::Peer;
use testkit::wait::eventually;
use tests::redis::{Node, Redis, Wire};

/// The lines of the README, with a heartbeat that a test need not wait for.
fn serve(hub: Hub) -> Running {
    Running::start(Server::new(move |request: &Request| {
        let (room, id) = (hub.channel("room:1"), request.last_event_id().map(str::to_owned));
        Response::later(async move {
            match room.subscribe(id.as_deref(), Replay::Live).await {
                Ok(events) => {
                    let beat = Frame::message("").with_event_type("beat").expect("a type");
                    let events = Events::from(events).with_heartbeat(Duration::from_millis(100));
                    Response::events(events.with_heartbeat_event(&beat))
                }
                Err(error) => {
                    Response::new(503).with_header("Retry-After", "5").with_body(error.to_string())
                }
            }
        })
    }))
}

#[test]
fn heartbeats_go_on_while_redis_is_cut_off() {
    let redis = Redis::start(&[]);
    let wire = Wire::to(redis.port());
    let node = Node::start(&wire.url(), Options::default());
    let server = serve(node.hub.clone());
    let mut client = Peer::subscribe(server.addr, "/", None);
    wire.cut();
    eventually("it is noticed", || node.hub.stats().losses > 0);
    (0..5).for_each(|_| drop(client.until("event: beat")));
    redis.cli(&["XADD", "room:1", "*", "data", "meanwhile"]);
    wire.heal();
    let until = client.until("data: meanwhile");
    assert!(!until.contains("event: gap"), "{until}");
}

#[test]
fn without_redis_the_answer_says_when_to_come_back() {
    let url = format!("redis://{}/", port::free());
    let open_timeout = Duration::from_millis(300);
    let node = Node::start(&url, Options { open_timeout, ..Options::default() });
    let server = serve(node.hub.clone());
    let mut client = Peer::connect(server.addr);
    client.send("GET / HTTP/1.1\r\nHost: a\r\n\r\n");
    let (head, body) = client.answer();
    assert!(head.starts_with("HTTP/1.1 503 ") && head.contains("Retry-After: 5\r\n"), "{head}");
    assert!(body.contains("Redis cannot be reached"), "{body}");
    assert!(block_on(node.hub.channel("a").publish(&Frame::message(""))).is_err());
}
