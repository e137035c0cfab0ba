//! HTTP/1.1 as the server speaks it: every malformed request gets its status or a close within a
//! stated time, and the next client is served all the same.

use std::time::{Duration, Instant};

use crate::server_support::{Running, live};
use sse_server::{Channel, Limits, Method, Refusal, Request, Response, Server, Sink};
use testkit::raw::{Peer, status};
use testkit::wait::eventually;

fn pages(request: &Request) -> Response {
    match (request.method(), request.path()) {
        (_, "/") => Response::html("<h1>home</h1>"),
        (Method::Post, "/echo") => Response::new(200).with_body(request.body()),
        (_, "/echo") => Response::new(405).with_header("Allow", "POST"),
        (_, "/path/ä b") => Response::text(request.query("q").unwrap_or_default().into_owned()),
        (_, "/panic") => panic!("on purpose"),
        (_, "/later") => Response::later(async { Response::text("later") }),
        (_, "/later-panic") => Response::later(async { panic!("on purpose") }),
        (_, "/stream") => {
            Response::stream(async |mut sink: Sink| sink.send_bytes(b"data: x\n\n").await)
        }
        _ => Response::not_found(),
    }
}

/// Short deadlines, so that the tests of them do not take long.
fn limits() -> Limits {
    Limits {
        head_deadline: Duration::from_millis(400),
        body_deadline: Duration::from_millis(400),
        keep_alive: Duration::from_millis(400),
        body_bytes: 1000,
        ..Limits::default()
    }
}

fn server() -> Running {
    Running::start(Server::new(pages).limits(limits()))
}

const GET: &str = "GET / HTTP/1.1\r\nHost: a\r\n\r\n";

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
    assert_eq!(
        status(&server.exchange(GET.replace("\r\n\r\n", "\r\nConnection: close\r\n\r\n"))),
        200
    );
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
fn ten_thousand_headers() {
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
            let _ = std::io::Write::write_all(&mut loris.stream, &[byte]);
        }
        assert_eq!(status(&server.connect_and_get()), 200);
        std::thread::sleep(Duration::from_millis(25));
    }
    eventually("all are ended", || server.handle.stats().open == 0);
    assert!(began.elapsed() < Duration::from_secs(10));
    assert_eq!(server.handle.stats().refused.values().sum::<u64>(), 50);
}

trait Get {
    fn connect_and_get(&self) -> String;
}

impl Get for Running {
    fn connect_and_get(&self) -> String {
        self.exchange("GET / HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n")
    }
}

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
        assert!(
            allow.is_empty() || head.contains(&format!("\r\nAllow: {allow}\r\n")),
            "{request}: {head}"
        );
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
    assert_eq!(status(&Running::start(server).connect_and_get()), 500);
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
        let answer = server.connect_and_get();
        assert_eq!(status(&answer), 500, "{answer}");
        assert!(!answer.contains("Set-Cookie"), "{answer}");
        assert_eq!(server.handle.stats().refused.get(&Refusal::Response), Some(&1), "it says why");
    }
}

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
    let answer = server.connect_and_get();
    assert!(answer.contains("Content-Type: application/json\r\n"), "{answer}");
    assert_eq!(answer.matches("Content-Type").count(), 1, "{answer}");
    assert!(answer.contains("\r\nx: 2\r\n") && !answer.contains("X: 1"), "{answer}");
    assert!(answer.contains("Set-Cookie: a=1\r\nSet-Cookie: b=2\r\n"), "{answer}");
    let post = server.exchange("POST / HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n");
    assert_eq!(status(&post), 405, "what is set outside `later` counts: {post}");
}

#[test]
fn what_a_guard_learns_reaches_the_handler() {
    let guard = |request: &Request| match request.header("Authorization") {
        Some(token) => Ok(token.to_owned()),
        None => Err(Response::new(401).with_header("WWW-Authenticate", "Bearer")),
    };
    let server = Server::authorized(guard, |_, token: String| Response::text(token));
    let server = Running::start(server);
    let answer = server.connect_and_get();
    assert_eq!(status(&answer), 401, "{answer}");
    assert!(answer.contains("\r\nWWW-Authenticate: Bearer\r\n"), "{answer}");
    let mut peer = server.connect();
    peer.send("GET / HTTP/1.1\r\nHost: a\r\nAuthorization: Bearer x\r\n\r\n");
    assert_eq!(peer.answer().1, "Bearer x");
}

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
    publisher.publish(&sse_server::Frame::message("still here"));
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
    assert_eq!(status(&server.connect_and_get()), 200);
}

#[test]
fn a_taken_port_is_explained() {
    let server = server();
    let error = Server::new(pages).bind(server.addr).map(|_| ()).unwrap_err().to_string();
    assert!(
        error.contains(&server.addr.to_string()) && error.contains("another program"),
        "{error}"
    );
}
