//! The server behind nginx and HAProxy, with the configurations of `examples/proxies`.

use std::net::SocketAddr;
use std::process::Stdio;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use crate::server_support::{Running, live};
use sse_server::{Channel, Events, Frame, Response, Server, Shutdown, sleep};
use testkit::proxy::Proxy;
use testkit::raw::{Peer, field, find, status};
use testkit::wait::eventually;
use tests::proxy::{command, haproxy, nginx};

/// How a proxy is started: in front of a server, with a timeout of a second, far shorter than the
/// tests, so that heartbeats have to keep a stream alive.
type Start = fn(SocketAddr) -> Proxy;

const NGINX: Start = |server| nginx(server, &[("proxy_read_timeout 60s", "proxy_read_timeout 1s")]);
const HAPROXY: Start = |server| {
    let timeouts =
        [("timeout client 60s", "timeout client 1s"), ("timeout server 60s", "timeout server 1s")];
    haproxy(server, &timeouts)
};

/// From publishing an event to its arrival through a proxy, in the usual case.
const AT_ONCE: Duration = Duration::from_millis(100);

/// What every proxy has to let through.
fn events_pass(start: Start) {
    let channel = Channel::default();
    let shared = channel.clone();
    let serve = move |shared: Channel| {
        Server::new(move |request| match request.path() {
            "/events" => Response::events(
                Events::from(live(&shared, request)).with_heartbeat(Duration::from_millis(300)),
            ),
            "/echo" => Response::new(200).with_body(request.body()),
            _ => Response::not_found(),
        })
    };
    let mut server = Running::start(serve(shared.clone()));
    let proxy = start(server.addr);

    // An event arrives at once. The median, because the machine may be busy with something else.
    let mut peer = Peer::subscribe(proxy.plain(), "/events", None);
    peer.block().unwrap();
    let mut took = Vec::new();
    for number in 0..21 {
        let began = Instant::now();
        channel.publish(&Frame::message(&number.to_string()));
        assert_eq!(peer.data().unwrap(), number.to_string());
        took.push(began.elapsed());
        // Each by itself: what comes together may be sent together.
        std::thread::sleep(Duration::from_millis(20));
    }
    took.sort();
    assert!(took[took.len() / 2] < AT_ONCE, "took {took:?}");

    // The stream outlives the proxy's timeout of a second, because heartbeats come.
    let began = Instant::now();
    while began.elapsed() < Duration::from_millis(2500) {
        assert_eq!(peer.block().as_deref(), Some(":"));
    }
    channel.publish(&Frame::message("still here"));
    assert_eq!(peer.data().as_deref(), Some("still here"));

    // A client that leaves is noticed.
    assert_eq!(channel.stats().subscribers, 1);
    drop(peer);
    let noticed = eventually("noticed", || channel.stats().subscribers == 0);
    assert!(noticed < Duration::from_secs(2), "took {noticed:?}");

    // The last event ID passes, also to a new server behind the same proxy.
    let last = channel.last_event_id().to_string();
    channel.publish(&Frame::message("missed"));
    let mut back = Peer::subscribe(proxy.plain(), "/events", Some(&last));
    assert_eq!(back.block().map(|block| block.ends_with("data: missed")), Some(true));
    let addr = server.addr;
    server.stop(Shutdown { deadline: Duration::from_secs(1), ..Shutdown::default() });
    let mut farewell = String::new();
    while let Some(block) = back.block() {
        farewell = block;
    }
    assert!(field(&farewell, "retry").is_some(), "{farewell:?}");
    let _server = Running::start_on(serve(shared), addr);
    let last = channel.publish(&Frame::message("before"));
    channel.publish(&Frame::message("after"));
    let mut back = Peer::subscribe(proxy.plain(), "/events", Some(&last));
    assert_eq!(back.data().as_deref(), Some("after"));

    // Ordinary requests, with a body and without.
    let mut peer = Peer::connect(proxy.plain());
    peer.send("POST /echo HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n0\r\n\r\n");
    peer.until("hello");
    let mut peer = Peer::connect(proxy.plain());
    peer.send("GET /none HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n");
    assert_eq!(status(&peer.read_to_end()), 404);
    let mut peer = Peer::connect(proxy.plain());
    peer.send("HEAD /events HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n");
    let answer = peer.read_to_end();
    assert_eq!(status(&answer), 200);
    assert!(answer.ends_with("\r\n\r\n"), "{answer}");
}

#[test]
fn behind_nginx() {
    events_pass(NGINX);
}

#[test]
fn behind_haproxy() {
    events_pass(HAPROXY);
}

/// Users with a channel each, whose streams end all the time: the proxy serves them over connections to
/// the server that were others' a moment ago. Law 13 holds.
fn everybody_gets_their_own(start: Start) {
    const USERS: usize = 10;
    const STREAMS: usize = 25;
    let channels: Vec<Channel> = (0..USERS).map(|_| Channel::default()).collect();
    let shared = channels.clone();
    let server = Running::start(Server::new(move |request| {
        let user = request.path().trim_start_matches('/').parse();
        match user.ok().and_then(|user: usize| shared.get(user)) {
            Some(channel) => Response::events(
                Events::from(live(channel, request)).with_end(sleep(Duration::from_millis(100))),
            ),
            None => Response::not_found(),
        }
    }));
    let proxy = start(server.addr);
    let done = AtomicBool::new(false);
    thread::scope(|scope| {
        scope.spawn(|| {
            for number in (1_u64..).take_while(|_| !done.load(Ordering::Relaxed)) {
                for (user, channel) in channels.iter().enumerate() {
                    channel.publish(&Frame::message(&format!("{user} {number}")));
                }
                thread::sleep(Duration::from_millis(5));
            }
        });
        let addr = proxy.plain();
        let users = (0..USERS).map(|user| scope.spawn(move || own_events(addr, user, STREAMS)));
        let users: Vec<_> = users.collect();
        let seen: Vec<_> = users.into_iter().map(|user| user.join()).collect();
        done.store(true, Ordering::Relaxed);
        let seen: Vec<u64> = seen.into_iter().map(|seen| seen.expect("own events")).collect();
        assert!(seen.iter().all(|&seen| seen > STREAMS as u64), "{seen:?}");
    });
    let connections = server.handle.stats().total;
    assert!(connections < (USERS * STREAMS) as u64 / 2, "{connections}: not used again");
}

/// Follows the channel of `user` over many streams; the number of the last event.
fn own_events(proxy: SocketAddr, user: usize, streams: usize) -> u64 {
    let mut last = None::<(String, u64)>;
    // HAProxy sends only later requests of a connection over another's to the server.
    let mut peer = Peer::connect(proxy);
    for _ in 0..streams {
        let id = last.as_ref().map(|(id, _)| format!("Last-Event-ID: {id}\r\n"));
        peer.ended = false;
        peer.send(format!("GET /{user} HTTP/1.1\r\nHost: a\r\n{}\r\n", id.unwrap_or_default()));
        assert_eq!(status(&peer.head()), 200);
        while let Some(block) = peer.block() {
            let id = field(&block, "id").unwrap_or_else(|| panic!("no ID in {block:?}"));
            let number = id.split_once('-').and_then(|(_, number)| number.parse().ok());
            let number: u64 = number.unwrap_or_else(|| panic!("{block:?}"));
            if let Some(data) = field(&block, "data") {
                assert_eq!(data, format!("{user} {number}"), "somebody else's");
                let expected = last.as_ref().map_or(number, |(_, seen)| seen + 1);
                assert_eq!(number, expected, "user {user}: lost or twice");
            }
            last = Some((id.to_owned(), number));
        }
        assert!(peer.ended, "user {user}: cut");
    }
    last.map_or(0, |(_, number)| number)
}

#[test]
fn everybody_gets_their_own_behind_nginx() {
    everybody_gets_their_own(NGINX);
}

#[test]
fn everybody_gets_their_own_behind_haproxy() {
    everybody_gets_their_own(HAPROXY);
}

/// What shows that it is the heartbeats that keep a stream alive.
fn dies_without_heartbeats(start: Start) {
    let channel = Channel::default();
    let shared = channel.clone();
    let server = Server::new(move |request| {
        Response::events(Events::from(live(&shared, request)).with_heartbeat(None))
    });
    let server = Running::start(server);
    let proxy = start(server.addr);
    let mut peer = Peer::subscribe(proxy.plain(), "/", None);
    peer.block().expect("its position");
    assert_eq!((peer.block(), peer.ended), (None, false), "cut by the proxy");
    eventually("the server knows", || channel.stats().subscribers == 0);
}

#[test]
fn a_stream_without_heartbeats_dies_behind_nginx() {
    dies_without_heartbeats(NGINX);
}

#[test]
fn a_stream_without_heartbeats_dies_behind_haproxy() {
    dies_without_heartbeats(HAPROXY);
}

/// It does so if it speaks HTTP/1.0 to the server, as it does by default: chunks it passes on anyway.
#[test]
fn nginx_holds_events_back_unless_told_not_to() {
    let channel = Channel::default();
    let shared = channel.clone();
    let server = Running::start(Server::new(move |request| {
        let events = Events::from(live(&shared, request)).with_heartbeat(None);
        let response = Response::events(events);
        match request.path() {
            "/told" => response,
            _ => response.without_header("X-Accel-Buffering"),
        }
    }));
    let version = [("proxy_http_version 1.1", "proxy_http_version 1.0")];
    let proxy = nginx(server.addr, &version);
    let subscribe = |path| {
        let mut peer = Peer::connect(proxy.plain());
        peer.send(format!("GET {path} HTTP/1.1\r\nHost: a\r\n\r\n"));
        peer
    };
    let mut held = subscribe("/not-told");
    let mut told = subscribe("/told");
    eventually("both subscribe", || channel.stats().subscribers == 2);
    channel.publish(&Frame::message("small"));
    told.head();
    assert_eq!(told.data().as_deref(), Some("small"));
    // It has gone to both, so that nginx has had it for a while.
    let nothing_yet = Duration::from_millis(500);
    held.stream.set_read_timeout(Some(nothing_yet)).expect("timeout");
    let mut bytes = [0; 4096];
    let came = std::io::Read::read(&mut held.stream, &mut bytes).unwrap_or(0);
    let came = String::from_utf8_lossy(&bytes[..came]).into_owned();
    assert!(!came.contains("small"), "nginx held nothing back: {came}");
}

#[test]
fn nginx_uses_connections_to_the_server_again() {
    let server = Running::start(Server::new(|_| Response::text("hello")));
    let proxy = NGINX(server.addr);
    for _ in 0..5 {
        let mut peer = Peer::connect(proxy.plain());
        peer.send("GET / HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n");
        assert_eq!(status(&peer.read_to_end()), 200);
    }
    assert_eq!(server.handle.stats().total, 1);
}

#[test]
fn a_dozen_streams_over_one_http_2_connection() {
    let channel = Channel::default();
    let shared = channel.clone();
    let mut server =
        Running::start(Server::new(move |request| Response::events(live(&shared, request))));
    let proxy = NGINX(server.addr);
    let folder = testkit::Scratch::new("streams").expect("a folder");
    let url = format!("https://{}/events", proxy.tls());
    let mut curl = command("curl");
    curl.args(["-sNk", "--http2", "--parallel", "--parallel-max", "12", "--max-time", "20"]);
    curl.args(["-w", "%{http_version} %{num_connects}\n"]);
    for stream in 0..12 {
        curl.arg("-o").arg(folder.join(format!("stream-{stream}"))).arg(&url);
    }
    let curl = curl.stdout(Stdio::piped()).stderr(Stdio::null()).spawn().expect("curl starts");
    eventually("all have subscribed", || channel.stats().subscribers == 12);
    for number in 0..100 {
        channel.publish(&Frame::message(&number.to_string()));
    }
    let body =
        |stream: usize| std::fs::read(folder.join(format!("stream-{stream}"))).unwrap_or_default();
    eventually("all have everything", || {
        (0..12).all(|stream| find(&body(stream), b"data: 99\n\n").is_some())
    });
    for stream in 0..12 {
        assert_eq!(String::from_utf8(body(stream)).unwrap().matches("data: ").count(), 100);
    }
    server.stop(Shutdown::default());
    let output = String::from_utf8(curl.wait_with_output().expect("curl ends").stdout).unwrap();
    assert_eq!(output.lines().filter(|line| line.starts_with('2')).count(), 12, "{output}");
    let connects: u32 =
        output.lines().filter_map(|line| line.split(' ').nth(1)?.parse::<u32>().ok()).sum();
    assert_eq!(connects, 1, "all over one connection: {output}");
}
