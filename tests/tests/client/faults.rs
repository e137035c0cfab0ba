//! Servers that are wrong in ways that were met in the wild: each is told for what it is, and none is
//! asked for ever at full speed.

use sse_client::{ErrorKind, EventSource, Item};
use std::time::{Duration, Instant};
use tests::fault::{Front, Script, Server};
use tests::source::{data, error, event, quick, quick_url, run, source};

/// Much less than the head timeout, which would notice it too.
const AT_ONCE: Duration = Duration::from_secs(5);

fn hello() -> Script {
    Script::stream().chunk("data: hello\n\n").stall()
}

/// The first so many items, in a bounded time.
fn items(source: &mut EventSource, count: usize) -> Vec<Item> {
    run(async {
        let mut items = Vec::new();
        while items.len() < count {
            items.push(source.next().await.expect("not closed"));
        }
        items
    })
}

#[test]
fn an_end_without_an_event_is_a_failure_however_polite() {
    let head = "Content-Type: text/event-stream\r\n";
    for script in [
        Script::stream().last_chunk(),
        Script::head(200, &format!("{head}Content-Length: 0\r\n")),
        Script::body(""),
        Script::body(": welcome\nretry: 1\n\n"),
        Script::body("{\"error\": \"no such model\"}"),
    ] {
        let server = Server::scripts([script]);
        let mut source = quick(&server).max_failures(5).build().expect("a source");
        run(async {
            for last in [false, false, false, false, true] {
                assert_eq!(error(&mut source).await.is_final(), last);
            }
            assert!(source.next().await.is_none());
        });
        assert_eq!(server.requests().len(), 5);
    }
}

#[test]
fn an_end_without_an_event_backs_off() {
    let server = Server::scripts([Script::stream().last_chunk()]);
    let builder = quick(&server).jitter(false).reconnection_time(Duration::from_millis(2));
    let mut source = builder.build().expect("a source");
    run(async {
        for millis in [2, 4, 8, 16, 32] {
            let delay = error(&mut source).await.retry_in();
            assert_eq!(delay, Some(Duration::from_millis(millis)));
        }
    });
}

#[test]
fn an_end_after_an_event_or_a_cursor_is_none() {
    for delivery in ["data: 1\n\n", "id: 1\n\n"] {
        let server = Server::start(move |request| {
            let block = delivery.replace('1', &request.index.to_string());
            Script::stream().chunk(block).last_chunk()
        });
        let builder = quick(&server).max_failures(2).jitter(false);
        let mut source =
            builder.reconnection_time(Duration::from_millis(2)).build().expect("a source");
        run(async {
            for _ in 0..6 {
                let error = error(&mut source).await;
                assert_eq!(error.retry_in(), Some(Duration::from_millis(2)), "{delivery:?}");
            }
        });
    }
}

/// The connection stays open: only the bytes tell.
#[test]
fn what_cannot_be_an_answer_is_known_at_once() {
    for bytes in [
        &b"SSH-2.0-OpenSSH_9.2p1 Debian-2\r\n"[..],
        b"\x15\x03\x01\x00\x02\x02\x0a",
        b"\x00\x00\x12\x04\x00\x00\x00\x00\x00\x00\x03\x00\x00\x00\x64",
        b"220 smtp.test ESMTP\r\n",
        b"HTTP/2 200\r\n",
        b"ICY 200 OK\r\n",
        b"HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nno colon here\r\n",
        b"HTTP/1.1 200 OK\r\n: no name\r\n",
    ] {
        for size in [1, 1000] {
            let script = Script::new().pieces(size).raw(bytes).stall();
            let server = Server::scripts([script, hello()]);
            let mut source = source(&server);
            let begun = Instant::now();
            let malformed = run(error(&mut source));
            let told = bytes.escape_ascii();
            assert_eq!(malformed.kind(), ErrorKind::Malformed, "{told}");
            assert!(!malformed.is_final() && begun.elapsed() < AT_ONCE, "{told}");
            assert_eq!(malformed.to_string().contains("https://"), bytes[0] == 0x15, "{malformed}");
            assert_eq!(run(data(&mut source)), "hello");
        }
    }
}

#[test]
fn a_line_without_a_colon_is_not_a_connection_that_ended_too_soon() {
    for (line, kind) in [
        ("no colon here\r\n", ErrorKind::Malformed),
        ("no colon here", ErrorKind::Malformed),
        ("nocolon\r\n", ErrorKind::Malformed),
        ("Content-Ty", ErrorKind::Truncated),
    ] {
        let server = Server::scripts([Script::new().raw(format!("HTTP/1.1 200 OK\r\n{line}"))]);
        assert_eq!(run(error(&mut source(&server))).kind(), kind, "{line:?}");
    }
}

/// "A user agent that receives an obs-fold in a response message [...] MUST replace each received
/// obs-fold with one or more SP octets prior to interpreting the field value." (RFC 9112 5.2)
#[test]
fn a_folded_field_is_read() {
    let folded = "Content-Type:\r\n text/event-stream;\r\n\tcharset=utf-8\r\nX-A: a\r\n  b\r\n";
    let server = Server::scripts([Script::head(200, folded).raw("data: 1\n\n").stall()]);
    let mut source = source(&server);
    run(async {
        let Some(Item::Open(open)) = source.next().await else { panic!("not open") };
        assert_eq!(open.head().header("x-a"), Some("a    b"));
        assert_eq!(data(&mut source).await, "1");
    });
}

#[test]
fn transfer_codings() {
    let chunked = "Transfer-Encoding: chunked\r\n";
    for (fields, body) in [
        (format!("{chunked}{chunked}"), "9\r\ndata: 1\n\n\r\n"),
        ("Transfer-Encoding: chunked, chunked\r\n".to_owned(), "9\r\ndata: 1\n\n\r\n"),
        ("Transfer-Encoding: identity\r\n".to_owned(), "data: 1\n\n"),
    ] {
        let head = Script::head(200, &format!("Content-Type: text/event-stream\r\n{fields}"));
        let server = Server::scripts([head.raw(body).stall()]);
        assert_eq!(run(data(&mut source(&server))), "1", "{fields}");
    }
    for (coding, told) in [("gzip, chunked", "gzip"), ("br", "br"), ("chunked, \"x", "\\\"x")] {
        let fields = format!("Content-Type: text/event-stream\r\nTransfer-Encoding: {coding}\r\n");
        let server = Server::scripts([Script::head(200, &fields).stall()]);
        let error = run(error(&mut source(&server)));
        assert_eq!((error.kind(), error.is_final()), (ErrorKind::TransferEncoding, true));
        assert!(error.to_string().ends_with(told), "{error}");
    }
}

/// Servers say so to keep proxies from compressing.
#[test]
fn a_content_encoding_of_none_is_none() {
    for coding in ["none", "identity", "None"] {
        let fields = format!("Content-Type: text/event-stream\r\nContent-Encoding: {coding}\r\n");
        let server = Server::scripts([Script::head(200, &fields).raw("data: 1\n\n").stall()]);
        assert_eq!(run(data(&mut source(&server))), "1", "{coding}");
    }
    let fields = "Content-Type: text/event-stream\r\nContent-Encoding: br\r\n";
    let server = Server::scripts([Script::head(200, fields).stall()]);
    let error = run(error(&mut source(&server)));
    assert_eq!((error.kind(), error.is_final()), (ErrorKind::ContentEncoding, true));
    assert!(error.to_string().ends_with("it is br"), "{error}");
}

#[test]
fn a_short_delay_is_told_in_milliseconds() {
    let server = Server::scripts([Script::stream().last_chunk()]);
    let builder = quick(&server).jitter(false).reconnection_time(Duration::from_millis(20));
    let error = run(error(&mut builder.build().expect("a source")));
    assert!(error.to_string().ends_with("; next try in 20 ms"), "{error}");
}

#[test]
fn the_builders_order_does_not_matter() {
    let server = Server::start(|_| Script::stream().chunk("data: 1\n\n").last_chunk());
    for (builder, again) in [
        (quick(&server).resend(true).method("POST"), true),
        (quick(&server).method("POST").resend(true), true),
        (quick(&server).resend(true).post_json("{}"), true),
        (quick(&server).resend(false).method("PUT"), false),
        (quick(&server).method("PUT").resend(false), false),
        (quick(&server).method("POST").method("GET"), true),
        (quick(&server).method("GET").method("POST"), false),
    ] {
        let mut source = builder.build().expect("a source");
        assert_eq!(run(error(&mut source)).is_final(), !again);
    }
}

/// "a field named by the empty string": what is left of a comment is what follows the colon, but one
/// space, as with every field.
#[test]
fn of_a_comment_one_space_is_removed() {
    let server = Server::scripts([Script::body(":a\n: b\n:  c\n:\n").stall()]);
    let mut source = quick(&server).details(true).build().expect("a source");
    let comments = items(&mut source, 5).into_iter().skip(1).map(|item| match item {
        Item::Comment(text) => text,
        other => panic!("{other:?}"),
    });
    assert_eq!(comments.collect::<Vec<_>>(), ["a", "b", " c", ""]);
}

#[test]
fn lines_that_are_no_field_are_details() {
    let body = "data: 1\n{\"error\":\r\n \"overloaded\"}\n\n<html>\nid: 5\n\ndata: 2\n\n";
    let expected = ["{\"error\":", " \"overloaded\"}", "1", "<html>", "#5", "2"];
    for size in [1, 2, 7, 1000] {
        let script = Script::new().pieces(size).append(Script::stream().chunk(body).stall());
        let server = Server::scripts([script]);
        let mut source = quick(&server).details(true).build().expect("a source");
        let words =
            items(&mut source, 1 + expected.len()).into_iter().skip(1).map(|item| match item {
                Item::Ignored(line) => line,
                Item::Event(event) => event.data,
                Item::LastEventId(id) => format!("#{id}"),
                other => panic!("{other:?}"),
            });
        assert_eq!(words.collect::<Vec<_>>(), expected, "by {size}");
    }
}

#[test]
fn an_id_that_a_header_cannot_carry_is_not_sent() {
    let server = Server::scripts([
        Script::body("id: a\u{1}b\ndata: 1\n\n"),
        Script::body("id: c\td\ndata: 2\n\n"),
        hello(),
    ]);
    let mut source = source(&server);
    run(async {
        assert_eq!(event(&mut source).await.last_event_id, "a\u{1}b");
        assert_eq!(data(&mut source).await, "2");
        assert_eq!(data(&mut source).await, "hello");
    });
    let requests = server.requests();
    assert_eq!(requests[1].header("last-event-id"), None);
    assert_eq!(requests[2].header("last-event-id"), Some("c\td"));
}

#[test]
fn https_at_a_port_of_http_is_told() {
    let bad_request = "HTTP/1.1 400 Bad Request\r\nContent-Length: 0\r\n\r\n";
    // The fault server takes a TLS handshake for no request at all, so a bare one answers.
    let listener = std::net::TcpListener::bind("127.0.0.1:0").expect("a port");
    let address = listener.local_addr().expect("an address");
    let answering = std::thread::spawn(move || {
        use std::io::{Read, Write};
        let (mut stream, _) = listener.accept().expect("a client");
        let _ = stream.read(&mut [0; 1024]);
        stream.write_all(bad_request.as_bytes()).expect("it listens");
        let _ = stream.read(&mut [0; 1024]);
    });
    let mut source =
        EventSource::builder(&format!("https://{address}/")).build().expect("a source");
    let error = run(error(&mut source));
    assert_eq!((error.kind(), error.is_final()), (ErrorKind::Tls, false));
    assert!(error.to_string().contains("http://"), "{error}");
    drop(source);
    answering.join().expect("no panic");
}

#[test]
fn http_at_a_port_of_https_is_told() {
    let server = Server::scripts([hello()]);
    let front = Front::tls(server.address(), &["localhost"]);
    let mut source = quick_url(&format!("http://{}/", front.address())).build().expect("a source");
    let error = run(error(&mut source));
    assert_eq!(error.kind(), ErrorKind::Malformed);
    assert!(error.to_string().contains("https://"), "{error}");
}

/// The environment is that of a process, so the test runs itself again in one of its own.
#[test]
fn a_proxy_that_cannot_be_used_matters_only_where_it_is_chosen() {
    const NAME: &str = "faults::a_proxy_that_cannot_be_used_matters_only_where_it_is_chosen";
    if std::env::var_os("SSE_TEST_IN_CHILD").is_some() {
        let mut source = quick_url("http://sse.test/a").proxy_from_env().build().expect("a source");
        run(async { assert_eq!(data(&mut source).await, "hello") });
        assert_eq!(run(error(&mut source)).kind(), ErrorKind::Ended);
        let refused = run(error(&mut source));
        assert_eq!(refused.kind(), ErrorKind::Proxy, "{refused}");
        assert!(EventSource::builder("https://sse.test/").proxy_from_env().build().is_err());
        return;
    }
    let proxy = Server::scripts([
        Script::stream().chunk("data: hello\n\n").last_chunk(),
        Script::redirect(302, "https://sse.test/"),
    ]);
    let mut child = std::process::Command::new(std::env::current_exe().expect("this program"));
    child.args(["--exact", NAME]).env("SSE_TEST_IN_CHILD", "1").env("ALL_PROXY", "socks5://s");
    child.env("http_proxy", proxy.url("/"));
    for name in ["no_proxy", "NO_PROXY", "https_proxy", "HTTPS_PROXY", "all_proxy"] {
        child.env_remove(name);
    }
    let output = child.output().expect("a child");
    let said = String::from_utf8_lossy(&output.stdout);
    assert!(output.status.success() && said.contains("1 passed"), "{said}");
}

#[test]
fn a_reconnection_time_of_ten_days_is_capped() {
    let server = Server::scripts([Script::body("retry: 864000000\ndata: 1\n\n")]);
    let day = Duration::from_secs(24 * 60 * 60);
    for (most, least) in [(None, day), (Some(Duration::from_secs(7)), Duration::from_secs(7))] {
        let mut builder = quick(&server).jitter(false);
        if let Some(most) = most {
            builder = builder.max_reconnection_time(most);
        }
        let lost = run(error(&mut builder.build().expect("a source")));
        assert_eq!(lost.retry_in(), Some(least));
    }
}
