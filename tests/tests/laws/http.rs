//! Laws of the connection: what a response or a request means does not depend on how it is cut,
//! and the body of a response is the event stream whatever its framing.

use tests::exchange::{check_body, check_request, check_response, server};
use tests::streams::{Random, stream};

/// Heads, their parts, and what could be taken for either.
const PIECES: [&str; 30] = [
    "HTTP/1.1 200 OK\r\n",
    "HTTP/1.0 200\n",
    "HTTP/1.1 204 No Content\r\n",
    "HTTP/1.1 100 Continue\r\n\r\n",
    "HTTP/1.1 301 Moved\r\nLocation: /\r\n",
    "HTTP/2 200\r\n",
    "GET / HTTP/1.1\r\n",
    "POST /a%20b?x HTTP/1.1\r\n",
    "HEAD * HTTP/1.0\r\n",
    "OPTIONS * HTTP/1.1\r\n",
    "BREW / HTTP/1.1\r\n",
    "Host: a\r\n",
    "host:\n",
    "Content-Type: text/event-stream\r\n",
    "Content-Type: text/html\r\n",
    "Content-Length: 3\r\n",
    "Content-Length: -1\r\n",
    "Transfer-Encoding: chunked\r\n",
    "Transfer-Encoding: gzip\r\n",
    "Connection: close\r\n",
    "Connection: keep-alive\r\n",
    "Expect: 100-continue\r\n",
    "\r\n",
    "\n",
    "5\r\ndata:\r\n",
    "2;x\r\n\n\n\r\n",
    "0\r\n\r\n",
    "FFFFFFFFFFFFFFFFF\r\n",
    "\0",
    "data: a\n\n",
];

/// Pieces in an order that often makes a head and sometimes does not.
fn message(random: &mut Random) -> Vec<u8> {
    let mut bytes = Vec::new();
    for _ in 0..random.below(3) {
        bytes.extend_from_slice(PIECES[random.below(11)].as_bytes());
        for _ in 0..random.below(5) {
            bytes.extend_from_slice(PIECES[11 + random.below(11)].as_bytes());
        }
        bytes.extend_from_slice(b"\r\n");
        for _ in 0..random.below(4) {
            bytes.extend_from_slice(random.pick(&PIECES).as_bytes());
        }
    }
    bytes
}

#[test]
fn a_response_means_the_same_however_it_is_cut() {
    let mut random = Random::new(8);
    let mut opened = 0;
    for _ in 0..10_000 {
        let bytes = message(&mut random);
        opened += usize::from(check_response(&bytes, &mut random));
    }
    assert!((100..9_900).contains(&opened), "{opened} of 10,000 are event streams");
}

#[test]
fn a_request_is_answered_the_same_however_it_is_cut() {
    let (mut random, server) = (Random::new(9), server());
    let mut handled = 0;
    for _ in 0..10_000 {
        let bytes = message(&mut random);
        handled += usize::from(check_request(&server, &bytes, &mut random));
    }
    assert!((100..9_900).contains(&handled), "{handled} of 10,000 reach the handler");
}

#[test]
fn a_body_is_the_event_stream_whatever_its_framing() {
    let mut random = Random::new(10);
    for _ in 0..10_000 {
        let bytes = stream(&mut random);
        check_body(&bytes, &mut random);
    }
}
