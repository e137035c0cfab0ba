//! Law 9, second half: a client that stops reading delays nobody. No speed is measured: the others have
//! every event while those who stalled are still there with their sockets full.

use std::net::SocketAddr;
use std::time::{Duration, Instant};

use crate::server_support::{Running, live};
use socket2::{Domain, Socket, Type};
use sse_server::{Channel, Frame, History, Limits, Response, Server, Sink};
use testkit::raw::Peer;
use testkit::wait::PATIENCE;
use testkit::wait::eventually;

/// Of each event.
const BYTES: usize = 50_000;
/// Together more than the buffers of a socket whose client does not read.
const EVENTS: usize = 120;

/// A channel that holds everything that is published here: nobody falls off its tail.
fn channel() -> Channel {
    Channel::new(History { events: 2 * EVENTS, bytes: 1 << 30, ..History::default() })
}

/// Data that begin with a number.
fn numbered(number: usize) -> String {
    format!("{number} {}", "x".repeat(BYTES))
}

fn number(data: Option<String>) -> Option<usize> {
    data?.split(' ').next()?.parse().ok()
}

/// Every kind of answer, on one thread, with a write deadline that comes in no test.
fn serve(channel: &Channel) -> Running {
    let channel = channel.clone();
    let limits = Limits { write_deadline: 10 * PATIENCE, ..Limits::default() };
    let server = Server::new(move |request| match request.path() {
        "/page" => Response::text("x".repeat(BYTES * EVENTS)),
        "/filtered" => Response::events(live(&channel, request).with_filter(|_| true)),
        "/stream" => Response::stream(async |mut sink: Sink| {
            for event in 0..EVENTS {
                sink.send(&Frame::message(&numbered(event))).await?;
            }
            std::future::pending().await
        }),
        _ => Response::events(live(&channel, request)),
    });
    Running::start(server.limits(limits))
}

/// Sends a request and reads the head of the answer. The kernel keeps no more than `window` bytes for
/// this client; left alone it may take several megabytes for one that does not read.
fn ask(addr: SocketAddr, window: usize, request: &str) -> Peer {
    let socket = Socket::new(Domain::IPV4, Type::STREAM, None).expect("a socket");
    socket.set_recv_buffer_size(window).expect("a size");
    socket.connect(&addr.into()).expect("connect");
    let mut peer = Peer::on(socket.into());
    peer.send(format!("{request}\r\nHost: a\r\n\r\n"));
    peer.head();
    peer
}

/// One client of each manner; none of them reads on after the head. The page is the first.
fn stalled(addr: SocketAddr) -> Vec<(&'static str, Peer)> {
    let requests = [
        "GET /page HTTP/1.1",
        "GET / HTTP/1.0",
        "GET / HTTP/1.1",
        "GET /filtered HTTP/1.1",
        "GET /stream HTTP/1.1",
    ];
    requests.iter().map(|&request| (request, ask(addr, 64 * 1024, request))).collect()
}

#[test]
fn full_sockets_delay_nobody() {
    let channel = channel();
    let server = serve(&channel);
    let mut stalled = stalled(server.addr);
    let mut readers: Vec<Peer> =
        ["/", "/filtered"].iter().map(|path| Peer::subscribe(server.addr, path, None)).collect();
    eventually("all are there", || channel.stats().subscribers == 5);
    for event in 0..EVENTS {
        channel.publish(&Frame::message(&numbered(event)));
        // Each event is awaited, so the one that waited for a full socket would never come.
        for reader in &mut readers {
            assert_eq!(number(reader.data()), Some(event));
        }
    }
    // One who comes now is served as well: its past, and then the next event.
    let before_all = channel.last_event_id().to_string().replace(&format!("-{EVENTS}"), "-0");
    let mut late = Peer::subscribe(server.addr, "/", Some(&before_all));
    for event in 0..EVENTS {
        assert_eq!(number(late.data()), Some(event));
    }
    let delivered = channel.stats().delivered;
    assert!(delivered < 4 * EVENTS as u64, "{delivered} delivered: a socket was not full");
    assert_eq!(server.handle.stats().open, 8, "those who stalled are still there");

    let mut page = stalled.remove(0).1;
    while page.buffer.len() < BYTES * EVENTS && page.fill() {}
    assert_eq!(page.buffer.len(), BYTES * EVENTS, "the page is complete");
    for (manner, mut peer) in stalled {
        for event in 0..EVENTS {
            assert_eq!(number(peer.data()), Some(event), "{manner}: a position, and nothing lost");
        }
    }
}

/// The write deadline ends who makes no progress, not who is slow.
#[test]
fn a_slow_client_that_makes_progress_stays() {
    const DEADLINE: Duration = Duration::from_millis(400);
    const EVENT: usize = 400_000;
    let limits = Limits { write_deadline: DEADLINE, unsent_bytes: 4096, ..Limits::default() };
    let server = Server::new(|_| {
        Response::stream(async |mut sink: Sink| {
            sink.send(&Frame::message(&"x".repeat(EVENT))).await?;
            sink.send(&Frame::message("end")).await
        })
    });
    let server = Running::start(server.limits(limits));
    let mut peer = ask(server.addr, 4096, "GET / HTTP/1.1");
    let began = Instant::now();
    while began.elapsed() < 3 * DEADLINE {
        assert!(peer.fill(), "cut after {:?}", began.elapsed());
        std::thread::sleep(Duration::from_millis(20));
    }
    assert!(peer.buffer.len() < EVENT, "it was not slow: {} bytes", peer.buffer.len());
    assert_eq!(peer.data().map(|data| data.len()), Some(EVENT));
    assert_eq!(peer.data().as_deref(), Some("end"));
    assert_eq!((peer.block(), peer.ended), (None, true));
}
