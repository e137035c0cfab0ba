//! What a handler and its guard say, as it reaches the client: head fields, and what a panic leaves.

use crate::server_support::Running;
use crate::site::{GET, pages, server};
use sse_server::{Method, Refusal, Request, Response, Server, Sink};
use testkit::raw::status;

#[test]
fn the_handler_may_change_the_head_of_a_stream() {
    let server = Running::start(Server::new(|_| {
        Response::stream(async |mut sink: Sink| sink.send_bytes(b"data\n\n").await)
            .with_header("Content-Type", "text/event-stream;charset=utf-8")
            .without_header("Cache-Control")
            .with_header("X-Accel-Buffering", "yes")
            .with_header("Connection", "close")
    }));
    let answer = server.exchange(GET);
    for expected in [
        "Content-Type: text/event-stream;charset=utf-8\r\n",
        "X-Accel-Buffering: yes\r\n",
        "Connection: close\r\n",
    ] {
        assert_eq!(answer.matches(expected).count(), 1, "{answer}");
    }
    assert!(!answer.contains("Cache-Control"), "{answer}");
    assert!(answer.ends_with("0\r\n\r\n"), "{answer}");
}

#[test]
fn a_header_set_replaces_and_one_added_does_not() {
    let server = Running::start(Server::new(|_| {
        Response::later(async {
            Response::text("{}")
                .with_header("Content-Type", "application/json")
                .with_header("X", "1")
        })
        .with_header("x", "2")
        .with_added_header("Set-Cookie", "a=1")
        .with_added_header("Set-Cookie", "b=2")
        .with_methods(&[Method::Get])
    }));
    let answer = server.home();
    assert!(answer.contains("Content-Type: application/json\r\n"), "{answer}");
    assert_eq!(answer.matches("Content-Type").count(), 1, "{answer}");
    assert!(answer.contains("\r\nx: 2\r\n") && !answer.contains("X: 1"), "{answer}");
    assert!(answer.contains("Set-Cookie: a=1\r\nSet-Cookie: b=2\r\n"), "{answer}");
    let post = server.exchange("POST / HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n");
    assert_eq!(status(&post), 405, "what is set outside `later` counts: {post}");
}

#[test]
fn headers_cannot_be_injected() {
    let cases: [fn() -> Response; 6] = [
        || Response::text("x").with_header("X", "a\r\nSet-Cookie: b"),
        || Response::text("x").with_header("X: a\r\nY", "b"),
        || Response::text("x").with_header("", "b"),
        || Response::text("x").with_header("Content-Length", "5"),
        || Response::text("x").with_header("transfer-encoding", "chunked"),
        || Response::new(99),
    ];
    for case in cases {
        let server = Running::start(Server::new(move |_| case()));
        let answer = server.home();
        assert_eq!(status(&answer), 500, "{answer}");
        assert!(!answer.contains("Set-Cookie"), "{answer}");
        assert_eq!(server.handle.stats().refused.get(&Refusal::Response), Some(&1), "it says why");
    }
}

#[test]
fn what_a_guard_learns_reaches_the_handler() {
    let guard = |request: &Request| match request.header("Authorization") {
        Some(token) => Ok(token.to_owned()),
        None => Err(Response::new(401).with_header("WWW-Authenticate", "Bearer")),
    };
    let server = Server::authorized(guard, |_, token: String| Response::text(token));
    let server = Running::start(server);
    let answer = server.home();
    assert_eq!(status(&answer), 401, "{answer}");
    assert!(answer.contains("\r\nWWW-Authenticate: Bearer\r\n"), "{answer}");
    let mut peer = server.connect();
    peer.send("GET / HTTP/1.1\r\nHost: a\r\nAuthorization: Bearer x\r\n\r\n");
    assert_eq!(peer.answer().1, "Bearer x");
}

#[test]
fn a_panic_is_a_500_and_no_more() {
    let server = server();
    let mut peer = server.connect();
    for path in ["/panic", "/later-panic"] {
        peer.send(format!("GET {path} HTTP/1.1\r\nHost: a\r\n\r\n"));
        assert_eq!(status(&peer.answer().0), 500);
    }
    peer.send("GET /later HTTP/1.1\r\nHost: a\r\n\r\n");
    assert_eq!(peer.answer().1, "later");
}

#[test]
fn a_guard_that_panics_lets_nobody_in() {
    let server = Server::authorized(
        |_| -> Result<(), Response> { panic!("on purpose") },
        |it, ()| pages(it),
    );
    assert_eq!(status(&Running::start(server).home()), 500);
}
