//! The behaviours that the web-platform-tests' `eventsource` directory asks of browsers, as far as a
//! client outside a browser can have them. Each test bears the name of the file it stands for.
//!
//! Without a counterpart: what belongs to documents and workers (bfcache, document.domain, realms,
//! prototypes, `EventTarget`, stringification of the argument) and to CORS.

use sse_client::{BuildError, ErrorKind, EventSource, Item, Open, ReadyState, UrlError};
use std::time::Duration;
use tests::fault::{Gate, Script, Server};
use tests::source::{data, error, event, quick, quick_url, run, source, until_error};

/// Events as (type, data, last event ID), up to the end of a body.
fn events(body: impl AsRef<[u8]>) -> Vec<(String, String, String)> {
    let server = Server::scripts([Script::body(body)]);
    let (events, _) = run(until_error(&mut source(&server)));
    events.into_iter().map(|it| (it.event_type.into_owned(), it.data, it.last_event_id)).collect()
}

/// The data of all events of type `message`.
fn messages(body: impl AsRef<[u8]>) -> Vec<String> {
    let messages = events(body).into_iter().filter(|(event_type, _, _)| event_type == "message");
    messages.map(|(_, data, _)| data).collect()
}

/// Whether a response of this type opens a stream.
fn opens(content_type: &str) -> bool {
    let head = format!("Content-Type: {content_type}\r\n");
    let server = Server::scripts([Script::head(200, &head).raw("data: ok…\n\n")]);
    let mut source = source(&server);
    run(async {
        match source.next().await.expect("an item") {
            Item::Open(_) => {
                assert_eq!(data(&mut source).await, "ok…");
                true
            }
            Item::Error(error) => {
                assert_eq!((error.kind(), error.is_final()), (ErrorKind::ContentType, true));
                assert_eq!(source.ready_state(), ReadyState::Closed);
                false
            }
            other => panic!("{other:?}"),
        }
    })
}

async fn open(source: &mut EventSource) -> Open {
    match source.next().await {
        Some(Item::Open(open)) => open,
        other => panic!("not open: {other:?}"),
    }
}

#[test]
fn event_data() {
    let body = "data:msg\ndata:msg\n\n:\nfalsefield:msg\n\nfalsefield:msg\nData:data\n\ndata\n\ndata:end\n\n";
    assert_eq!(messages(body), ["msg\nmsg", "", "end"]);
}

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

#[test]
fn format_bom() {
    assert_eq!(messages("\u{feff}data:1\n\n\u{feff}data:2\n\ndata:3\n\n"), ["1", "3"]);
}

#[test]
fn format_bom_2() {
    assert_eq!(messages("\u{feff}\u{feff}data:1\n\ndata:2\n\ndata:3\n\n"), ["2", "3"]);
}

#[test]
fn format_comments() {
    let long = "x".repeat(2 * 1024);
    let body =
        format!("data:1\r:\0\n:\r\ndata:2\n:{long}\rdata:3\n:data:fail\r:{long}\ndata:4\n\n");
    assert_eq!(messages(body), ["1\n2\n3\n4"]);
}

#[test]
fn format_data_before_final_empty_line() {
    let server = Server::scripts([
        Script::body("retry:1000\ndata:test1\n\nid:test\ndata:test2"),
        Script::status(204),
    ]);
    let mut source = source(&server);
    run(async {
        let (events, _) = until_error(&mut source).await;
        assert_eq!(events.len(), 1);
        assert_eq!((&*events[0].data, &*events[0].last_event_id), ("test1", ""));
        assert_eq!(source.last_event_id(), "");
    });
}

#[test]
fn format_field_data() {
    assert_eq!(messages("data:\n\ndata\ndata\n\ndata:test\n\n"), ["", "\n", "test"]);
}

#[test]
fn format_field_event() {
    let expected = [("test", "x"), ("message", "x")];
    let found = events("event:test\ndata:x\n\ndata:x\n\n");
    let found: Vec<_> = found.iter().map(|(kind, data, _)| (&**kind, &**data)).collect();
    assert_eq!(found, expected);
}

#[test]
fn format_field_event_empty() {
    assert_eq!(messages("event: \ndata:data\n\n"), ["data"]);
}

#[test]
fn format_field_id() {
    let server = Server::start(|request| {
        let id = request.header("last-event-id").map(str::to_owned);
        Script::body(format!("id: …\nretry: 20\ndata: {}\n\n", id.as_deref().unwrap_or("hello")))
    });
    let mut source = source(&server);
    run(async {
        for expected in ["hello", "…", "…"] {
            let event = event(&mut source).await;
            assert_eq!((&*event.data, &*event.last_event_id), (expected, "…"));
        }
    });
}

/// The second file of the name lets the ID stand over connections that bring none.
#[test]
fn format_field_id_2() {
    let server = Server::start(|request| match request.header("last-event-id") {
        None => Script::body("id: …\ndata: hello\n\n"),
        Some(id) => Script::body(format!("data: {id}\n\n")),
    });
    let mut source = source(&server);
    run(async {
        for expected in ["hello", "…", "…"] {
            let event = event(&mut source).await;
            assert_eq!((&*event.data, &*event.last_event_id), (expected, "…"));
        }
    });
}

#[test]
fn format_field_id_3() {
    for (body, expected) in [
        ("id: 1\ndata: 1\n\ndata:2\n\n", &["1", "1"][..]),
        ("id: 1\ndata: 1\n\nid: 2\ndata:2\n\ndata:3\n\n", &["1", "2", "2"]),
        ("id: 1\ndata: 1\n\nid:\ndata:2\n\ndata:3\n\n", &["1", "", ""]),
    ] {
        let ids: Vec<_> = events(body).into_iter().map(|(_, _, id)| id).collect();
        assert_eq!(ids, expected, "{body:?}");
    }
}

#[test]
fn format_field_id_null() {
    for id in ["\0\0", "x\0", "\0x", "x\0x", " \0"] {
        let server = Server::scripts([Script::body(format!("id:{id}\ndata:hello\n\n"))]);
        let mut source = source(&server);
        run(async {
            for _ in 0..2 {
                assert_eq!(event(&mut source).await.last_event_id, "");
            }
        });
        assert_eq!(server.requests()[1].header("last-event-id"), None, "{id:?}");
    }
}

#[test]
fn format_field_parsing() {
    let body = "data:\0\ndata:  2\rData:1\ndata\0:2\ndata:1\r\0data:4\nda-ta:3\rdata_5\ndata:3\rdata:\r\n data:32\ndata:4\n\n";
    assert_eq!(messages(body), ["\0\n 2\n1\n3\n\n4"]);
}

fn retry_after_stream(body: &str) -> Duration {
    let server = Server::scripts([Script::body(body)]);
    let builder = quick(&server).reconnection_time(Duration::from_secs(7));
    run(error(&mut builder.build().expect("a source"))).retry_in().expect("a delay")
}

#[test]
fn format_field_retry() {
    let delay = retry_after_stream("retry:3000\ndata:test\n\n");
    assert!((Duration::from_secs(3)..=Duration::from_millis(4500)).contains(&delay), "{delay:?}");
}

#[test]
fn format_field_retry_bogus() {
    for bogus in ["1000x", "-1000", "1e3", "0x3e8", "", "１０００"] {
        let delay = retry_after_stream(&format!("retry:3000\nretry:{bogus}\ndata:test\n\n"));
        assert!((Duration::from_secs(3)..=Duration::from_millis(4500)).contains(&delay), "{bogus}");
    }
}

#[test]
fn format_field_retry_empty() {
    assert_eq!(messages("retry\ndata:test\n\n"), ["test"]);
    assert!(retry_after_stream("retry\ndata:test\n\n") >= Duration::from_secs(7));
}

#[test]
fn format_field_unknown() {
    let body = "data:test\n data\ndata\nfoobar:xxx\njustsometext\n:thisisacommentyay\n\n";
    assert_eq!(messages(body), ["test\n"]);
}

#[test]
fn format_leading_space() {
    assert_eq!(messages("data:\ttest\rdata: \ndata:test\n\n"), ["\ttest\n\ntest"]);
}

#[test]
fn format_mime_bogus() {
    for content_type in ["x bogus", "", "text/event-stream2", "application/json", "text/plain"] {
        assert!(!opens(content_type), "{content_type:?}");
    }
}

#[test]
fn format_mime_trailing_semicolon() {
    assert!(opens("text/event-stream;"));
}

#[test]
fn format_mime_valid_bogus() {
    assert!(opens("text/event-stream;x bogus"));
}

#[test]
fn format_newlines() {
    assert_eq!(messages("data:test\r\ndata\ndata:test\r\n\r"), ["test\n\ntest"]);
}

#[test]
fn format_null_character() {
    assert_eq!(messages("data:\0\n\n\n\n"), ["\0"]);
}

#[test]
fn format_utf_8() {
    assert!(opens("text/event-stream;charset=windows-1252"));
}

#[test]
fn request_accept() {
    let server = Server::scripts([Script::stream().stall()]);
    run(open(&mut source(&server)));
    assert_eq!(server.requests()[0].header("accept"), Some("text/event-stream"));
}

#[test]
fn request_cache_control() {
    let target = Server::scripts([Script::stream().stall()]);
    let url = target.url("/");
    let server = Server::start(move |_| Script::redirect(302, &url));
    run(open(&mut source(&server)));
    for request in [&server.requests()[0], &target.requests()[0]] {
        assert_eq!(request.header("cache-control"), Some("no-cache"));
    }
}

/// There is no cookie store: cookies are sent when the caller sets them, and to their origin only.
#[test]
fn request_credentials() {
    let target = Server::scripts([Script::stream().stall()]);
    let url = target.url("/");
    let server = Server::start(move |_| {
        Script::head(302, &format!("Location: {url}\r\nSet-Cookie: a=b\r\nContent-Length: 0\r\n"))
    });
    run(open(&mut quick(&server).header("Cookie", "test").build().expect("a source")));
    assert_eq!(server.requests()[0].header("cookie"), Some("test"));
    assert_eq!(target.requests()[0].header("cookie"), None);
}

#[test]
fn request_redirect() {
    for status in [301, 302, 303, 307] {
        let server = Server::start(move |request| match &*request.target {
            "/message" => Script::stream().stall(),
            _ => Script::redirect(status, "/message"),
        });
        let mut source = quick_url(&server.url("/redirect")).build().expect("a source");
        run(async { assert_eq!(open(&mut source).await.url(), server.url("/message")) });
    }
}

#[test]
fn request_status_error() {
    for status in [204, 205, 210, 299, 404, 410, 503] {
        let fields = "Content-Type: text/event-stream\r\n";
        let server = Server::scripts([Script::head(status, fields).raw("data: data\n\n")]);
        let mut source = source(&server);
        let error = run(error(&mut source));
        assert_eq!((error.kind(), error.is_final()), (ErrorKind::Status(status), true));
        assert_eq!(source.ready_state(), ReadyState::Closed);
        assert!(run(source.next()).is_none());
    }
}
