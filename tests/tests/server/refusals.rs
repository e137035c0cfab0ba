//! Every malformed request gets its status or a close within a stated time, and the next client is served all
//! the same.

use std::time::{Duration, Instant};

use crate::server_support::Running;
use crate::site::{GET, pages, server};
use sse_server::Server;
use testkit::raw::{Peer, status};
use testkit::wait::eventually;

/// Sends `request` and expects `expected`, a closed connection, and a server that still answers.
fn refused(request: impl AsRef<[u8]>, expected: u16) {
    let server = server();
    let began = Instant::now();
    let answer = server.exchange(request);
    assert_eq!(status(&answer), expected, "{answer}");
    assert!(answer.contains("\r\nConnection: close\r\n"), "{answer}");
    assert!(answer.contains(&format!("<h1>{expected} ")), "{answer}");
    assert!(began.elapsed() < Duration::from_secs(5), "took {:?}", began.elapsed());
    let refused: u64 = server.handle.stats().refused.values().sum();
    assert_eq!(refused, 1);
    assert_eq!(status(&server.home()), 200);
    eventually("the connection is given back", || server.handle.stats().open == 0);
}

#[test]
fn no_newline_then_silence() {
    refused("GET / HTTP/1.1", 408);
}

#[test]
fn half_a_head_then_silence() {
    refused("GET / HTTP/1.1\r\nHost: a\r\nX-Half", 408);
}

#[test]
fn header_of_64_kib() {
    refused(format!("GET / HTTP/1.1\r\nHost: a\r\nX: {}\r\n\r\n", "x".repeat(65536)), 431);
}

#[test]
fn request_line_of_64_kib() {
    refused(format!("GET /{} HTTP/1.1\r\nHost: a\r\n\r\n", "x".repeat(65536)), 414);
}

#[test]
fn a_head_that_never_ends_is_refused_when_it_is_too_large_not_when_it_is_late() {
    let server = Running::start(Server::new(pages));
    for (begin, expected) in [("GET /", 414), ("GET / HTTP/1.1\r\nHost: a\r\nX: ", 431)] {
        let mut peer = server.connect();
        peer.send(format!("{begin}{}", "x".repeat(20_000)));
        let head = peer.head();
        assert_eq!(status(&head), expected, "{head}");
    }
}

#[test]
fn two_thousand_headers() {
    refused(format!("GET / HTTP/1.1\r\nHost: a\r\n{}\r\n", "a:b\r\n".repeat(2000)), 431);
}

#[test]
fn bad_method() {
    refused("G@T / HTTP/1.1\r\nHost: a\r\n\r\n", 400);
}

#[test]
fn unknown_method() {
    refused("BREW / HTTP/1.1\r\nHost: a\r\n\r\n", 501);
}

#[test]
fn binary_junk() {
    refused([0x16, 3, 1, 2, 0, 1, 0, 1, 0xfc, 3, 3, 0xff, 0, 0x80], 400);
}

#[test]
fn http_0_9() {
    refused("GET /\r\n\r\n", 400);
}

#[test]
fn http_2_preface() {
    refused("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", 505);
}

#[test]
fn missing_host() {
    refused("GET / HTTP/1.1\r\n\r\n", 400);
}

#[test]
fn two_hosts() {
    refused("GET / HTTP/1.1\r\nHost: a\r\nHost: b\r\n\r\n", 400);
}

#[test]
fn two_lengths() {
    refused(
        "POST /echo HTTP/1.1\r\nHost: a\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\nab",
        400,
    );
}

#[test]
fn length_and_chunked() {
    let head =
        "POST /echo HTTP/1.1\r\nHost: a\r\nContent-Length: 4\r\nTransfer-Encoding: chunked\r\n\r\n";
    refused(format!("{head}0\r\n\r\n"), 400);
}

#[test]
fn unknown_transfer_coding() {
    refused("POST /echo HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: gzip\r\n\r\n", 501);
}

#[test]
fn body_too_large() {
    refused(
        format!(
            "POST /echo HTTP/1.1\r\nHost: a\r\nContent-Length: 1001\r\n\r\n{}",
            "x".repeat(1001)
        ),
        413,
    );
}

#[test]
fn chunked_body_too_large() {
    let head = "POST /echo HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n";
    refused(format!("{head}{}", format!("1f4\r\n{}\r\n", "x".repeat(500)).repeat(3)), 413);
}

#[test]
fn chunked_body_that_is_not() {
    refused("POST /echo HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\nhello\r\n", 400);
}

#[test]
fn body_that_never_comes() {
    refused("POST /echo HTTP/1.1\r\nHost: a\r\nContent-Length: 10\r\n\r\nabc", 408);
}

#[test]
fn unknown_expectation() {
    refused("GET / HTTP/1.1\r\nHost: a\r\nExpect: tea\r\n\r\n", 417);
}

#[test]
fn silence_is_closed_without_a_word() {
    let server = server();
    assert_eq!(server.connect().read_to_end(), "");
}

#[test]
fn half_a_head_then_end_is_closed() {
    let server = server();
    let mut peer = server.connect();
    peer.send("GET / HT");
    peer.stream.shutdown(std::net::Shutdown::Write).unwrap();
    assert_eq!(peer.read_to_end(), "");
}

#[test]
fn a_slow_loris_is_ended_at_the_head_deadline() {
    let server = server();
    let mut lorises: Vec<Peer> = (0..50).map(|_| server.connect()).collect();
    let began = Instant::now();
    for byte in GET.bytes() {
        for loris in &mut lorises {
            // The last bytes may meet a closed connection.
            let _ = loris.try_send([byte]);
        }
        assert_eq!(status(&server.home()), 200);
        std::thread::sleep(Duration::from_millis(25));
    }
    eventually("all are ended", || server.handle.stats().open == 0);
    assert!(began.elapsed() < Duration::from_secs(10));
    assert_eq!(server.handle.stats().refused.values().sum::<u64>(), 50);
}
