//! Connecting, losing the connection, coming back.

use sse_client::{ErrorKind, EventSource, Item, ReadyState};
use std::time::Duration;
use testkit::port;
use tests::fault::{Gate, Script, Server};
use tests::source::{data, error, quick, run, source};

#[test]
fn every_framing_delivers_the_same_events_at_every_piece_size() {
    let stream = "data: one\n\nevent: e\r\nid: 7\r\ndata: two\r\ndata\r\n\r\n: c\n\n";
    let head = "Content-Type: text/event-stream\r\n";
    let scripts = [
        Script::body(stream),
        Script::head(200, &format!("{head}Content-Length: {}\r\n", stream.len())).raw(stream),
        Script::stream().chunk(stream).last_chunk(),
        Script::stream()
            .chunk(&stream[..9])
            .chunk(&stream[9..20])
            .chunk(&stream[20..])
            .last_chunk(),
    ];
    for script in scripts {
        for size in [1, 2, 3, 7, 1000] {
            let mut pieces = Script::new().pieces(size);
            pieces = pieces.append(script.clone());
            let server = Server::scripts([pieces]);
            let mut source = source(&server);
            run(async {
                assert!(matches!(source.next().await, Some(Item::Open(_))));
                assert_eq!(source.ready_state(), ReadyState::Open);
                let Some(Item::Event(first)) = source.next().await else { panic!("no event") };
                assert_eq!((&*first.event_type, &*first.data), ("message", "one"));
                let Some(Item::Event(second)) = source.next().await else { panic!("no event") };
                assert_eq!((&*second.event_type, &*second.data), ("e", "two\n"));
                assert_eq!((&*second.last_event_id, source.last_event_id()), ("7", "7"));
                let Some(Item::Error(error)) = source.next().await else { panic!("no error") };
                assert_eq!((error.kind(), error.is_final()), (ErrorKind::Ended, false));
                assert_eq!(source.ready_state(), ReadyState::Connecting);
            });
        }
    }
}

#[test]
fn reconnects_with_the_last_event_id_and_the_reconnection_time() {
    let server = Server::scripts([
        Script::stream().chunk("retry: 30\nid: a 流\ndata: 1\n\nid: b\ndata: cut").reset(),
        Script::stream().chunk("data: 2\n\n").stall(),
    ]);
    let mut source = source(&server);
    run(async {
        assert_eq!(data(&mut source).await, "1");
        let error = error(&mut source).await;
        let delay = error.retry_in().expect("a delay");
        let range = Duration::from_millis(30)..=Duration::from_millis(45);
        assert!(range.contains(&delay), "{delay:?}");
        assert_eq!(data(&mut source).await, "2");
    });
    assert_eq!(source.last_event_id(), "a 流");
    let requests = server.requests();
    assert_eq!(requests[0].header("last-event-id"), None);
    assert_eq!(requests[1].header("last-event-id"), Some("a 流"));
}

#[test]
fn what_a_network_does_is_tried_again() {
    let head = "Content-Type: text/event-stream\r\n";
    for (script, kind) in [
        (Script::new(), ErrorKind::Broken),
        (Script::new().reset(), ErrorKind::Broken),
        (Script::new().raw("HTTP/1.1 200 OK\r\nConte"), ErrorKind::Truncated),
        (Script::new().raw("SSH-2.0-OpenSSH\r\n\r\n"), ErrorKind::Malformed),
        (Script::stream().chunk("data: x\n"), ErrorKind::Truncated),
        (Script::stream().raw("5\r\ndat"), ErrorKind::Truncated),
        (Script::stream().raw("5\r\ndata:"), ErrorKind::Truncated),
        (Script::stream().raw("0\r\nX: y\r\n"), ErrorKind::Truncated),
        (Script::stream().raw("zz\r\n"), ErrorKind::Malformed),
        (Script::stream().chunk(": hi\n").reset(), ErrorKind::Broken),
        (
            Script::head(200, &format!("{head}Content-Length: 9\r\n")).raw("data"),
            ErrorKind::Truncated,
        ),
        (Script::body(""), ErrorKind::Ended),
    ] {
        let server = Server::scripts([script, Script::stream().chunk("data: back\n\n").stall()]);
        let mut source = source(&server);
        run(async {
            let error = error(&mut source).await;
            assert_eq!(error.kind(), kind);
            assert!(error.retry_in().is_some() && !error.is_final());
            assert_eq!(data(&mut source).await, "back");
        });
    }
}

#[test]
fn what_a_server_says_is_final() {
    for (script, kind) in [
        (Script::status(204), ErrorKind::Status(204)),
        (Script::status(404), ErrorKind::Status(404)),
        (Script::status(500), ErrorKind::Status(500)),
        (Script::head(200, "").raw("data: x\n\n"), ErrorKind::ContentType),
        (
            Script::head(200, "Content-Type: text/plain\r\n").raw("data: x\n\n"),
            ErrorKind::ContentType,
        ),
    ] {
        let server = Server::scripts([script]);
        let mut source = source(&server);
        run(async {
            let Some(Item::Error(error)) = source.next().await else { panic!("no error") };
            assert_eq!((error.kind(), error.is_final(), error.retry_in()), (kind, true, None));
            assert_eq!(source.ready_state(), ReadyState::Closed);
            assert!(source.next().await.is_none() && source.next().await.is_none());
        });
        assert_eq!(server.requests().len(), 1);
    }
}

#[test]
fn a_refused_connection_is_tried_again() {
    let address = port::free();
    let mut source = EventSource::builder(&format!("http://{address}/"))
        .reconnection_time(Duration::from_millis(10))
        .min_delay(Duration::ZERO)
        .build()
        .expect("a source");
    run(async {
        let refused = error(&mut source).await;
        assert_eq!((refused.kind(), refused.is_final()), (ErrorKind::Connect, false));
        let listener = std::net::TcpListener::bind(address).expect("the port is free");
        let server = Server::on(listener, |_| Script::stream().chunk("data: up\n\n").stall());
        assert_eq!(data(&mut source).await, "up");
        drop(server);
    });
}

#[test]
fn nothing_is_delivered_after_close() {
    let server = Server::scripts([Script::stream().chunk("data: 1\n\ndata: 2\n\n").stall()]);
    let mut source = source(&server);
    run(async {
        assert_eq!(data(&mut source).await, "1");
        source.close();
        assert_eq!(source.ready_state(), ReadyState::Closed);
        assert!(source.next().await.is_none());
    });
    server.wait_until_idle(Duration::from_secs(5));
    assert_eq!(server.requests().len(), 1);
}

#[test]
fn restart_opens_a_closed_source_with_its_cursor() {
    let server = Server::scripts([
        Script::stream().chunk("id: 5\ndata: 1\n\ndata: not seen").stall(),
        Script::stream().chunk("data: 2\n\n").stall(),
    ]);
    let mut source = source(&server);
    run(async {
        assert_eq!(data(&mut source).await, "1");
        source.close();
        source.restart();
        assert_eq!(source.ready_state(), ReadyState::Connecting);
        assert_eq!(data(&mut source).await, "2");
    });
    assert_eq!(server.requests()[1].header("last-event-id"), Some("5"));
}

#[test]
fn restart_leaves_an_open_connection() {
    let server = Server::scripts([
        Script::stream().chunk("id: 5\ndata: 1\n\ndata: dropped\n\nid: 6\ndata: cut").stall(),
        Script::stream().chunk("data: 2\n\n").stall(),
    ]);
    let mut source = source(&server);
    run(async {
        assert_eq!(data(&mut source).await, "1");
        source.restart();
        assert_eq!(source.ready_state(), ReadyState::Connecting);
        assert_eq!(data(&mut source).await, "2");
    });
    assert_eq!(server.requests()[1].header("last-event-id"), Some("5"));
    assert_eq!(source.last_event_id(), "5");
}

#[test]
fn restart_does_not_wait_out_a_delay() {
    let server = Server::scripts([
        Script::stream().chunk("retry: 600000\ndata: 1\n\n").last_chunk(),
        Script::stream().chunk("data: 2\n\n").stall(),
    ]);
    let mut source = source(&server);
    run(async {
        assert!(error(&mut source).await.retry_in() >= Some(Duration::from_secs(600)));
        source.restart();
        assert_eq!(data(&mut source).await, "2");
    });
}

#[test]
fn restart_forgets_failures() {
    let server = Server::scripts([Script::new().reset()]);
    let mut source = quick(&server).max_failures(2).build().expect("a source");
    run(async {
        for _ in 0..3 {
            assert!(!error(&mut source).await.is_final());
            source.restart();
        }
    });
}

#[test]
fn an_event_is_delivered_when_its_blank_line_is() {
    let gate = Gate::new();
    let script =
        Script::stream().chunk("data: now\n\n").wait(&gate).chunk("data: later\n\n").stall();
    let server = Server::scripts([script]);
    let mut source = source(&server);
    run(async {
        assert_eq!(data(&mut source).await, "now");
        gate.open();
        assert_eq!(data(&mut source).await, "later");
    });
}
