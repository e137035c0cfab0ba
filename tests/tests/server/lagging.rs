//! A client that reads too slowly for what its log holds: it is cut, or told of a gap and goes on.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use crate::server_support::{Running, live, publish, sequence, serve};
use sse_server::{Channel, Events, Frame, History, Lag, Replay, Response, Server};
use testkit::raw::{Peer, field};
use testkit::wait::eventually;

/// A client that stops reading until the log has gone past it.
fn lagging(lag: Lag) -> (Running, Channel, Peer) {
    let channel = Channel::new(History { events: 10, lag, ..History::default() });
    let server = serve(&channel, Replay::Live, Events::from);
    let mut slow = Peer::subscribe(server.addr, "/", None);
    slow.block().unwrap();
    let other = Peer::subscribe(server.addr, "/", None);
    let read = Arc::new(AtomicU64::new(0));
    let last_read = read.clone();
    let reader = std::thread::spawn(move || {
        let mut other = other;
        let mut last = 0;
        while let Some(event) = other.event() {
            assert_eq!(sequence(&event), last + 1, "the client that reads misses nothing");
            last += 1;
            last_read.store(last, Ordering::Relaxed);
            if event.contains("data: end") {
                break;
            }
        }
        assert_eq!(last, 301);
    });
    // More than the kernel buffers for one connection, published at the pace of the other client.
    let large = "x".repeat(100_000);
    for number in 1..=300 {
        channel.publish(&Frame::message(&large));
        eventually("the client that reads has it", || read.load(Ordering::Relaxed) == number);
    }
    channel.publish(&Frame::message("end"));
    reader.join().unwrap();
    (server, channel, slow)
}

#[test]
fn a_lagging_client_is_cut_and_told_of_the_gap_when_it_comes_back() {
    let (server, channel, mut slow) = lagging(Lag::Disconnect);
    let mut seen = 0;
    while let Some(event) = slow.event() {
        assert_eq!(sequence(&event), seen + 1);
        seen += 1;
    }
    assert!(!slow.ended, "a stream that is cut does not end properly");
    assert_eq!(channel.stats().lagged, 1);
    let epoch = channel.last_event_id().to_string();
    let id = format!("{}-{seen}", epoch.split('-').next().unwrap());
    let gap = Peer::subscribe(server.addr, "/", Some(&id)).block().unwrap();
    assert_eq!(field(&gap, "event"), Some("gap"), "{gap}");
}

#[test]
fn a_lagging_client_may_skip_with_a_gap() {
    let (_server, channel, mut slow) = lagging(Lag::Skip);
    let (mut last, mut gaps) = (0, 0);
    loop {
        let event = slow.event().expect("the stream goes on");
        if field(&event, "event") == Some("gap") {
            gaps += 1;
            let missed: u64 = field(&event, "data")
                .and_then(|data| {
                    data.strip_prefix(r#"{"reason":"lagged","missed":"#)?
                        .strip_suffix('}')?
                        .parse()
                        .ok()
                })
                .unwrap_or_else(|| panic!("{event}"));
            assert_eq!(sequence(&event), last + missed);
        } else {
            assert_eq!(sequence(&event), last + 1, "nothing is missing without a gap");
        }
        last = sequence(&event);
        if event.contains("data: end") {
            break;
        }
    }
    assert!(gaps > 0);
    assert_eq!(last, channel.stats().published);
}

/// What a client that has everything sees of a burst of which the log holds only the last event.
fn burst(lag: Lag, path: &str) -> (Running, Channel, Peer) {
    let channel = Channel::new(History { events: 1, lag, ..History::default() });
    let shared = channel.clone();
    let server = Running::start(Server::new(move |request| match request.path() {
        "/filtered" => Response::events(live(&shared, request).with_filter(|_| true)),
        _ => Response::events(live(&shared, request)),
    }));
    let mut peer = Peer::subscribe(server.addr, path, None);
    peer.block().unwrap();
    publish(&channel, 0..1000);
    eventually("the client is dealt with", || {
        let stats = channel.stats();
        stats.subscribers == 0 || stats.gaps > 0 && stats.delivered > 0
    });
    publish(&channel, 1000..1001);
    (server, channel, peer)
}

#[test]
fn a_burst_that_the_log_cannot_hold_is_told() {
    for path in ["/", "/filtered"] {
        let (_server, channel, mut peer) = burst(Lag::Skip, path);
        let (mut last, mut gaps) = (0, 0);
        while last < 1001 {
            let event = peer.event().expect("the stream goes on");
            let is_gap = field(&event, "event") == Some("gap");
            assert!(is_gap || sequence(&event) == last + 1, "{path}: {event} after {last}");
            gaps += u64::from(is_gap);
            last = sequence(&event);
        }
        assert!(gaps > 0 && gaps == channel.stats().gaps, "{path}: {gaps} gaps");
    }
}

#[test]
fn or_ends_the_connection() {
    for path in ["/", "/filtered"] {
        let (_server, channel, mut peer) = burst(Lag::Disconnect, path);
        let mut last = 0;
        while let Some(event) = peer.event() {
            assert_eq!(sequence(&event), last + 1, "{path}");
            last += 1;
        }
        assert!(!peer.ended, "{path}: a stream that is cut does not end properly");
        assert_eq!((channel.stats().lagged, channel.stats().gaps), (1, 0), "{path}");
    }
}
