//! The files named `format-*`, and `event-data`: what a stream says.

use super::{events, messages, opens};
use std::time::Duration;
use tests::fault::{Script, Server};
use tests::source::{error, event, quick, run, source, until_error};

#[test]
fn event_data() {
    let body = "data:msg\ndata:msg\n\n:\nfalsefield:msg\n\nfalsefield:msg\nData:data\n\ndata\n\ndata:end\n\n";
    assert_eq!(messages(body), ["msg\nmsg", "", "end"]);
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

/// The first event, and then what the server was told in the next requests.
fn hears_its_id(server: &Server) {
    let mut source = source(server);
    run(async {
        for expected in ["hello", "…", "…"] {
            let event = event(&mut source).await;
            assert_eq!((&*event.data, &*event.last_event_id), (expected, "…"));
        }
    });
}

#[test]
fn format_field_id() {
    let server = Server::start(|request| {
        let id = request.header("last-event-id").map(str::to_owned);
        Script::body(format!("id: …\nretry: 20\ndata: {}\n\n", id.as_deref().unwrap_or("hello")))
    });
    hears_its_id(&server);
}

/// The second file of the name lets the ID stand over connections that bring none.
#[test]
fn format_field_id_2() {
    let server = Server::start(|request| match request.header("last-event-id") {
        None => Script::body("id: …\ndata: hello\n\n"),
        Some(id) => Script::body(format!("data: {id}\n\n")),
    });
    hears_its_id(&server);
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
