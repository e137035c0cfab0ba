//! What is no request, and what looks like none and is one: each line with the section that says so.

use std::net::Shutdown;

use crate::server_support::{Running, live};
use sse_server::{Channel, Frame, Request, Response, Server};
use testkit::raw::{Peer, status};
use testkit::wait::eventually;

/// Says what it was asked.
fn echo(request: &Request) -> Response {
    let host = request.header("host").unwrap_or_default().to_owned();
    let body = String::from_utf8_lossy(request.body()).into_owned();
    Response::text(format!("{} {host}{} {body}", request.method(), request.path()))
}

/// The statuses of the answers to `requests` on one connection, up to its end, and the last body.
fn answers(requests: &str) -> (Vec<u16>, String) {
    let server = Running::start(Server::new(echo));
    let mut peer = server.connect();
    peer.send(requests);
    peer.stream.shutdown(Shutdown::Write).unwrap();
    let (mut statuses, mut last) = (Vec::new(), String::new());
    while let Some(head) = peer.try_head_and_body() {
        statuses.push(status(&head.0));
        last = head.1;
    }
    (statuses, last)
}

trait Answers {
    fn try_head_and_body(&mut self) -> Option<(String, String)>;
}

impl Answers for Peer {
    fn try_head_and_body(&mut self) -> Option<(String, String)> {
        if self.buffer.is_empty() && !self.fill() {
            return None;
        }
        Some(self.answer())
    }
}

#[test]
fn refused_with_400() {
    let next = "GET /next HTTP/1.1\r\nHost: a\r\n\r\n";
    let chunked = "POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n";
    for (request, section) in [
        ("GET / HTTP/1.1\r\nHost: a:x\r\n\r\n".to_owned(), "RFC 9110, 7.2: port = *DIGIT"),
        ("GET / HTTP/1.1\r\nHost: a:99999\r\n\r\n".to_owned(), "RFC 9110, 7.2"),
        ("GET / HTTP/1.1\r\nHost: a:b:c\r\n\r\n".to_owned(), "RFC 9110, 7.2"),
        ("GET http:// HTTP/1.1\r\nHost: a\r\n\r\n".to_owned(), "RFC 9110, 4.2.1: MUST reject"),
        ("GET http:///x HTTP/1.1\r\nHost: a\r\n\r\n".to_owned(), "RFC 9110, 4.2.1"),
        ("GET /a b HTTP/1.1\r\nHost: a\r\n\r\n".to_owned(), "RFC 9112, 3: SHOULD respond with 400"),
        (format!("{chunked}0\r\n\n{next}"), "RFC 9112, 7.1.2: a trailer line ends with CRLF"),
        (format!("{chunked}0\r\nno colon\r\n\r\n{next}"), "RFC 9112, 7.1.2 and 5"),
        (format!("{chunked}0\r\na: b\n\r\n{next}"), "RFC 9112, 7.1.2"),
        (format!("{chunked}0\r\na: b\0\r\n\r\n{next}"), "RFC 9110, 5.5: NUL is invalid"),
        (format!("{chunked}0\r\na: b\r\n folded\r\n\r\n{next}"), "RFC 9112, 5.2: obs-fold"),
        (format!("{chunked}0\r\na : b\r\n\r\n{next}"), "RFC 9112, 5.1: no space before the colon"),
    ] {
        let (statuses, _) = answers(&request);
        assert_eq!(statuses, [400], "{section}: {}", request.escape_default());
    }
}

#[test]
fn refused_with_417() {
    // "A server that receives an Expect field value containing a member other than 100-continue MAY
    // respond with a 417" (RFC 9110, 10.1.1)
    for expect in ["Expect: 100-continue\r\nExpect: tea", "Expect: 100-continue, tea"] {
        let request = format!("GET / HTTP/1.1\r\nHost: a\r\n{expect}\r\n\r\n");
        assert_eq!(answers(&request).0, [417], "{expect}");
    }
}

#[test]
fn passed_on() {
    for (request, expected, section) in [
        // "If this is a request message and none of the above are true, then the message body length
        // is zero": `curl -X POST`.
        ("POST / HTTP/1.1\r\nHost: a\r\n\r\n", "POST a/ ", "RFC 9112, 6.3"),
        ("PUT / HTTP/1.0\r\n\r\n", "PUT / ", "RFC 9112, 6.3"),
        // The target's authority counts, and not the header.
        ("GET http://b:81/x HTTP/1.1\r\nHost: a\r\n\r\n", "GET b:81/x ", "RFC 9112, 3.2.2"),
        ("GET / HTTP/1.1\r\nHost: [::1]:8080\r\n\r\n", "GET [::1]:8080/ ", "RFC 9110, 7.2"),
        ("GET / HTTP/1.1\r\nHost: a:\r\n\r\n", "GET a:/ ", "RFC 3986, 3.2.3: an empty port"),
        ("GET / HTTP/1.1\r\nHost:\r\n\r\n", "GET / ", "RFC 9112, 3.2: no authority"),
        // Trailers that are headers are read, and ignored.
        (
            "POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n1\r\nx\r\n0\r\nA: b\r\n\r\n",
            "POST a/ x",
            "RFC 9112, 7.1.2",
        ),
    ] {
        let (statuses, body) = answers(request);
        assert_eq!((statuses, body.as_str()), (vec![200], expected), "{section}");
    }
}

/// RFC 9110, 9.3.7: "a 'ping' or 'no-op' type of method"; no handler has a path for it.
#[test]
fn options_for_the_server_as_a_whole() {
    let server = Running::start(Server::new(|request| panic!("asked for {}", request.path())));
    let answer = server.exchange("OPTIONS * HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n");
    assert_eq!(status(&answer), 204, "{answer}");
    assert!(answer.contains("\r\nAllow: GET, HEAD, POST"), "{answer}");
}

#[test]
fn a_client_that_closes_its_half_counts_as_gone_unless_the_server_is_told_otherwise() {
    for stays in [false, true] {
        let channel = Channel::default();
        let shared = channel.clone();
        let server = Server::new(move |request| Response::events(live(&shared, request)));
        let server = Running::start(server.serve_half_closed(stays));
        let mut peer = Peer::subscribe(server.addr, "/", None);
        peer.block().unwrap();
        peer.stream.shutdown(Shutdown::Write).unwrap();
        if stays {
            // Long enough to be noticed, if it were.
            std::thread::sleep(std::time::Duration::from_millis(100));
            channel.publish(&Frame::message("still here"));
            assert_eq!(peer.data().as_deref(), Some("still here"));
            drop(peer);
            // One that leaves is noticed by what is sent to it: the second write at the latest.
            eventually("it is noticed", || {
                channel.publish(&Frame::message("anybody?"));
                channel.stats().subscribers == 0
            });
        } else {
            eventually("it is gone", || channel.stats().subscribers == 0);
            assert_eq!((peer.block(), peer.ended), (None, false));
        }
    }
}
