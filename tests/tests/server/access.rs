//! The access log: each request once, however it ends.

use std::future::pending;
use std::io;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use crate::server_support::{Running, live};
use sse_server::{
    Access, Channel, Frame, Limits, Method, Outcome, Request, Response, Server, Shutdown, Sink,
};
use testkit::raw::{Peer, status};
use testkit::wait::eventually;

/// What a server has logged since the last look.
#[derive(Clone, Default)]
struct Log(Arc<Mutex<Vec<Access>>>);

impl Log {
    fn follow(&self, server: Server) -> Running {
        let log = self.0.clone();
        Running::start(server.on_access(move |access| log.lock().unwrap().push(access.clone())))
    }

    /// The one request that was logged.
    fn next(&self) -> Access {
        eventually("it is logged", || !self.0.lock().unwrap().is_empty());
        // A second one would come at once.
        std::thread::sleep(Duration::from_millis(20));
        let mut logged = std::mem::take(&mut *self.0.lock().unwrap());
        assert_eq!(logged.len(), 1, "{logged:?}");
        logged.remove(0)
    }
}

const GET: &str = "GET / HTTP/1.1\r\nHost: a\r\n\r\n";

#[test]
fn pages_refusals_and_what_is_no_request() {
    let guard = |request: &Request| match request.header("authorization") {
        Some("yes") => Ok(()),
        _ => Err(Response::new(401)),
    };
    let log = Log::default();
    let server = log.follow(Server::authorized(guard, |request, ()| {
        match (request.method(), request.path()) {
            (_, "/") => Response::text("home"),
            (Method::Post, "/echo") => Response::new(200).with_body(request.body()),
            _ => Response::stream(async |mut sink: Sink| sink.send_bytes(b"data: x\n\n").await),
        }
    }));
    let post = "POST /echo HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\n";
    let allowed = "Host: a\r\nAuthorization: yes\r\nConnection: close\r\n\r\n";
    for (request, path, expected) in [
        // Before its body is read, which never comes.
        (format!("{post}\r\n"), Some("/echo"), 401),
        (format!("{post}Authorization: yes\r\nConnection: close\r\n\r\nhello"), Some("/echo"), 200),
        (format!("GET / HTTP/1.1\r\n{allowed}"), Some("/"), 200),
        (format!("GET /stream HTTP/1.1\r\n{allowed}"), Some("/stream"), 200),
        ("junk\r\n\r\n".to_owned(), None, 400),
    ] {
        let answer = server.exchange(&request);
        assert_eq!(status(&answer), expected, "{answer}");
        let access = log.next();
        assert_eq!(access.request.as_ref().map(Request::path), path);
        assert_eq!((access.status, access.outcome), (Some(expected), Outcome::Complete));
        assert_eq!(access.bytes, answer.len() as u64);
        assert!(access.peer.is_some_and(|peer| peer.ip().is_loopback()));
    }
}

#[test]
fn a_stream_when_it_ends() {
    let channel = Channel::default();
    let shared = channel.clone();
    let log = Log::default();
    let server = log.follow(Server::new(move |request| Response::events(live(&shared, request))));
    let mut peer = server.connect();
    peer.send(GET);
    let head = peer.head().len() as u64;
    peer.block().unwrap();
    let open_for = Duration::from_millis(50);
    std::thread::sleep(open_for);
    assert!(log.0.lock().unwrap().is_empty(), "it has not ended");
    channel.publish(&Frame::message(&"x".repeat(1000)));
    peer.event().unwrap();
    drop(peer);
    let Access { bytes, duration, outcome, .. } = log.next();
    assert!(bytes > head + 1000 && bytes < head + 1200, "{bytes}");
    assert!(duration >= open_for, "{duration:?}");
    assert_eq!(outcome, Outcome::Left);
}

#[test]
fn what_fails_is_abandoned_or_is_cut() {
    let log = Log::default();
    let limits = Limits { write_deadline: Duration::from_millis(200), ..Limits::default() };
    let server = Server::new(|request| match request.path() {
        "/panic" => Response::stream(async |mut sink: Sink| {
            sink.send(&Frame::message("one")).await?;
            panic!("on purpose")
        }),
        "/error" => Response::stream(async |_: Sink| Err(io::Error::other("on purpose"))),
        "/stalled" => Response::stream(async |mut sink: Sink| {
            loop {
                sink.send_bytes(&[b':'; 1_000_000]).await?;
            }
        }),
        "/later" => Response::later(pending()),
        _ => Response::stream(async |_: Sink| pending().await),
    });
    let mut server = log.follow(server.limits(limits));
    let ask = |path: &str| {
        let mut peer = server.connect();
        peer.send(format!("GET {path} HTTP/1.1\r\nHost: a\r\n\r\n"));
        peer
    };
    for path in ["/panic", "/error", "/stalled"] {
        let _peer = ask(path);
        let access = log.next();
        assert_eq!((access.status, access.outcome), (Some(200), Outcome::Failed), "{path}");
    }
    let requests = server.handle.stats().requests;
    let abandoned = ask("/later");
    eventually("it is there", || server.handle.stats().requests > requests);
    drop(abandoned);
    let access = log.next();
    assert_eq!((access.status, access.outcome), (None, Outcome::Left));
    assert_eq!(access.request.as_ref().map(Request::path), Some("/later"));
    let mut left = ask("/");
    left.head();
    drop(left);
    assert_eq!(log.next().outcome, Outcome::Left);
    let _held: Vec<Peer> = vec![ask("/later")];
    eventually("it is there", || server.handle.stats().requests > requests + 2);
    server.stop(Shutdown { deadline: Duration::from_millis(50), ..Shutdown::default() });
    let access = log.next();
    assert_eq!((access.status, access.outcome), (None, Outcome::Cut));
}

#[test]
fn a_hook_that_panics_ends_nothing() {
    let server = Server::new(|_| Response::text("hello")).on_access(|_| panic!("on purpose"));
    let server = Running::start(server);
    let mut peer = server.connect();
    for _ in 0..2 {
        peer.send(GET);
        assert_eq!(peer.answer().1, "hello");
    }
}
