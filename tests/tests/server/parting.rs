//! How a connection ends on which the client is still sending: the answer reaches it all the same, and
//! the server waits for it no longer than it said it would. RFC 9112, 9.6: a socket that is closed with
//! unread bytes is reset, and a client that is still sending then loses the answer.

use std::io::{Read as _, Write as _};
use std::time::{Duration, Instant};

use crate::server_support::Running;
use sse_server::{Limits, Request, Response, Server};
use testkit::raw::{Peer, status};
use testkit::wait::PATIENCE;
use testkit::wait::eventually;

/// What a request may have here; less than the server takes from a client that it refused.
const BODY: usize = 100_000;

fn server(connections: usize) -> Running {
    let guard = |request: &Request| match request.path() {
        "/secret" => Err(Response::new(401)),
        _ => Ok(()),
    };
    let server = Server::authorized(guard, |_, ()| Response::text("hello")).limits(Limits {
        body_bytes: BODY,
        connections,
        ..Limits::default()
    });
    Running::start(server)
}

/// Sends the head of a request, waits for the answer to begin, and sends the body only then; the answer.
fn answer_while_sending(server: &Running, head: &str) -> String {
    let mut peer = server.connect();
    peer.send(head);
    peer.stream.peek(&mut [0]).expect("an answer begins");
    for _ in 0..10 {
        // The first piece that meets a closed socket has the second one fail.
        peer.send([b'x'; BODY / 10]);
        std::thread::sleep(Duration::from_millis(2));
    }
    let mut answer = String::new();
    peer.stream.read_to_string(&mut answer).expect("an end, and no reset");
    answer
}

#[test]
fn a_refusal_reaches_a_client_that_is_still_sending() {
    let server = server(100);
    let with_length = |line: &str, length: usize| {
        format!("{line} HTTP/1.1\r\nHost: a\r\nContent-Length: {length}\r\n\r\n")
    };
    let chunked = "POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\nnonsense\r\n";
    for (head, expected) in [
        (with_length("POST /", BODY + 1), 413),
        (with_length("POST /secret", BODY), 401),
        (with_length("BREW /", BODY), 501),
        (chunked.to_owned(), 400),
    ] {
        let answer = answer_while_sending(&server, &head);
        assert_eq!(status(&answer), expected, "{answer}");
        assert!(answer.contains("\r\nConnection: close\r\n"), "{answer}");
        assert!(answer.ends_with("</html>\n"), "{answer}");
    }
}

#[test]
fn so_does_the_word_that_there_is_no_room() {
    let server = server(1);
    let _held = server.connect();
    eventually("the place is taken", || server.handle.stats().open == 1);
    let head = format!("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: {BODY}\r\n\r\n");
    let answer = answer_while_sending(&server, &head);
    assert_eq!(status(&answer), 503, "{answer}");
    assert!(answer.contains("\r\nRetry-After: "), "{answer}");
}

#[test]
fn the_end_of_the_answer_is_told_before_the_server_leaves() {
    let server = server(100);
    let told_first = || {
        let mut peer = server.connect();
        peer.send("nonsense\r\n\r\n");
        let mut answer = String::new();
        peer.stream.read_to_string(&mut answer).expect("an end");
        assert_eq!(status(&answer), 400);
        // A server that leaves takes a moment to count the connection out.
        std::thread::sleep(Duration::from_millis(100));
        let waits = server.handle.stats().open == 1;
        eventually("who neither sends nor closes is parted from", || {
            server.handle.stats().open == 0
        });
        waits
    };
    // A machine that is busy for as long as the server waits would hide it once, not each time.
    assert!((0..3).any(|_| told_first()), "the end came with the server's leaving");
}

#[test]
fn who_sends_for_ever_is_cut() {
    let server = server(100);
    let mut peer = server.connect();
    peer.send(format!("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: {}\r\n\r\n", u64::MAX));
    let began = Instant::now();
    while peer.stream.write_all(&[b'x'; 10_000]).is_ok() {
        assert!(began.elapsed() < PATIENCE, "the server takes all of it");
    }
    eventually("the connection is given back", || server.handle.stats().open == 0);
    let mut next = Peer::connect(server.addr);
    next.send("GET / HTTP/1.1\r\nHost: a\r\n\r\n");
    assert_eq!(next.answer().1, "hello");
}
