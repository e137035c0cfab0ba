//! The hook before each attempt: fresh header fields and query, what it gets to know, and how often.

use sse_client::{Attempt, BoxError, ErrorKind, Item};
use std::sync::{Arc, Mutex};
use std::time::Duration;
use tests::fault::{Request, Script, Server};
use tests::source::{data, error, quick, run};

fn hello() -> Script {
    Script::stream().chunk("data: hello\n\n").stall()
}

/// Answers whoever has the token of this number.
fn guard(number: usize) -> impl Fn(&Request) -> Script + Send + Sync {
    move |request| match request.header("authorization") {
        Some(value) if value == format!("Bearer t{number}") => hello(),
        _ => Script::status(401),
    }
}

#[test]
fn every_attempt_gets_fresh_fields_and_knows_what_was_before() {
    let server = Server::scripts([
        Script::new().reset(),
        Script::status(503),
        Script::stream().chunk("retry: 3\nid: 7\ndata: 1\n\n").last_chunk(),
        hello(),
    ]);
    let seen = Arc::new(Mutex::new(Vec::new()));
    let noted = Arc::clone(&seen);
    let builder = quick(&server).query("t", "old").header("X-N", "old").header("X-N", "older");
    let builder = builder.retry_statuses(&[503]).before_attempt(move |attempt| {
        let noted = Arc::clone(&noted);
        async move {
            // It may wait for something.
            async_io::Timer::after(Duration::from_millis(1)).await;
            let number = attempt.number();
            let (failures, last) = (attempt.failures(), attempt.last_outcome());
            let id = attempt.last_event_id().to_owned();
            noted.lock().expect("no panic").push((number, failures, last, id));
            let number = number.to_string();
            Ok::<_, BoxError>(attempt.with_header("x-n", &number).with_query("t", &number))
        }
    });
    let mut source = builder.build().expect("a source");
    run(async {
        assert_eq!(data(&mut source).await, "1");
        let ended = error(&mut source).await;
        assert!(ended.retry_in() >= Some(Duration::from_millis(3)), "{ended}");
        assert_eq!(data(&mut source).await, "hello");
    });
    let expected = [
        (1, 0, None, ""),
        (2, 1, Some(ErrorKind::Broken), ""),
        (3, 2, Some(ErrorKind::Status(503)), ""),
        (4, 1, Some(ErrorKind::Ended), "7"),
    ]
    .map(|(number, failures, last, id)| (number, failures, last, id.to_owned()));
    assert_eq!(*seen.lock().expect("no panic"), expected);
    for (at, request) in server.requests().iter().enumerate() {
        let number = (at + 1).to_string();
        assert_eq!(request.header("x-n"), Some(&*number));
        assert_eq!(request.target, format!("/events?t={number}"));
    }
    assert_eq!(server.requests()[3].header("last-event-id"), Some("7"));
}

/// A hook whose n-th refresh gives the token `tN`; it refreshes after a 401.
fn refreshing() -> impl Fn(Attempt) -> std::future::Ready<Result<Attempt, BoxError>> + Send + Sync {
    let refreshed = Mutex::new(0);
    move |attempt| {
        let mut refreshed = refreshed.lock().expect("no panic");
        *refreshed += usize::from(attempt.last_outcome() == Some(ErrorKind::Status(401)));
        std::future::ready(Ok(attempt.with_bearer(&format!("t{refreshed}"))))
    }
}

#[test]
fn a_refused_token_is_refreshed_once() {
    for (good, kinds) in [
        (0, &[][..]),
        (1, &[(ErrorKind::Status(401), false)]),
        (2, &[(ErrorKind::Status(401), false), (ErrorKind::Status(401), true)]),
    ] {
        let server = Server::start(guard(good));
        let builder = quick(&server).bearer("never sent").before_attempt(refreshing());
        let mut source = builder.build().expect("a source");
        run(async {
            for (kind, last) in kinds {
                let Some(Item::Error(error)) = source.next().await else { panic!("no error") };
                assert_eq!((error.kind(), error.is_final()), (*kind, *last), "{good}");
            }
            if good < 2 {
                assert!(matches!(source.next().await, Some(Item::Open(_))));
                assert_eq!(data(&mut source).await, "hello");
            } else {
                assert!(source.next().await.is_none());
            }
        });
        assert_eq!(server.requests().len(), (good + 1).min(2));
    }
}

/// The token expires with every connection; each that served allows one more refresh.
#[test]
fn a_token_may_expire_again_after_it_has_served() {
    let server = Server::start(|request| match request.index {
        index if index % 2 == 0 => Script::status(401),
        index => Script::stream().chunk(format!("id: {index}\ndata: {index}\n\n")).last_chunk(),
    });
    let builder = quick(&server).before_attempt(refreshing()).max_failures(4);
    let mut source = builder.build().expect("a source");
    run(async {
        for index in [1, 3, 5, 7] {
            assert_eq!(data(&mut source).await, index.to_string());
        }
    });
    assert_eq!(server.requests()[7].header("last-event-id"), Some("5"));
}

/// A server that takes every token once it is refreshed, and then has nothing to say, for ever.
#[test]
fn a_refresh_that_never_helps_comes_to_an_end() {
    let server = Server::start(|request| match request.index % 2 {
        0 => Script::status(401),
        _ => Script::stream().last_chunk(),
    });
    let mut source = quick(&server).before_attempt(refreshing()).build().expect("a source");
    run(async {
        let mut kinds = Vec::new();
        while let Some(item) = source.next().await {
            if let Item::Error(error) = item {
                kinds.push(error.kind());
            }
        }
        let expected = [ErrorKind::Status(401), ErrorKind::Ended, ErrorKind::Status(401)];
        assert_eq!(kinds, expected);
    });
}

#[test]
fn a_hook_that_fails_is_a_failed_attempt() {
    let server = Server::scripts([hello()]);
    let builder = quick(&server).before_attempt(|attempt| async move {
        match attempt.number() {
            1 => Err(BoxError::from("the token service is down")),
            2 => Ok(attempt.with_header("X-A", "in\r\njected")),
            3 => Ok(attempt.with_header("Content-Length", "1")),
            _ => Ok(attempt),
        }
    });
    let mut source = builder.build().expect("a source");
    run(async {
        for told in ["the token service is down", "X-A", "Content-Length"] {
            let failed = error(&mut source).await;
            assert_eq!((failed.kind(), failed.is_final()), (ErrorKind::Attempt, false));
            assert!(failed.to_string().contains(told), "{failed}");
        }
        assert_eq!(data(&mut source).await, "hello");
    });
    assert_eq!(server.requests().len(), 1);
}

#[test]
fn setters_replace() {
    let server = Server::scripts([hello()]);
    let builder = quick(&server)
        .bearer("old")
        .basic("user", "password")
        .bearer("new")
        .user_agent("one")
        .user_agent("two")
        .header("content-type", "application/vnd.test+json")
        .post_json("{}")
        .header("Accept", "text/plain")
        .accept("text/event-stream");
    let mut source = builder.build().expect("a source");
    assert_eq!(run(data(&mut source)), "hello");
    let request = &server.requests()[0];
    // `Request::header` panics if there are several.
    assert_eq!(request.header("authorization"), Some("Bearer new"));
    assert_eq!(request.header("user-agent"), Some("two"));
    assert_eq!(request.header("content-type"), Some("application/json"));
    assert_eq!(request.header("accept"), Some("text/event-stream"));
}

#[test]
fn the_query_may_carry_the_last_event_id() {
    let server = Server::scripts([
        Script::body("id: a\u{1} &b\ndata: 1\n\n"),
        Script::body("id: 流\ndata: 2\n\n"),
        hello(),
    ]);
    let builder = quick(&server).query("x", "1").query("cursor", "old");
    let mut source = builder.last_event_id_query("cursor").build().expect("a source");
    run(async {
        for expected in ["1", "2", "hello"] {
            assert_eq!(data(&mut source).await, expected);
        }
    });
    let targets: Vec<_> = server.requests().into_iter().map(|request| request.target).collect();
    let expected = ["x=1&cursor=old", "x=1&cursor=a%01%20%26b", "x=1&cursor=%E6%B5%81"];
    assert_eq!(targets, expected.map(|query| format!("/events?{query}")));
}
