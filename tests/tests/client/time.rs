//! Timeouts, heartbeats, and the delays that a source states.

use sse_client::{ErrorKind, Item};
use std::net::TcpListener;
use std::time::{Duration, Instant};
use tests::fault::{Script, Server};
use tests::source::{data, error, event, quick, quick_url, run};

const SHORT: Duration = Duration::from_millis(150);

#[test]
fn a_server_that_says_nothing_is_left() {
    let answer = Script::stream().chunk("data: back\n\n").stall();
    let server = Server::scripts([Script::new().stall(), answer]);
    let mut source = quick(&server).head_timeout(SHORT).build().expect("a source");
    run(async {
        let begun = Instant::now();
        let error = error(&mut source).await;
        assert_eq!((error.kind(), error.is_final()), (ErrorKind::HeadTimeout, false));
        assert!(begun.elapsed() >= SHORT);
        assert_eq!(data(&mut source).await, "back");
    });
}

#[test]
fn a_head_byte_by_byte_without_end_is_left_too() {
    let endless = format!("HTTP/1.1 200 OK\r\nX: {}", "x".repeat(10_000));
    let mut slow = Script::new();
    for byte in endless.bytes() {
        slow = slow.raw([byte]).pause(Duration::from_millis(2));
    }
    let server = Server::scripts([slow]);
    let mut source = quick(&server).head_timeout(SHORT).build().expect("a source");
    assert_eq!(run(error(&mut source)).kind(), ErrorKind::HeadTimeout);
}

#[test]
fn a_slow_head_is_waited_for() {
    let server = Server::scripts([Script::new()
        .pieces(1)
        .append(Script::stream().pause(SHORT).chunk("data: slow\n\n").stall())]);
    let mut source =
        quick(&server).head_timeout(Duration::from_secs(10)).build().expect("a source");
    run(async { assert_eq!(data(&mut source).await, "slow") });
}

#[test]
fn an_address_that_does_not_answer_is_left() {
    // With its backlog full, Linux drops further connections without a word.
    let listener = socket2::Socket::new(socket2::Domain::IPV4, socket2::Type::STREAM, None);
    let listener = listener.expect("a socket");
    listener.bind(&std::net::SocketAddr::from(([127, 0, 0, 1], 0)).into()).expect("a port");
    listener.listen(0).expect("a listener");
    let listener = TcpListener::from(listener);
    let address = listener.local_addr().expect("an address");
    let waiting: Vec<_> = (0..8)
        .map(|_| std::net::TcpStream::connect_timeout(&address, Duration::from_millis(50)))
        .collect();
    assert!(waiting.iter().any(Result::is_err), "the backlog is full");
    let builder = quick_url(&format!("http://{address}/")).connect_timeout(SHORT);
    let error = run(error(&mut builder.build().expect("a source")));
    assert_eq!((error.kind(), error.is_final()), (ErrorKind::ConnectTimeout, false));
}

#[test]
fn silence_is_noticed() {
    let server = Server::scripts([
        Script::stream().chunk("id: 1\ndata: 1\n\n").stall(),
        Script::stream().chunk("data: 2\n\n").stall(),
    ]);
    let mut source = quick(&server).silence_timeout(SHORT).build().expect("a source");
    run(async {
        assert_eq!(data(&mut source).await, "1");
        let error = error(&mut source).await;
        assert_eq!((error.kind(), error.is_final()), (ErrorKind::SilenceTimeout, false));
        assert_eq!(data(&mut source).await, "2");
    });
    assert_eq!(server.requests()[1].header("last-event-id"), Some("1"));
}

#[test]
fn heartbeats_keep_a_stream_alive() {
    let mut beating = Script::stream();
    for _ in 0..15 {
        beating = beating.chunk(":\n").pause(SHORT / 3);
    }
    let server = Server::scripts([beating.chunk("data: alive\n\n").stall()]);
    let mut source = quick(&server).silence_timeout(SHORT).build().expect("a source");
    run(async {
        assert!(matches!(source.next().await, Some(Item::Open(_))));
        let Some(Item::Event(event)) = source.next().await else { panic!("no event") };
        assert_eq!(event.data, "alive");
    });
}

#[test]
fn the_stated_delay_is_waited() {
    let server = Server::scripts([
        Script::stream().chunk("retry: 200\ndata: 1\n\n").last_chunk(),
        Script::stream().chunk("data: 2\n\n").stall(),
    ]);
    let mut source = quick(&server).build().expect("a source");
    run(async {
        let lost = error(&mut source).await;
        let begun = Instant::now();
        let stated = lost.retry_in().expect("a delay");
        assert!(stated >= Duration::from_millis(200) && stated <= Duration::from_millis(300));
        assert_eq!(event(&mut source).await.data, "2");
        assert!(begun.elapsed() >= stated - Duration::from_millis(5));
    });
}

#[test]
fn a_reconnection_time_of_zero_has_a_floor() {
    let server = Server::scripts([
        Script::stream().chunk("retry: 0\ndata: 1\n\n").last_chunk(),
        Script::stream().stall(),
    ]);
    let builder = quick(&server).min_delay(Duration::from_millis(70));
    let lost = run(error(&mut builder.build().expect("a source")));
    assert!(lost.retry_in() >= Some(Duration::from_millis(70)), "{lost}");
}

#[test]
fn a_connection_that_was_healthy_is_no_failure() {
    let server = Server::scripts([Script::stream().chunk("data: 1\n\n").reset()]);
    let builder = quick(&server).max_failures(2);
    for (healthy_after, last) in [(Duration::ZERO, false), (Duration::from_secs(60), true)] {
        let mut source = builder.clone().healthy_after(healthy_after).build().expect("a source");
        run(async {
            assert!(!error(&mut source).await.is_final());
            assert_eq!(error(&mut source).await.is_final(), last);
        });
    }
}

#[test]
fn failures_in_a_row_can_be_limited() {
    let server = Server::scripts([Script::new().reset()]);
    let mut source = quick(&server).max_failures(3).build().expect("a source");
    run(async {
        for last in [false, false, true] {
            assert_eq!(error(&mut source).await.is_final(), last);
        }
        assert!(source.next().await.is_none());
    });
    assert_eq!(server.requests().len(), 3);
}

/// A model that has stalled may send pings for ever.
#[test]
fn a_stream_without_events_is_left_however_lively() {
    let mut pings = Script::stream().chunk("event: token\ndata: 1\n\n");
    for _ in 0..100 {
        pings = pings.chunk("event: ping\ndata: {}\n\n").pause(SHORT / 5).chunk(":\n");
    }
    let server = Server::scripts([pings, Script::stream().chunk("data: back\n\n").stall()]);
    let builder = quick(&server).event_timeout(SHORT).silence_timeout(SHORT * 20);
    let mut source = builder.heartbeat_types(&["ping"]).build().expect("a source");
    run(async {
        let mut seen = Vec::new();
        let error = loop {
            match source.next().await.expect("not closed") {
                Item::Event(event) => seen.push(event.event_type.into_owned()),
                Item::Error(error) => break error,
                _ => {}
            }
        };
        assert_eq!((error.kind(), error.is_final()), (ErrorKind::EventTimeout, false));
        assert_eq!((&*seen[0], &*seen[1]), ("token", "ping"));
        assert_eq!(data(&mut source).await, "back");
    });
}

#[test]
fn events_in_time_keep_a_stream() {
    let mut events = Script::stream();
    for _ in 0..15 {
        events = events.chunk("event: ping\ndata: {}\n\n").pause(SHORT / 3);
    }
    let server = Server::scripts([events.chunk("data: last\n\n").stall()]);
    let mut source = quick(&server).event_timeout(SHORT).build().expect("a source");
    run(async {
        loop {
            match source.next().await.expect("not closed") {
                Item::Event(event) if event.data == "last" => break,
                Item::Event(_) | Item::Open(_) => {}
                other => panic!("{other:?}"),
            }
        }
    });
}
