//! One request, one answer: a stream, a body, or a status alone; and what counts as a stream.

use sse_client::{BuildError, Cut, EndedBy, ErrorKind, Item, ReadyState, Resend};
use std::error::Error as _;
use std::time::{Duration, Instant};
use tests::fault::{Script, Server};
use tests::source::{data, error, quick, run, source};

const JSON: &str = "Content-Type: application/json\r\n";

fn hello() -> Script {
    Script::stream().chunk("data: hello\n\n").stall()
}

#[test]
fn an_answer_is_a_stream_or_a_body_or_a_status_alone() {
    let server = Server::scripts([
        Script::stream().chunk("id: 1\ndata: a\n\n").last_chunk(),
        Script::head(200, &format!("{JSON}Content-Length: 8\r\n")).raw("{\"a\": 1}"),
        Script::head(202, "Mcp-Session-Id: s\r\nContent-Length: 0\r\n"),
        Script::head(404, JSON).raw("{}"),
    ]);
    let request = quick(&server).accept("application/json, text/event-stream").post_json("{}");
    run(async {
        let answer = request.clone().send().await.expect("an answer");
        assert_eq!((answer.status(), answer.url()), (200, &*server.url("/events")));
        let mut source = answer.into_events().expect("a stream");
        assert_eq!(source.ready_state(), ReadyState::Open);
        let Some(Item::Event(event)) = source.next().await else { panic!("an event is first") };
        assert_eq!((&*event.data, source.last_event_id()), ("a", "1"));
        let ended = error(&mut source).await;
        assert_eq!((ended.kind(), ended.is_final()), (ErrorKind::Ended, true));

        let answer = request.clone().send().await.expect("an answer");
        let answer = answer.into_events().expect_err("no stream");
        assert_eq!(answer.head().content_type(), Some("application/json"));
        assert_eq!(answer.text().await.expect("a body"), "{\"a\": 1}");

        let answer = request.clone().send().await.expect("an answer");
        assert_eq!((answer.status(), answer.head().header("mcp-session-id")), (202, Some("s")));
        assert_eq!(answer.bytes().await.expect("a body"), b"");

        let answer = request.send().await.expect("an answer");
        let answer = answer.into_events().expect_err("no stream");
        assert_eq!((answer.status(), &*answer.text().await.expect("a body")), (404, "{}"));
    });
    let accept = server.requests()[0].header("accept").map(str::to_owned);
    assert_eq!(accept.as_deref(), Some("application/json, text/event-stream"));
}

#[test]
fn a_source_from_an_answer_comes_back_as_the_builder_says() {
    let server = Server::scripts([
        Script::stream().chunk("id: 1\nretry: 0\ndata:\n\n").last_chunk(),
        Script::stream().chunk("id: 2\ndata: rest\n\n").stall(),
    ]);
    let request = quick(&server).post_json("{}").resume_by_get(true);
    run(async {
        let answer = request.send().await.expect("an answer");
        let mut source = answer.into_events().expect("a stream");
        assert_eq!(data(&mut source).await, "");
        assert!(!error(&mut source).await.is_final());
        assert!(matches!(source.next().await, Some(Item::Open(_))));
        assert_eq!(data(&mut source).await, "rest");
    });
    let requests = server.requests();
    let resumed = &requests[1];
    assert_eq!((&*requests[0].method, &*requests[0].body), ("POST", &b"{}"[..]));
    assert_eq!((&*resumed.method, resumed.header("last-event-id")), ("GET", Some("1")));
    assert_eq!((&*resumed.body, resumed.header("content-type")), (&b""[..], None));
    assert_eq!(resumed.header("content-length"), None);
}

#[test]
fn without_an_id_there_is_nothing_to_resume() {
    let server = Server::scripts([Script::stream().chunk("data: 1\n\n").last_chunk(), hello()]);
    let mut source = quick(&server).post_json("{}").resume_by_get(true).build().expect("a source");
    assert!(run(error(&mut source)).is_final());
    assert_eq!(server.requests().len(), 1);
}

#[test]
fn a_body_streams_in_every_framing_and_is_bounded() {
    let long = "x".repeat(300_000);
    let chunked = "Transfer-Encoding: chunked\r\n";
    for script in [
        Script::head(200, JSON).raw(&long),
        Script::head(200, &format!("{JSON}Content-Length: 300000\r\n")).raw(&long),
        Script::head(200, &format!("{JSON}{chunked}"))
            .chunk(&long[..9])
            .chunk(&long[9..])
            .last_chunk(),
    ] {
        let server = Server::scripts([script]);
        run(async {
            let mut answer = quick(&server).send().await.expect("an answer");
            let (mut length, mut pieces) = (0, 0);
            while let Some(bytes) = answer.chunk().await.expect("a body") {
                assert!(!bytes.is_empty() && bytes.len() <= 128 * 1024);
                (length, pieces) = (length + bytes.len(), pieces + 1);
            }
            assert!(length == 300_000 && pieces > 1, "{length} in {pieces}");
            assert_eq!(answer.chunk().await.expect("its end"), None);
            let whole = quick(&server).body_limit(300_000).send().await.expect("an answer");
            assert_eq!(whole.text().await.expect("a body"), long);
            let answer = quick(&server).body_limit(299_999).send().await.expect("an answer");
            let error = answer.bytes().await.expect_err("too large");
            assert_eq!((error.kind(), error.is_final()), (ErrorKind::BodyTooLarge, true));
        });
    }
}

#[test]
fn a_body_that_does_not_come_whole_is_an_error() {
    for (script, kind) in [
        (Script::head(200, "Content-Length: 9\r\n").raw("{\"a\":"), ErrorKind::Truncated),
        (Script::head(200, "Transfer-Encoding: chunked\r\n").raw("9\r\n{"), ErrorKind::Truncated),
        (Script::head(200, "Content-Length: 9\r\n").raw("{").reset(), ErrorKind::Broken),
        (Script::head(200, "Content-Length: 9\r\n").raw("{").stall(), ErrorKind::SilenceTimeout),
        (Script::head(200, "Content-Encoding: br\r\n").raw("{"), ErrorKind::ContentEncoding),
        (Script::head(200, "Transfer-Encoding: br\r\n").raw("{"), ErrorKind::TransferEncoding),
    ] {
        let server = Server::scripts([script]);
        run(async {
            let request = quick(&server).silence_timeout(Duration::from_millis(300));
            let mut answer = request.send().await.expect("an answer");
            let error = loop {
                match answer.chunk().await {
                    Ok(part) => assert!(part.is_some(), "{kind}"),
                    Err(error) => break error,
                }
            };
            assert_eq!((error.kind(), error.is_final()), (kind, true));
            assert_eq!(answer.chunk().await.expect("it is over"), None);
        });
    }
}

#[test]
fn what_cannot_be_sent_is_told() {
    run(async {
        let built = tests::source::quick_url("ftp://h/").send().await.expect_err("no URL");
        assert_eq!(built.kind(), ErrorKind::Build);
        let source = built.source().and_then(|it| it.downcast_ref::<BuildError>());
        assert!(matches!(source, Some(BuildError::Url(_))), "{built}");
        let server = Server::scripts([Script::new()]);
        let broken = quick(&server).send().await.expect_err("no answer");
        assert_eq!((broken.kind(), broken.is_final()), (ErrorKind::Broken, true));
    });
    let server = Server::scripts([Script::redirect(307, "/there"), hello()]);
    let answer = run(quick(&server).post_json("{}").send()).expect("an answer");
    assert_eq!(answer.url(), server.url("/there"));
}

#[test]
fn what_counts_as_a_stream_is_the_callers_to_say() {
    let body = "data: 1\n\n";
    let html = Script::head(200, "Content-Type: text/html\r\n").raw("<html>");
    for (fields, types, untyped, opened) in [
        ("Content-Type: text/plain\r\n", &[][..], false, false),
        ("Content-Type: Text/Plain; charset=utf-8\r\n", &["text/plain"], false, true),
        ("Content-Type: application/stream+json\r\n", &["text/plain"], true, false),
        ("", &[], false, false),
        ("", &[], true, true),
    ] {
        let server = Server::scripts([Script::head(200, fields).raw(body).stall()]);
        let builder = quick(&server).stream_types(types).stream_without_type(untyped);
        let mut source = builder.build().expect("a source");
        let item = run(source.next());
        assert_eq!(matches!(item, Some(Item::Open(_))), opened, "{fields:?} {types:?}");
    }
    let server = Server::scripts([html.clone(), html, hello()]);
    let mut source = quick(&server).retry_types(&["text/html"]).build().expect("a source");
    run(async {
        let deploying = error(&mut source).await;
        assert_eq!((deploying.kind(), deploying.is_final()), (ErrorKind::ContentType, false));
        assert_eq!(data(&mut source).await, "hello");
    });
}

#[test]
fn a_refusal_names_the_type_at_once() {
    for (fields, body, told) in [
        ("Content-Type: text/plain\r\n", "data: 1\n\n", "it is text/plain"),
        ("Transfer-Encoding: chunked\r\n", "9\r\ndata: 1\n\n\r\n", "it has no type"),
        ("Content-Type: Text/HTML;a=b\r\n", "", "it is Text/HTML"),
    ] {
        let server = Server::scripts([Script::head(200, fields).raw(body).stall()]);
        let begun = Instant::now();
        let refused = run(error(&mut source(&server)));
        assert!(begun.elapsed() < Duration::from_millis(1500), "{:?}", begun.elapsed());
        assert!(refused.is_final() && refused.to_string().ends_with(told), "{refused}");
        let response = refused.response().expect("a response");
        assert_eq!(response.cut(), Some(Cut::Time));
        assert_eq!(response.text().is_empty(), body.is_empty());
    }
}

#[test]
fn a_body_that_was_cut_says_so() {
    let long = "x".repeat(65_537);
    let whole = "x".repeat(65_536);
    for (script, cut) in [
        (Script::head(500, "").raw("whole"), None),
        (Script::head(500, "Content-Length: 5\r\n").raw("whole").stall(), None),
        (Script::head(500, "Content-Length: 65536\r\n").raw(whole).stall(), None),
        (Script::head(500, "").raw(&long), Some(Cut::Size)),
        (Script::head(500, "Content-Length: 9\r\n").raw("{").stall(), Some(Cut::Time)),
        (Script::head(500, "Content-Length: 9\r\n").raw("{"), Some(Cut::Broken)),
        (Script::head(500, "Content-Encoding: br\r\n").raw("{"), Some(Cut::Broken)),
        (Script::status(500), None),
    ] {
        let server = Server::scripts([script]);
        let refused = run(error(&mut source(&server)));
        assert_eq!(refused.response().map(|it| it.cut()), Some(cut));
    }
}

#[test]
fn milliseconds_to_wait_count_beside_seconds() {
    let busy = Script::head(429, "Retry-After: 1\r\nretry-after-ms: 70\r\nContent-Length: 0\r\n");
    let server = Server::scripts([busy, hello()]);
    let mut source = quick(&server).retry_statuses(&[429]).build().expect("a source");
    run(async {
        assert_eq!(error(&mut source).await.retry_in(), Some(Duration::from_millis(70)));
        assert_eq!(data(&mut source).await, "hello");
    });
}

#[test]
fn a_post_is_sent_again_until_its_first_event_and_not_after() {
    let server = Server::scripts([
        Script::new().reset(),
        Script::stream().last_chunk(),
        Script::stream().chunk("data: 1\n\n").reset(),
        hello(),
    ]);
    let builder = quick(&server).post_json("{}").resend(Resend::UntilEvent);
    let mut source = builder.build().expect("a source");
    run(async {
        for (kind, last) in
            [(ErrorKind::Broken, false), (ErrorKind::Ended, false), (ErrorKind::Broken, true)]
        {
            let lost = error(&mut source).await;
            assert_eq!((lost.kind(), lost.is_final()), (kind, last), "{lost}");
        }
    });
    assert_eq!(server.requests().len(), 3);
}

#[test]
fn the_end_says_whether_the_stream_is_complete() {
    let head = "Content-Type: text/event-stream\r\n";
    let body = "data: 1\n\n";
    for (script, by, unfinished) in [
        (Script::stream().chunk(body).last_chunk(), EndedBy::LastChunk, 0),
        (Script::stream().chunk("data: 1\n").last_chunk(), EndedBy::LastChunk, 8),
        (Script::stream().chunk("data: 1\n\r\nid: 2").last_chunk(), EndedBy::LastChunk, 5),
        (
            Script::head(200, &format!("{head}Content-Length: 9\r\n")).raw(body),
            EndedBy::ContentLength,
            0,
        ),
        (Script::body(body), EndedBy::Close, 0),
        (Script::body("data: 1\n\n: c"), EndedBy::Close, 3),
        (Script::stream().chunk("data: 1\n\nda"), EndedBy::Break, 2),
        (Script::stream().chunk(body).raw("zz"), EndedBy::Break, 0),
        (Script::stream().chunk("data").stall(), EndedBy::Break, 4),
    ] {
        for size in [1, 1000] {
            let script = Script::new().pieces(size).append(script.clone());
            let server = Server::scripts([script]);
            let builder = quick(&server).silence_timeout(Duration::from_millis(500));
            let lost = run(error(&mut builder.build().expect("a source")));
            let ending = lost.ending().expect("there was a stream");
            assert_eq!((ending.by(), ending.unfinished()), (by, unfinished), "{lost}");
            let complete = matches!(by, EndedBy::LastChunk | EndedBy::ContentLength);
            assert_eq!(ending.is_complete(), complete);
        }
    }
    let server = Server::scripts([Script::status(500)]);
    assert_eq!(run(error(&mut source(&server))).ending(), None);
}

#[test]
fn a_source_ends_for_good_after_the_event_that_says_so() {
    let server = Server::scripts([
        Script::stream().chunk("data: a\n\n").last_chunk(),
        Script::stream().chunk("data: b\n\ndata: [DONE]\n\ndata: not asked for\n\n").stall(),
    ]);
    let builder = quick(&server).until(|event| event.data() == "[DONE]");
    let expected = ["a", "b", "[DONE]"];
    let mut owned = builder.clone().build().expect("a source");
    let mut seen = Vec::new();
    run(async {
        while let Some(item) = owned.next().await {
            if let Item::Event(event) = item {
                seen.push(event.data);
            }
        }
    });
    assert_eq!(
        (seen, owned.ready_state()),
        (expected.map(str::to_owned).to_vec(), ReadyState::Closed)
    );
    server.wait_until_idle(Duration::from_secs(5));
    assert_eq!(server.requests().len(), 2);
    let mut lent = builder.build().expect("a source");
    let mut seen = Vec::new();
    run(async {
        while let Some(item) = lent.next_ref().await {
            if let sse_client::ItemRef::Event(event) = item {
                seen.push(event.data().to_owned());
            }
        }
        // Only a restart opens it again.
        assert!(lent.next().await.is_none());
        lent.restart();
        assert_eq!(data(&mut lent).await, "b");
    });
    assert_eq!(seen, expected[1..]);
}
