//! Shutting down: nobody new, every stream told when to come back and ended properly, the rest cut
//! at the deadline.

use std::collections::HashSet;
use std::net::TcpStream;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use crate::server_support::{Running, live};
use sse_server::{Channel, Frame, Limits, Response, Server, Shutdown, Sink, sleep};
use testkit::raw::{Peer, field};
use testkit::wait::eventually;

fn server(threads: usize) -> (Running, Channel) {
    let channel = Channel::default();
    let shared = channel.clone();
    let server = Server::new(move |request| match request.path() {
        "/channel" => Response::events(live(&shared, request)),
        "/filtered" => Response::events(live(&shared, request).with_filter(|_| true)),
        "/stream" => Response::stream(async |mut sink: Sink| {
            sink.send(&Frame::message("hello")).await?;
            sink.stopping().await;
            Ok(())
        }),
        "/answer" => Response::stream(async |mut sink: Sink| {
            for number in 1..=10 {
                sink.send(&Frame::message(&number.to_string())).await?;
                sleep(Duration::from_millis(20)).await;
            }
            Ok(())
        }),
        "/endless" => Response::stream(async |mut sink: Sink| {
            sink.send(&Frame::message("1")).await?;
            std::future::pending().await
        }),
        "/line" => Response::stream(async |mut sink: Sink| {
            sink.send_bytes(b"data: half a li").await?;
            sink.stopping().await;
            Ok(())
        }),
        "/block" => Response::stream(async |mut sink: Sink| {
            sink.send_bytes(b"data: half a block\n").await?;
            sink.stopping().await;
            Ok(())
        }),
        _ => Response::later(async {
            sleep(Duration::from_millis(300)).await;
            Response::text("done")
        }),
    });
    (Running::start(server.threads(threads)), channel)
}

#[test]
fn every_stream_is_told_a_time_of_its_own_and_ends() {
    for threads in [1, 2] {
        let (mut server, channel) = server(threads);
        let mut peers: Vec<Peer> = ["/channel", "/filtered", "/stream"]
            .iter()
            .cycle()
            .take(30)
            .map(|path| Peer::subscribe(server.addr, path, None))
            .collect();
        for peer in &mut peers {
            peer.block().unwrap();
        }
        channel.publish(&Frame::message("last words"));
        let how = Shutdown {
            retry_after: Duration::from_secs(2),
            retry_spread: Duration::from_secs(8),
            ..Shutdown::default()
        };
        let began = Instant::now();
        server.stop(how);
        assert!(began.elapsed() < Duration::from_secs(4), "nothing holds it up");
        let mut times = HashSet::new();
        for peer in &mut peers {
            let mut last = String::new();
            while let Some(block) = peer.block() {
                last = block;
            }
            assert!(peer.ended, "the last chunk came");
            let time: u64 = field(&last, "retry").expect("a reconnection time").parse().unwrap();
            assert!((2_000..=10_000).contains(&time), "{time}");
            times.insert(time);
        }
        assert!(times.len() > 20, "the times are spread: {times:?}");
        let halves =
            [times.iter().any(|&time| time < 5_000), times.iter().any(|&time| time > 7_000)];
        assert_eq!(halves, [true, true], "over the whole window: {times:?}");
        assert_eq!(server.handle.stats().cut, 0);
        assert!(TcpStream::connect(server.addr).is_err(), "nobody new");
    }
}

#[test]
fn what_was_published_before_is_delivered() {
    let (mut server, channel) = server(1);
    let mut peer = Peer::subscribe(server.addr, "/channel", None);
    peer.block().unwrap();
    channel.publish(&Frame::message("one"));
    eventually("written", || channel.stats().delivered == 1);
    server.stop(Shutdown::default());
    assert_eq!(peer.data().as_deref(), Some("one"));
}

/// Law 12: or it would be told of a gap, although it wants nothing of what it has missed.
#[test]
fn who_did_not_want_what_came_last_is_told_its_place() {
    let (channel, seen) = (Channel::default(), Arc::new(AtomicUsize::new(0)));
    let (shared, looked) = (channel.clone(), seen.clone());
    let mut server = Running::start(Server::new(move |request| {
        let looked = looked.clone();
        Response::events(live(&shared, request).with_filter(move |_| {
            looked.fetch_add(1, Ordering::Relaxed);
            false
        }))
    }));
    let mut peer = Peer::subscribe(server.addr, "/", None);
    peer.block().expect("its position");
    let ids: Vec<_> = (0..3).map(|_| channel.publish(&Frame::message("unwanted"))).collect();
    eventually("left out", || seen.load(Ordering::Relaxed) == 3);
    server.stop(Shutdown::default());
    let mut place = None;
    while let Some(block) = peer.block() {
        assert_eq!(field(&block, "data"), None, "{block}");
        place = field(&block, "id").map(str::to_owned).or(place);
    }
    assert_eq!(place.as_deref(), Some(ids[2].as_str()));
}

#[test]
fn an_unfinished_block_is_not_dispatched_by_the_farewell() {
    let (mut server, _) = server(1);
    let mut line = Peer::subscribe(server.addr, "/line", None);
    let mut block = Peer::subscribe(server.addr, "/block", None);
    line.until("half a li\r\n");
    block.until("half a block\n\r\n");
    server.stop(Shutdown::default());
    assert_eq!(line.read_to_end(), "0\r\n\r\n");
    let farewell = block.read_to_end();
    assert!(
        farewell.contains("\r\nretry: ") && farewell.ends_with("\n\r\n0\r\n\r\n"),
        "{farewell:?}"
    );
    assert!(!farewell.contains("\n\n"), "{farewell:?}");
}

#[test]
fn an_answer_in_the_making_is_finished() {
    let (mut server, _) = server(1);
    let mut peer = server.connect();
    peer.send("GET /later HTTP/1.1\r\nHost: a\r\n\r\n");
    eventually("the request is there", || server.handle.stats().requests == 1);
    let mut idle = server.connect();
    eventually("both are in", || server.handle.stats().open == 2);
    server.stop(Shutdown::default());
    assert_eq!(peer.answer().1, "done");
    assert_eq!(idle.read_to_end(), "");
}

#[test]
fn who_does_not_end_is_cut_at_the_deadline() {
    let server = Server::new(|_| {
        Response::stream(async |mut sink: Sink| {
            let large = "x".repeat(50_000_000);
            loop {
                sink.send(&Frame::message(&large)).await?;
            }
        })
    });
    let limits = Limits { write_deadline: Duration::from_secs(60), ..Limits::default() };
    let mut server = Running::start(server.limits(limits));
    let mut stalled = Peer::subscribe(server.addr, "/", None);
    // One event is larger than what the kernel takes at once: the producer waits for ever.
    stalled.until("data: x");
    let began = Instant::now();
    server.stop(Shutdown { deadline: Duration::from_millis(300), ..Shutdown::default() });
    let took = began.elapsed();
    assert!(took >= Duration::from_millis(300) && took < Duration::from_secs(5), "{took:?}");
    assert_eq!(server.handle.stats().cut, 1);
    assert_eq!(server.handle.stats().open, 0);
    while stalled.fill() {}
}

/// Law 11: what is unfinished never looks finished.
#[test]
fn a_half_answer_is_finished_or_cut() {
    let (mut server, _) = server(1);
    let mut answer = Peer::subscribe(server.addr, "/answer", None);
    let mut endless = Peer::subscribe(server.addr, "/endless", None);
    assert_eq!(answer.data().as_deref(), Some("1"));
    assert_eq!(endless.data().as_deref(), Some("1"));
    server.stop(Shutdown { deadline: Duration::from_secs(2), ..Shutdown::default() });
    for number in 2..=10 {
        assert_eq!(answer.data(), Some(number.to_string()));
    }
    assert!(answer.block().is_some_and(|farewell| field(&farewell, "retry").is_some()));
    assert_eq!((answer.block(), answer.ended), (None, true));
    assert_eq!((endless.block(), endless.ended), (None, false), "cut, and not ended");
    assert_eq!(server.handle.stats().cut, 1);
}

#[test]
fn a_second_shutdown_shortens_the_first() {
    let (mut server, _) = server(1);
    let mut endless = Peer::subscribe(server.addr, "/endless", None);
    endless.data().unwrap();
    let minute = Duration::from_secs(60);
    server.handle.shutdown(Shutdown { deadline: minute, ..Shutdown::default() });
    eventually("nobody new is let in", || TcpStream::connect(server.addr).is_err());
    let began = Instant::now();
    server.stop(Shutdown { deadline: Duration::from_millis(100), ..Shutdown::default() });
    assert!(began.elapsed() < Duration::from_secs(10), "{:?}", began.elapsed());
    assert_eq!((endless.block(), endless.ended), (None, false));
}

#[test]
fn a_reconnection_time_may_be_as_long_as_there_is() {
    let (mut server, _) = server(1);
    let mut peer = Peer::subscribe(server.addr, "/stream", None);
    peer.data().unwrap();
    let max = Duration::MAX;
    server.stop(Shutdown { retry_after: max, retry_spread: max, ..Shutdown::default() });
    let farewell = peer.block().unwrap();
    assert_eq!(field(&farewell, "retry"), Some(max.as_millis().to_string().as_str()));
    assert_eq!((peer.block(), peer.ended), (None, true));
}
