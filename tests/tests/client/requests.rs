//! What is sent, and where redirects lead.

use sse_client::{BuildError, ErrorKind, EventSource, RedirectError, UrlError};
use std::time::Duration;
use testkit::port;
use tests::fault::{Request, Script, Server};
use tests::source::{data, error, event, quick, quick_url, run, source};

fn hello() -> Script {
    Script::stream().chunk("data: hello\n\n").stall()
}

/// The only request that `server` got from a source of `url`, which got an answer.
fn sent(build: impl FnOnce(&Server) -> EventSource) -> Request {
    let server = Server::scripts([hello()]);
    let mut source = build(&server);
    run(async { assert_eq!(data(&mut source).await, "hello") });
    let mut requests = server.requests();
    assert_eq!(requests.len(), 1);
    requests.remove(0)
}

#[test]
fn headers_of_the_standard() {
    let request = sent(source);
    assert_eq!((&*request.method, &*request.target), ("GET", "/events"));
    assert_eq!(request.header("accept"), Some("text/event-stream"));
    assert_eq!(request.header("cache-control"), Some("no-cache"));
    assert_eq!(request.header("last-event-id"), None);
    assert!(request.header("host").is_some_and(|host| host.starts_with("127.0.0.1:")));
}

#[test]
fn what_an_api_asks_for() {
    let request = sent(|server| {
        quick(server)
            .query("model", "a b")
            .query("n", "1")
            .post_json(r#"{"stream":true}"#)
            .bearer("t0ken")
            .header("X-Trace", "1")
            .header("X-Trace", "2")
            .user_agent("robot/1")
            .last_event_id("42")
            .build()
            .expect("a source")
    });
    assert_eq!((&*request.method, &*request.target), ("POST", "/events?model=a%20b&n=1"));
    assert_eq!(request.body, br#"{"stream":true}"#);
    assert_eq!(request.header("content-type"), Some("application/json"));
    assert_eq!(request.header("authorization"), Some("Bearer t0ken"));
    assert_eq!(request.header("user-agent"), Some("robot/1"));
    assert_eq!(request.header("last-event-id"), Some("42"));
    let traces = request.headers.iter().filter(|(name, _)| name == "X-Trace");
    assert_eq!(traces.map(|(_, value)| &**value).collect::<Vec<_>>(), [b"1", b"2"]);
}

#[test]
fn basic_authentication_by_call_or_by_url() {
    let expected = Some("Basic dXNlcjpwYXNzOndvcmQ=");
    let by_call = sent(|it| quick(it).basic("user", "pass:word").build().expect("a source"));
    assert_eq!(by_call.header("authorization"), expected);
    let by_url = sent(|it| {
        let url = it.url("/").replace("//", "//user:pass%3Aword@");
        quick_url(&url).build().expect("a source")
    });
    assert_eq!(by_url.header("authorization"), expected);
}

#[test]
fn a_body_of_64_kib_arrives_whole_and_again_on_reconnect() {
    let body: Vec<u8> = (0..65_536).map(|at| (at % 251) as u8).collect();
    let server = Server::scripts([Script::stream().chunk("data: 1\n\n").reset(), hello()]);
    let builder = quick(&server).method("POST").resend(true).body(body.clone());
    let mut source = builder.build().expect("a source");
    run(async {
        assert_eq!(data(&mut source).await, "1");
        assert_eq!(data(&mut source).await, "hello");
    });
    let requests = server.requests();
    assert_eq!(requests.len(), 2);
    assert!(requests.iter().all(|request| request.body == body && request.method == "POST"));
}

#[test]
fn a_post_is_not_repeated_unless_asked() {
    for script in [
        Script::stream().chunk("data: 1\n\n").reset(),
        Script::stream().last_chunk(),
        Script::new(),
    ] {
        let server = Server::scripts([script, hello()]);
        let mut source = quick(&server).post_json("{}").build().expect("a source");
        run(async {
            assert!(error(&mut source).await.is_final());
            assert!(source.next().await.is_none());
        });
        assert_eq!(server.requests().len(), 1);
    }
}

#[test]
fn methods_that_may_be_repeated_are() {
    for (method, repeated) in [
        ("GET", true),
        ("PUT", true),
        ("DELETE", true),
        ("OPTIONS", true),
        ("PATCH", false),
        ("REPORT", false),
    ] {
        let server = Server::scripts([Script::stream().last_chunk(), hello()]);
        let mut source = quick(&server).method(method).build().expect("a source");
        assert_eq!(run(error(&mut source)).is_final(), !repeated, "{method}");
    }
}

/// An address that refuses connections.
fn refusing() -> String {
    format!("http://{}/", port::free())
}

#[test]
fn a_post_that_was_not_sent_is_tried_again() {
    let mut source = quick_url(&refusing()).post_json("{}").build().expect("a source");
    let error = run(error(&mut source));
    assert_eq!((error.kind(), error.is_final()), (ErrorKind::Connect, false));
}

/// The server that redirected it has seen it, and may have acted on it.
#[test]
fn a_redirected_post_counts_as_sent() {
    let target = refusing();
    let server = Server::start(move |_| Script::redirect(307, &target));
    let mut source = quick(&server).post_json("{}").build().expect("a source");
    let error = run(error(&mut source));
    assert_eq!((error.kind(), error.is_final()), (ErrorKind::Connect, true));
}

#[test]
fn what_cannot_be_built() {
    let url = "http://h/";
    let build = EventSource::builder;
    for (builder, expected) in [
        (build("h"), BuildError::Url(UrlError::NoScheme)),
        (build("ws://h/"), BuildError::Url(UrlError::UnsupportedScheme)),
        (build(url).method("G T"), BuildError::Method("G T".into())),
        (build(url).method("HEAD"), BuildError::Method("HEAD".into())),
        (build(url).header("a b", ""), BuildError::Header("a b".into())),
        (build(url).header("a", "x\r\nInjected: 1"), BuildError::Header("a".into())),
        (build(url).bearer("x\n"), BuildError::Header("Authorization".into())),
        (
            build(url).header("content-LENGTH", "1"),
            BuildError::ReservedHeader("content-LENGTH".into()),
        ),
        (build(url).proxy("socks5://h"), BuildError::Proxy(UrlError::UnsupportedScheme)),
        // The first mistake is the one that is told.
        (build(url).method("").header("a b", ""), BuildError::Method("".into())),
    ] {
        assert_eq!(builder.build().err(), Some(expected));
    }
    for id in ["a\nb", "a\rb", "a\0b", &"x".repeat(5000)] {
        let error = build(url).last_event_id(id).build().err();
        assert!(matches!(error, Some(BuildError::LastEventId(_))), "{error:?}");
    }
}

#[test]
fn redirects_are_followed_relative_and_absolute() {
    for status in [301, 302, 303, 307, 308] {
        let target = Server::scripts([hello()]);
        let absolute = target.url("/stream");
        let server = Server::start(move |request| match &*request.target {
            "/a/events" => Script::redirect(status, "../b?x=1#part"),
            "/b?x=1" => Script::redirect(status, &absolute),
            _ => Script::status(500),
        });
        let builder = quick_url(&server.url("/a/events")).last_event_id("7");
        let mut source = builder.build().expect("a source");
        run(async { assert_eq!(data(&mut source).await, "hello") });
        let request = &target.requests()[0];
        assert_eq!(request.target, "/stream");
        assert_eq!(request.header("last-event-id"), Some("7"));
        assert_eq!(request.header("host"), Some(&*target.address().to_string()));
    }
}

#[test]
fn a_reconnect_begins_at_the_original_url() {
    let server = Server::start(|request| match &*request.target {
        "/events" => Script::redirect(307, "/real"),
        _ => Script::stream().chunk(format!("data: {}\n\n", request.index)).last_chunk(),
    });
    let mut source = source(&server);
    run(async {
        assert_eq!(data(&mut source).await, "1");
        assert_eq!(data(&mut source).await, "3");
    });
    let targets: Vec<_> = server.requests().into_iter().map(|request| request.target).collect();
    assert_eq!(targets[..4], ["/events", "/real", "/events", "/real"]);
}

#[test]
fn methods_and_bodies_over_redirects() {
    for (status, method) in [(301, "GET"), (302, "GET"), (303, "GET"), (307, "POST"), (308, "POST")]
    {
        let server = Server::start(move |request| match &*request.target {
            "/events" => Script::redirect(status, "/there"),
            _ => hello(),
        });
        let mut source = quick(&server).post_json("{}").build().expect("a source");
        run(async { assert_eq!(data(&mut source).await, "hello") });
        let request = &server.requests()[1];
        assert_eq!(request.method, method, "{status}");
        assert_eq!(request.body.is_empty(), method == "GET", "{status}");
        assert_eq!(request.header("content-type").is_none(), method == "GET", "{status}");
    }
}

#[test]
fn secrets_stay_with_their_origin() {
    let target = Server::scripts([hello()]);
    let elsewhere = target.url("/");
    let server = Server::start(move |request| match &*request.target {
        "/events" => Script::redirect(302, "/same"),
        _ => Script::redirect(302, &elsewhere),
    });
    let url = server.url("/events").replace("//", "//user:password@");
    let builder = quick_url(&url).header("Cookie", "c=1").header("X-Api-Key", "k");
    let mut source = builder.header("Accept-Language", "de").build().expect("a source");
    run(async { assert_eq!(data(&mut source).await, "hello") });
    let same = &server.requests()[1];
    assert_eq!((same.header("cookie"), same.header("x-api-key")), (Some("c=1"), Some("k")));
    let other = &target.requests()[0];
    for secret in ["authorization", "cookie", "x-api-key"] {
        assert_eq!(other.header(secret), None, "{secret}");
    }
    assert_eq!(other.header("accept-language"), Some("de"));
}

#[test]
fn redirects_that_lead_nowhere_are_final() {
    for (script, expected) in [
        (Script::status(302), RedirectError::NoLocation),
        (Script::redirect(302, "ftp://h/"), RedirectError::InvalidLocation),
        (Script::redirect(302, "/events"), RedirectError::Loop),
    ] {
        let server = Server::scripts([script]);
        let mut source = source(&server);
        let error = run(error(&mut source));
        assert_eq!((error.kind(), error.is_final()), (ErrorKind::Redirect(expected), true));
        assert_eq!(server.requests().len(), 1);
    }
    let server = Server::start(|request| Script::redirect(302, &format!("/{}", request.index)));
    let mut source = quick(&server).redirect_limit(5).build().expect("a source");
    let error = run(error(&mut source));
    assert_eq!(error.kind(), ErrorKind::Redirect(RedirectError::TooMany));
    assert_eq!(server.requests().len(), 6);
}

#[test]
fn the_answer_to_a_refused_request_can_be_read() {
    let fields = "Content-Type: application/json\r\nX-Request: 9\r\nContent-Length: 18\r\n";
    let server = Server::scripts([Script::head(401, fields).raw(r#"{"error":"key é"}"#)]);
    let mut source = source(&server);
    let error = run(error(&mut source));
    let response = error.response().expect("a response");
    assert_eq!(response.head().status(), 401);
    assert_eq!(response.head().header("X-REQUEST"), Some("9"));
    assert_eq!(response.text(), r#"{"error":"key é"}"#);
}

#[test]
fn the_answer_is_read_up_to_64_kib_and_in_every_framing() {
    let long = "x".repeat(100_000);
    for script in [
        Script::head(500, "").raw(&long),
        Script::head(500, "Content-Length: 100000\r\n").raw(&long),
        Script::head(500, "Transfer-Encoding: chunked\r\n")
            .chunk(&long[..50_000])
            .chunk(&long[..50_000]),
    ] {
        let server = Server::scripts([script]);
        let error = run(error(&mut source(&server)));
        assert_eq!(error.response().map(|it| it.body().len()), Some(65_536));
    }
    let short =
        Script::head(500, "Transfer-Encoding: chunked\r\n").chunk("gone").last_chunk().stall();
    let server = Server::scripts([short]);
    let error = run(error(&mut source(&server)));
    assert_eq!(error.response().map(|it| it.text()), Some("gone".to_owned()));
}

#[test]
fn the_answer_is_not_waited_for_once_it_is_full_and_not_long_before() {
    for (length, least, most) in [(70_000, 0, 1500), (7, 1500, 10_000)] {
        let script = Script::head(500, "").raw("x".repeat(length)).stall();
        let server = Server::scripts([script]);
        let begun = std::time::Instant::now();
        let error = run(error(&mut source(&server)));
        assert_eq!(error.response().map(|it| it.body().len()), Some(length.min(65_536)));
        let range = Duration::from_millis(least)..Duration::from_millis(most);
        assert!(range.contains(&begun.elapsed()), "{length}: {:?}", begun.elapsed());
    }
}

/// As when a body is too large for a server: it answers, reads no more, and closes.
#[cfg(unix)]
#[test]
fn an_answer_counts_even_when_the_request_could_not_be_written() {
    use futures_lite::AsyncWriteExt;
    use std::os::unix::net::UnixStream;

    let builder = quick_url("http://pipe/").post_json("{}").connector(|_| async {
        let (client, mut server) = async_io::Async::<UnixStream>::pair()?;
        server.write_all(b"HTTP/1.1 413 Content Too Large\r\n\r\nat most 1 byte").await?;
        Ok(client)
    });
    let error = run(error(&mut builder.build().expect("a source")));
    assert_eq!(error.kind(), ErrorKind::Status(413), "{error}");
    assert_eq!(error.response().map(|it| it.text()), Some("at most 1 byte".to_owned()));
}

#[test]
fn named_statuses_are_tried_again_when_they_say_when() {
    let server = Server::scripts([
        Script::head(503, "Retry-After: 1\r\nContent-Length: 4\r\n").raw("busy"),
        Script::status(429),
        hello(),
    ]);
    let builder = quick(&server).retry_statuses(&[429, 503]);
    let mut source = builder.build().expect("a source");
    run(async {
        let busy = error(&mut source).await;
        assert_eq!((busy.kind(), busy.is_final()), (ErrorKind::Status(503), false));
        assert_eq!(busy.retry_in(), Some(Duration::from_secs(1)));
        assert_eq!(busy.response().map(|it| it.text()), Some("busy".to_owned()));
        let many = error(&mut source).await;
        assert_eq!((many.kind(), many.is_final()), (ErrorKind::Status(429), false));
        assert_eq!(event(&mut source).await.data, "hello");
    });
}
