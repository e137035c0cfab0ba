//! What comes while nothing else does: how often, where in a stream, and with which cursor.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use crate::server_support::{Running, publish, sequence, serve};
use sse_server::{Channel, Events, Frame, Replay, Response, Server, Sink, sleep};
use testkit::raw::Peer;
use testkit::wait::PATIENCE;

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
fn silent_streams_have_heartbeats_between_lines_only() {
    let server = Running::start(Server::new(|_| {
        let events = Events::new(async |mut sink: Sink| {
            sink.send_bytes(b"event: x\n").await?;
            sleep(Duration::from_secs(1)).await;
            sink.send_bytes(b"data: in").await?;
            sleep(Duration::from_secs(1)).await;
            sink.send_bytes(b" a line\n\n").await?;
            sleep(Duration::from_secs(1)).await;
            sink.send_bytes(b"").await
        });
        Response::events(events.with_heartbeat(Duration::from_millis(40)))
    }));
    let mut peer = server.connect();
    peer.send("GET / HTTP/1.0\r\n\r\n");
    peer.head();
    let text = peer.read_to_end();
    let (before, after) =
        text.split_once("data: in a line\n\n").unwrap_or_else(|| panic!("{text:?}"));
    let beats = before.strip_prefix("event: x\n").unwrap();
    assert!(beats.len() >= 4 && beats.replace(":\n", "").is_empty(), "{text:?}");
    assert!(after.len() >= 4 && after.replace(":\n", "").is_empty(), "{text:?}");
}

#[test]
fn no_silence_is_longer_than_the_interval_of_heartbeats() {
    // On a machine that is so busy that a heartbeat comes late, it may be longer indeed.
    assert!((0..5).any(|_| silence() < INTERVAL * 14 / 10), "looked at once in an interval");
}

const INTERVAL: Duration = Duration::from_secs(2);

/// How long nothing comes after an event that came in the middle of an interval.
fn silence() -> Duration {
    let server = Running::start(Server::new(|_| {
        let events = Events::new(async |mut sink: Sink| {
            sleep(INTERVAL * 3 / 10).await;
            sink.send(&Frame::message("1")).await?;
            std::future::pending().await
        });
        Response::events(events.with_heartbeat(INTERVAL))
    }));
    let mut peer = server.connect();
    peer.send("GET / HTTP/1.1\r\nHost: a\r\n\r\n");
    peer.head();
    assert_eq!(peer.data().as_deref(), Some("1"));
    let began = Instant::now();
    assert!(peer.fill());
    began.elapsed()
}
