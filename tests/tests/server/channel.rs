//! Law 7: a subscriber sees every event after its last event ID once and in order, or is told of a
//! gap before it sees anything later. No seam between replay and live.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::{Duration, Instant};

use crate::server_support::{Running, live};
use sse_server::{
    Channel, Events, Frame, History, Lag, Replay, Response, Server, Shutdown, Subscription,
};
use testkit::raw::{Peer, field};
use testkit::wait::PATIENCE;
use testkit::wait::eventually;

fn serve(
    channel: &Channel,
    replay: Replay,
    choose: impl Fn(Subscription) -> Events + Send + Sync + 'static,
) -> Running {
    let channel = channel.clone();
    Running::start(Server::new(move |request| {
        Response::events(choose(channel.subscribe(request.last_event_id(), replay)))
    }))
}

fn publish(channel: &Channel, numbers: std::ops::Range<u64>) {
    for number in numbers {
        channel.publish(&Frame::message(&number.to_string()));
    }
}

/// The sequence part of a block's ID.
fn sequence(block: &str) -> u64 {
    let id = field(block, "id").unwrap_or_else(|| panic!("no id in {block:?}"));
    id.rsplit('-')
        .next()
        .and_then(|number| number.parse().ok())
        .unwrap_or_else(|| panic!("{block:?}"))
}

#[test]
fn live_events_arrive_in_order_with_ids() {
    let channel = Channel::default();
    let server = serve(&channel, Replay::Live, Events::from);
    let mut peer = Peer::subscribe(server.addr, "/", None);
    let first = peer.block().unwrap();
    assert_eq!(first, format!("id: {}", channel.last_event_id()), "the position comes first");
    let typed = Frame::message("two\nlines").with_event_type("greeting").unwrap();
    let id = channel.publish(&typed);
    assert_eq!(peer.block().unwrap(), format!("event: greeting\nid: {id}\ndata: two\ndata: lines"));
    publish(&channel, 0..1000);
    for number in 0..1000 {
        assert_eq!(peer.data().unwrap(), number.to_string());
    }
    eventually("counted", || channel.stats().delivered == 1001);
}

/// Clients that come and go at random moments while events are published without a pause: each
/// event once, in order, across all connections of a client.
#[test]
fn no_seam_between_replay_and_live() {
    let channel = Channel::new(History { events: 1 << 20, bytes: 1 << 30, ..History::default() });
    let publisher = channel.clone();
    let server = serve(&channel, Replay::All, Events::from);
    let addr = server.addr;
    let done = Arc::new(AtomicBool::new(false));
    let clients: Vec<_> = (0..8_usize)
        .map(|client| {
            let done = done.clone();
            std::thread::spawn(move || {
                let (mut next, mut connections, mut last_event_id) = (1, 0, None);
                while next <= 20_000 {
                    let mut peer = Peer::subscribe(addr, "/", last_event_id.as_deref());
                    connections += 1;
                    // Leave after a while; in the end, stay.
                    let stay = if done.load(Ordering::Relaxed) {
                        u64::MAX
                    } else {
                        300 * (client as u64 + 1)
                    };
                    for _ in 0..stay {
                        let block = peer.event().expect("the stream goes on");
                        assert_eq!(
                            sequence(&block),
                            next,
                            "client {client}, connection {connections}"
                        );
                        last_event_id = field(&block, "id").map(str::to_owned);
                        next += 1;
                        if next > 20_000 {
                            break;
                        }
                    }
                }
                connections
            })
        })
        .collect();
    for number in 0..20_000 {
        publisher.publish(&Frame::message(&number.to_string()));
        if number % 50 == 0 {
            std::thread::sleep(Duration::from_millis(1));
        }
    }
    done.store(true, Ordering::Relaxed);
    let connections: Vec<u64> = clients.into_iter().map(|client| client.join().unwrap()).collect();
    assert!(connections.iter().all(|&count| count > 1), "{connections:?}");
}

#[test]
fn several_threads_deliver_the_same() {
    let channel = Channel::new(History { events: 1 << 20, bytes: 1 << 30, ..History::default() });
    let publisher = channel.clone();
    let server = Running::start(
        Server::new(move |request| Response::events(live(&channel, request))).threads(3),
    );
    let mut peers: Vec<Peer> = (0..30).map(|_| Peer::subscribe(server.addr, "/", None)).collect();
    publish(&publisher, 0..2000);
    for peer in &mut peers {
        for number in 0..2000 {
            assert_eq!(peer.data().unwrap(), number.to_string());
        }
    }
}

/// What the first block says after a Last-Event-ID that the log cannot serve.
fn gap_after(history: History, published: u64, last_event_id: &str) -> (String, Vec<u64>) {
    let channel = Channel::new(history);
    publish(&channel, 1..published + 1);
    let epoch = channel.last_event_id().to_string();
    let epoch = epoch.split('-').next().unwrap();
    let server = serve(&channel, Replay::Live, Events::from);
    let mut peer = Peer::subscribe(server.addr, "/", Some(&last_event_id.replace("EPOCH", epoch)));
    let gap = peer.block().unwrap();
    let mut seen = Vec::new();
    while seen.last() != Some(&published) {
        seen.push(sequence(&peer.event().unwrap()));
    }
    channel.publish(&Frame::message("live"));
    seen.push(sequence(&peer.event().unwrap()));
    (gap, seen)
}

#[test]
fn gaps_are_told_first() {
    let history = History { events: 5, ..History::default() };
    for (id, data) in [
        ("EPOCH-3", r#"{"reason":"evicted","missed":2}"#),
        ("EPOCH-0", r#"{"reason":"evicted","missed":5}"#),
        ("EPOCH-11", r#"{"reason":"beyond-end","missed":null}"#),
        ("EPOCH-99999999999999999999", r#"{"reason":"unknown-id","missed":null}"#),
        ("1-10", r#"{"reason":"other-epoch","missed":null}"#),
        ("hello, world", r#"{"reason":"unknown-id","missed":null}"#),
        ("\u{e9}\u{2603}", r#"{"reason":"unknown-id","missed":null}"#),
    ] {
        let (gap, seen) = gap_after(history.clone(), 10, id);
        assert_eq!(field(&gap, "event"), Some("gap"), "{id}: {gap}");
        assert_eq!(field(&gap, "data"), Some(data), "{id}");
        assert_eq!(sequence(&gap), 5, "{id}: the client's cursor stands before what follows");
        assert_eq!(seen, [6, 7, 8, 9, 10, 11], "{id}: everything held follows");
    }
}

#[test]
fn the_type_of_the_gap_event_can_be_chosen() {
    let history = History { gap_event: "missed".into(), ..History::default() };
    assert_eq!(field(&gap_after(history, 1, "7-7").0, "event"), Some("missed"));
}

#[test]
fn what_can_be_resumed_has_no_gap() {
    let channel = Channel::default();
    publish(&channel, 1..11);
    let epoch = channel.last_event_id().to_string();
    let epoch = epoch.split('-').next().unwrap();
    let server = serve(&channel, Replay::Live, Events::from);
    for after in 0..=10 {
        let mut peer = Peer::subscribe(server.addr, "/", Some(&format!("{epoch}-{after}")));
        for number in after + 1..=10 {
            let block = peer.block().unwrap();
            assert_eq!((sequence(&block), field(&block, "event")), (number, None), "after {after}");
        }
        // Nothing but the next event follows.
        drop(peer);
    }
}

#[test]
fn a_client_that_left_before_its_first_event_misses_nothing() {
    let channel = Channel::default();
    publish(&channel, 0..3);
    let server = serve(&channel, Replay::Live, Events::from);
    let cursor = Peer::subscribe(server.addr, "/", None).block().unwrap();
    publish(&channel, 3..6);
    let mut peer = Peer::subscribe(server.addr, "/", field(&cursor, "id"));
    assert_eq!(peer.block().map(|block| sequence(&block)), Some(4));
}

#[test]
fn late_joiners_may_ask_for_the_past() {
    let channel = Channel::default();
    publish(&channel, 0..10);
    for (replay, expected) in [(Replay::Last(2), "8"), (Replay::All, "0"), (Replay::Last(99), "0")]
    {
        let server = serve(&channel, replay, Events::from);
        assert_eq!(Peer::subscribe(server.addr, "/", None).data().as_deref(), Some(expected));
    }
}

#[test]
fn ids_of_the_application_resume_too() {
    let channel = Channel::new(History { events: 3, ..History::default() });
    for name in ["a", "b", "c", "d", "é☃"] {
        channel.publish(&Frame::message(name).with_id(name).unwrap());
    }
    let server = serve(&channel, Replay::Live, Events::from);
    let mut peer = Peer::subscribe(server.addr, "/", Some("d"));
    assert_eq!(peer.block().unwrap(), "id: é☃\ndata: é☃");
    let mut peer = Peer::subscribe(server.addr, "/", Some("é☃"));
    channel.publish(&Frame::message("f").with_id("f").unwrap());
    assert_eq!(peer.block().unwrap(), "id: f\ndata: f");
    let mut peer = Peer::subscribe(server.addr, "/", Some("b"));
    assert_eq!(
        field(&peer.block().unwrap(), "event"),
        Some("gap"),
        "b has been dropped from the log"
    );
}

#[test]
fn a_query_may_stand_in_for_the_header() {
    let channel = Channel::default();
    publish(&channel, 0..5);
    let path = format!("/?last-event-id={}", channel.last_event_id()).replace("-5", "-3");
    let server = Running::start(Server::new(move |request| {
        let id = request.query("last-event-id");
        Response::events(channel.subscribe(id.as_deref(), Replay::Live))
    }));
    assert_eq!(Peer::subscribe(server.addr, &path, None).data().as_deref(), Some("3"));
}

#[test]
fn http_1_0_gets_the_events_without_chunks() {
    let channel = Channel::default();
    publish(&channel, 0..3);
    let server = serve(&channel, Replay::All, Events::from);
    let mut peer = server.connect();
    peer.send("GET / HTTP/1.0\r\n\r\n");
    peer.head();
    for number in 0..3 {
        assert_eq!(peer.data().unwrap(), number.to_string());
    }
    publish(&channel, 3..4);
    assert_eq!(peer.data().unwrap(), "3");
}

#[test]
fn filtered_clients_move_their_cursor() {
    let channel = Channel::default();
    let server = serve(&channel, Replay::Live, |events| {
        let wanted = events.with_filter(|entry| entry.event_type() == "yes");
        Events::from(wanted).with_heartbeat(Duration::from_millis(50))
    });
    let mut peer = Peer::subscribe(server.addr, "/", None);
    peer.block().unwrap();
    channel.publish(&Frame::message("1").with_event_type("yes").unwrap());
    channel.publish(&Frame::message("2").with_event_type("no").unwrap());
    let last = channel.publish(&Frame::message("3").with_event_type("no").unwrap());
    assert_eq!(peer.event().map(|event| sequence(&event)), Some(1));
    let mut block = peer.block().unwrap();
    let began = Instant::now();
    while block == ":" && began.elapsed() < PATIENCE {
        block = peer.block().unwrap();
    }
    assert_eq!(block, format!("id: {last}"), "the heartbeat moves the cursor and fires nothing");
    assert_eq!(peer.block().unwrap(), ":", "and does so once");
    channel.publish(&Frame::message("4").with_event_type("yes").unwrap());
    assert_eq!(peer.data().as_deref(), Some("4"));
}

#[test]
fn events_that_a_client_does_not_want_stand_for_no_heartbeat() {
    let channel = Channel::default();
    let server = serve(&channel, Replay::Live, |events| {
        Events::from(events.with_filter(|_| false)).with_heartbeat(Duration::from_millis(100))
    });
    let mut peer = Peer::subscribe(server.addr, "/", None);
    peer.block().unwrap();
    let is_over = Arc::new(AtomicBool::new(false));
    let publisher = std::thread::spawn({
        let is_over = is_over.clone();
        move || {
            for number in 0..200 {
                publish(&channel, number..number + 1);
                std::thread::sleep(Duration::from_millis(10));
            }
            is_over.store(true, Ordering::Relaxed);
        }
    });
    let block = peer.block().unwrap();
    assert!(block.starts_with("id: "), "{block}");
    assert!(!is_over.load(Ordering::Relaxed), "only when nothing was published any more");
    publisher.join().unwrap();
}

#[test]
fn heartbeats_come_while_nothing_else_does() {
    let channel = Channel::default();
    let server = serve(&channel, Replay::Live, |events| {
        Events::from(events).with_heartbeat(Duration::from_millis(50))
    });
    let mut peer = Peer::subscribe(server.addr, "/", None);
    peer.block().unwrap();
    for _ in 0..5 {
        assert_eq!(peer.block().unwrap(), ":");
    }
    publish(&channel, 0..1);
    assert_eq!(peer.data().unwrap(), "0");
    assert_eq!(peer.block().unwrap(), ":");
}

#[test]
fn who_comes_between_two_heartbeats_hears_the_next() {
    let heard = |peer: &mut Peer| {
        let blocks = std::iter::from_fn(|| peer.block());
        blocks.take_while(|block| !block.contains("data:")).filter(|block| block == ":").count()
    };
    // On a machine that is so busy that the second one comes late, it may have missed one indeed.
    let hears_all = || {
        let channel = Channel::default();
        let server = serve(&channel, Replay::Live, |events| {
            Events::from(events).with_heartbeat(Duration::from_millis(500))
        });
        let mut first = Peer::subscribe(server.addr, "/", None);
        first.block().unwrap();
        let mut second = Peer::subscribe(server.addr, "/", None);
        second.block().unwrap();
        assert_eq!(first.block().unwrap(), ":");
        publish(&channel, 0..1);
        heard(&mut second) == 1 + heard(&mut first)
    };
    assert!((0..5).any(|_| hears_all()));
}

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

#[test]
fn a_new_server_with_the_same_channel_loses_nothing() {
    let channel = Channel::default();
    let mut server = serve(&channel, Replay::Live, Events::from);
    let addr = server.addr;
    let mut peer = Peer::subscribe(addr, "/", None);
    peer.block().unwrap();
    publish(&channel, 0..2);
    assert_eq!(peer.data().unwrap(), "0");
    let last = peer.event().unwrap();
    server.stop(Shutdown { deadline: Duration::ZERO, ..Shutdown::default() });
    publish(&channel, 2..4);
    let other = channel.clone();
    let _server = Running::start_on(
        Server::new(move |request| Response::events(live(&other, request))),
        addr,
    );
    let mut peer = Peer::subscribe(addr, "/", field(&last, "id"));
    publish(&channel, 4..6);
    for number in 2..6 {
        assert_eq!(peer.data().unwrap(), number.to_string());
    }
}

#[test]
fn a_closed_channel_ends_its_streams_properly() {
    let channel = Channel::default();
    let held = std::sync::Mutex::new(Some(channel.clone()));
    let server = Running::start(Server::new(move |request| match held.lock().unwrap().take() {
        Some(channel) => Response::events(live(&channel, request)),
        None => Response::new(204),
    }));
    let mut peer = Peer::subscribe(server.addr, "/", None);
    publish(&channel, 0..3);
    drop(channel);
    for number in 0..3 {
        assert_eq!(peer.data().unwrap(), number.to_string());
    }
    assert_eq!((peer.block(), peer.ended), (None, true));
    peer.send("GET / HTTP/1.1\r\nHost: a\r\n\r\n");
    assert!(peer.head().starts_with("HTTP/1.1 204"));
}

#[test]
fn publishing_needs_no_subscribers_and_never_waits() {
    let channel = Channel::new(History { events: 10, ..History::default() });
    publish(&channel, 0..100_000);
    let stats = channel.stats();
    assert_eq!((stats.published, stats.held_events, stats.subscribers), (100_000, 10, 0));
}

#[test]
fn subscribers_are_counted() {
    let channel = Channel::default();
    let server = serve(&channel, Replay::Live, Events::from);
    let mut peers: Vec<Peer> = (0..10).map(|_| Peer::subscribe(server.addr, "/", None)).collect();
    for peer in &mut peers {
        peer.block().unwrap();
    }
    assert_eq!(channel.stats().subscribers, 10);
    peers.truncate(3);
    let noticed = eventually("the others are noticed", || channel.stats().subscribers == 3);
    assert!(noticed < PATIENCE);
}
