//! The files named `eventsource-*`: an event source from its construction to its end.

use super::{events, open};
use sse_client::{BuildError, EventSource, ReadyState, UrlError};
use std::time::Duration;
use tests::fault::{Gate, Script, Server};
use tests::source::{data, error, event, quick, run, source, until_error};

#[test]
fn eventsource_close() {
    let server = Server::scripts([
        Script::body("id: 1\ndata: opened\n\n"),
        Script::body("data: reconnected\n\n"),
        Script::status(204),
    ]);
    let mut source = source(&server);
    run(async {
        assert_eq!(source.ready_state(), ReadyState::Connecting);
        open(&mut source).await;
        assert_eq!(source.ready_state(), ReadyState::Open);
        assert_eq!(event(&mut source).await.data, "opened");
        error(&mut source).await;
        assert_eq!(source.ready_state(), ReadyState::Connecting);
        assert_eq!(event(&mut source).await.data, "reconnected");
        error(&mut source).await;
        assert_eq!(source.ready_state(), ReadyState::Connecting);
        assert!(error(&mut source).await.is_final());
        assert_eq!(source.ready_state(), ReadyState::Closed);
        assert!(source.next().await.is_none());
    });
    assert_eq!(server.requests().len(), 3);
    let server = Server::scripts([Script::stream().chunk("data: not seen\n\n").stall()]);
    let mut source = quick(&server).build().expect("a source");
    run(async {
        open(&mut source).await;
        source.close();
        assert_eq!(source.ready_state(), ReadyState::Closed);
        assert!(source.next().await.is_none());
    });
}

#[test]
fn eventsource_constructor_empty_url() {
    let error = EventSource::new("").err();
    assert_eq!(error, Some(BuildError::Url(UrlError::NoScheme)));
}

#[test]
fn eventsource_constructor_url_bogus() {
    for url in ["http://this is invalid/", "http://h:-1/", "http://[x]/"] {
        assert!(matches!(EventSource::new(url), Err(BuildError::Url(_))), "{url}");
    }
}

#[test]
fn eventsource_onmessage() {
    assert_eq!(events("data: data\n\n"), [("message".into(), "data".into(), "".into())]);
}

#[test]
fn eventsource_onopen() {
    let server = Server::scripts([Script::stream().stall()]);
    let mut source = source(&server);
    run(async {
        assert_eq!(open(&mut source).await.head().status(), 200);
        assert_eq!(source.ready_state(), ReadyState::Open);
    });
}

#[test]
fn eventsource_reconnect() {
    let server = Server::scripts([
        Script::body("retry: 2\nid: 2\ndata: ok\n\n"),
        Script::body("data: data\n\n"),
    ]);
    let mut source = source(&server);
    run(async {
        let (before, lost) = until_error(&mut source).await;
        assert_eq!(before.iter().map(|it| &*it.data).collect::<Vec<_>>(), ["ok"]);
        assert!(!lost.is_final());
        assert_eq!(source.ready_state(), ReadyState::Connecting);
        assert_eq!(data(&mut source).await, "data");
    });
    assert_eq!(server.requests()[1].header("last-event-id"), Some("2"));
}

#[test]
fn eventsource_request_cancellation() {
    let gate = Gate::new();
    let late = Script::new().wait(&gate).append(Script::body("retry:1000\ndata:abc\n\n"));
    let server = Server::scripts([late]);
    let mut source = source(&server);
    run(async {
        let polled = futures_lite::future::poll_once(source.next()).await;
        assert!(polled.is_none());
        while server.requests().is_empty() {
            let _ = futures_lite::future::poll_once(source.next()).await;
            async_io::Timer::after(Duration::from_millis(1)).await;
        }
        source.close();
        gate.open();
        assert_eq!(source.ready_state(), ReadyState::Closed);
        assert!(source.next().await.is_none());
    });
    server.wait_until_idle(Duration::from_secs(5));
    assert_eq!(server.requests().len(), 1);
}

#[test]
fn eventsource_url() {
    let server = Server::scripts([Script::stream().stall()]);
    let mut source = source(&server);
    run(async { assert_eq!(open(&mut source).await.url(), server.url("/events")) });
}
