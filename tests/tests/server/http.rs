//! HTTP/1.1 as the server speaks it with those who speak it: methods, targets, bodies, connections.

use crate::site::{GET, server};
use testkit::raw::status;

#[test]
fn keep_alive_and_pipelining() {
    let server = server();
    let mut peer = server.connect();
    let post = "POST /echo HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\n\r\nhello";
    let chunked =
        "POST /echo HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n0\r\n\r\n";
    peer.send(format!("{GET}{post}{chunked}{GET}"));
    for expected in ["<h1>home</h1>", "hello", "abc", "<h1>home</h1>"] {
        let (head, body) = peer.answer();
        assert_eq!((status(&head), body.as_str()), (200, expected));
    }
    // A stream that ends properly leaves the connection usable as well.
    peer.send(format!("GET /stream HTTP/1.1\r\nHost: a\r\n\r\n{GET}"));
    assert!(peer.head().contains("Transfer-Encoding: chunked"));
    assert_eq!(peer.until("0\r\n\r\n"), "9\r\ndata: x\n\n\r\n0\r\n\r\n");
    assert_eq!(peer.answer().1, "<h1>home</h1>");
    assert_eq!(server.handle.stats().total, 1);
    assert_eq!(peer.read_to_end(), "", "the idle connection is closed");
}

#[test]
fn http_1_0_closes_unless_asked() {
    let server = server();
    let answer = server.exchange("GET / HTTP/1.0\r\n\r\n");
    assert!(
        answer.contains("Connection: close\r\n") && answer.ends_with("<h1>home</h1>"),
        "{answer}"
    );
    let mut peer = server.connect();
    peer.send("GET / HTTP/1.0\r\nConnection: keep-alive\r\n\r\nGET /stream HTTP/1.0\r\nConnection: keep-alive\r\n\r\n");
    assert!(peer.answer().0.contains("Connection: keep-alive\r\n"));
    let stream = peer.read_to_end();
    assert!(!stream.contains("chunked") && stream.contains("Connection: close\r\n"), "{stream}");
    assert!(stream.ends_with("\r\n\r\ndata: x\n\n"), "{stream}");
}

#[test]
fn head_answers_without_a_body() {
    let server = server();
    let mut peer = server.connect();
    for (path, expected) in [
        ("/", "Content-Length: 13"),
        ("/stream", "Transfer-Encoding: chunked"),
        ("/no", "404 Not Found"),
    ] {
        peer.send(format!("HEAD {path} HTTP/1.1\r\nHost: a\r\n\r\n"));
        let head = peer.head();
        assert!(head.contains(expected), "{head}");
        assert!(head.contains("\r\nDate: "), "{head}");
    }
    peer.send(GET);
    assert_eq!(peer.answer().1, "<h1>home</h1>");
}

#[test]
fn methods() {
    let server = server();
    let mut peer = server.connect();
    for (request, code, allow) in [
        ("DELETE /stream", 405, "GET, HEAD, POST, OPTIONS"),
        ("DELETE /", 405, "GET, HEAD, OPTIONS"),
        ("GET /echo", 405, "POST"),
        ("OPTIONS /stream", 204, "GET, HEAD, POST, OPTIONS"),
        ("OPTIONS /", 204, "GET, HEAD, OPTIONS"),
        ("OPTIONS *", 204, "GET, HEAD, POST, PUT, PATCH, DELETE, OPTIONS"),
    ] {
        peer.send(format!("{request} HTTP/1.1\r\nHost: a\r\n\r\n"));
        let (head, body) = peer.answer();
        assert_eq!(status(&head), code, "{request}: {head}");
        assert!(head.contains(&format!("\r\nAllow: {allow}\r\n")), "{request}: {head}");
        assert_eq!(body.contains(&format!("<h1>{code}")), code >= 400, "{request}: {body}");
    }
}

#[test]
fn targets_are_decoded() {
    let server = server();
    let mut peer = server.connect();
    peer.send("GET /path/%C3%A4%20b?q=1+%2B&q=2 HTTP/1.1\r\nHost: a\r\n\r\n");
    assert_eq!(peer.answer().1, "1 +");
    peer.send("GET http://other.example/path/%C3%A4%20b HTTP/1.1\r\nHost: a\r\n\r\n");
    assert_eq!(status(&peer.answer().0), 200);
}

#[test]
fn expect_100_continue() {
    let server = server();
    let mut peer = server.connect();
    let head =
        "POST /echo HTTP/1.1\r\nHost: a\r\nExpect: 100-continue\r\nContent-Length: 2\r\n\r\n";
    peer.send(head);
    assert_eq!(peer.head(), "HTTP/1.1 100 Continue\r\n\r\n");
    peer.send("hi");
    assert_eq!(peer.answer().1, "hi");
    peer.send(format!("{head}hi"));
    assert_eq!(peer.answer().1, "hi", "a body that is there already needs no invitation");
}
