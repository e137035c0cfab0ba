//! The demos of the documents, run as programs: what each sends, byte for byte where the document is exact,
//! and what our client makes of it.

use std::io::{BufReader, Write};
use std::net::TcpListener;
use std::time::{Duration, Instant};

use testkit::Served;
use testkit::raw::{self, get, header_lines};
use tests::client::Client;
use tests::program::{start, start_with};

const SECOND: Duration = Duration::from_secs(1);
const STREAM: &str = "Accept: text/event-stream\r\n";

#[test]
fn hello_clock() {
    let demo = start("hello-clock");
    let mut raw = get(demo.address(), "/sse", STREAM);
    assert_stream_head(&raw, "text/event-stream");
    assert_eq!(raw.header("Access-Control-Allow-Origin"), Some("*"));
    let methods = raw.header("Access-Control-Allow-Methods");
    assert_eq!(methods, Some("GET, POST, PUT, DELETE"));
    let headers = raw.header("Access-Control-Allow-Headers");
    assert_eq!(headers, Some("Content-Type"));
    let greeting = "data: Hello, this is a server-sent event!\n\n";
    assert_eq!(raw.chunk().as_deref(), Some(greeting));

    let mut client = Client::open(demo.url("/sse"));
    let started = Instant::now();
    let greeting = client.event();
    assert_eq!(greeting.event_type, "message");
    assert_eq!(greeting.data, "Hello, this is a server-sent event!");
    for ticks in 1..=2 {
        assert_eq!(shape(&client.event().data), "00:00:00");
        assert!(started.elapsed() > (2 * SECOND - SECOND / 4) * ticks, "too soon");
    }
}

#[test]
fn hello_clock_has_no_other_path() {
    let demo = start("hello-clock");
    for path in ["/", "/ss", "/sse/", "/favicon.ico"] {
        let response = get(demo.address(), path, "");
        assert_eq!(response.status, 404, "{path}");
        assert_eq!(response.header("Content-Type"), Some("text/html; charset=utf-8"));
        assert!(response.text().contains("<h1>404 页面未找到</h1>"), "{path}");
    }
}

#[test]
fn counter() {
    let demo = start("counter");
    assert_page(&demo, "/", "", include_str!("../../../examples/documents/counter/page.html"));
    assert_eq!(get(demo.address(), "/other", "").status, 404);
    let raw = get(demo.address(), "/events", STREAM);
    assert_stream_head(&raw, "text/event-stream");
    assert_eq!(raw.header("Access-Control-Allow-Origin"), Some("*"));

    let mut client = Client::open(demo.url("/events"));
    for n in 0..=10 {
        let event = client.event();
        assert_eq!(event.event_type, "message");
        let expected = format!("当前时间：0000-00-00 00:00:00 计数：{}", shape(&n.to_string()));
        assert_eq!(shape(&event.data), expected);
        assert!(event.data.ends_with(&format!("计数：{n}")), "{}", event.data);
    }
    let end = client.event();
    assert_eq!((&*end.event_type, end.data.as_str()), ("end", "结束"));
    assert!(client.is_silent_for(2 * SECOND), "after the end");
    assert!(!demo.prints("client disconnected", Duration::ZERO), "too soon");
    drop(client);
    assert!(demo.prints("client disconnected", 10 * SECOND));
}

#[test]
fn counter_stops_its_timer_when_the_client_leaves() {
    let demo = start("counter");
    let mut raw = get(demo.address(), "/events", STREAM);
    assert!(raw.chunk().is_some());
    drop(raw);
    assert!(demo.prints("client disconnected", 10 * SECOND));
}

#[test]
fn identified_stream() {
    let demo = start("identified-stream");
    let page = include_str!("../../../examples/documents/identified-stream/page.html");
    assert_page(&demo, "/", "", page);
    assert_page(&demo, "/anything", "", page);
    assert_eq!(get(demo.address(), "/favicon.ico", "").status, 404);

    let mut raw = get(demo.address(), "/stream", STREAM);
    assert_stream_head(&raw, "text/event-stream;charset=utf-8");
    let chunks: Vec<String> = (0..6).filter_map(|_| raw.chunk()).collect();
    assert_eq!(chunks[0], "retry: 10000\n");
    assert_eq!(chunks[1], "event: connecttime\n");
    assert!(chunks[2].starts_with(": ") && chunks[2].ends_with('\n'));
    assert_eq!(shape(&chunks[3]), "aa: 0000000000000\n");
    assert_eq!(shape(&chunks[4]), "aaaa: Aaa Aaa 00 0000 00:00:00 AAA+0000\n\n");
    assert_eq!(shape(&chunks[5]), "aa: 0000000000000\naaaa: Aaa Aaa 00 0000 00:00:00 AAA+0000\n\n");

    let mut client = Client::open(demo.url("/stream"));
    let first = client.event();
    assert_eq!(first.event_type, "connecttime");
    assert!(first.data.ends_with(" GMT+0530"), "not the local time: {}", first.data);
    let mut last_id = first.last_event_id;
    for _ in 0..2 {
        let event = client.event();
        assert_eq!(event.event_type, "message");
        let number = |id: &str| id.parse::<u64>().expect("milliseconds");
        assert!(number(&event.last_event_id) >= number(&last_id) + 900);
        last_id = event.last_event_id;
    }
}

#[test]
fn identified_stream_is_asked_for_again_after_its_last_event() {
    let demo = start("identified-stream");
    let address = demo.address();
    let mut client = Client::open(demo.url("/stream"));
    client.event();
    let last_id = client.event().last_event_id;
    drop(demo);
    let (error, lost) = (client.error(), Instant::now());
    assert!(error.retry_in() >= Some(10 * SECOND), "retry was not heard: {error}");

    let server = TcpListener::bind(address).expect("the port is free again");
    let answered = std::thread::spawn(move || {
        let (mut socket, _) = server.accept().expect("the client comes back");
        let mut reader = BufReader::new(socket.try_clone().expect("a clone"));
        let mut request = String::new();
        std::io::BufRead::read_line(&mut reader, &mut request).expect("a request");
        let headers = header_lines(&mut reader);
        socket.write_all(b"HTTP/1.1 204 No Content\r\n\r\n").expect("the client reads");
        (request, headers)
    });
    assert!(client.error().is_final(), "204 means: do not come back");
    assert!(lost.elapsed() >= 9 * SECOND, "came back too soon");
    let (request, headers) = answered.join().expect("a request");
    assert_eq!(request, "GET /stream HTTP/1.1\r\n");
    let sent = headers.iter().find(|(name, _)| name.eq_ignore_ascii_case("Last-Event-ID"));
    assert_eq!(sent.map(|(_, value)| value.as_str()), Some(last_id.as_str()));
}

#[test]
fn identified_stream_comes_back_after_a_kill() {
    let demo = start("identified-stream");
    let address = demo.address();
    let mut client = Client::open(demo.url("/stream"));
    client.event();
    drop(demo);
    assert!(!client.error().is_final());
    let again = start_with("identified-stream", &["--addr", &address.to_string()]);
    let event = client.event();
    assert_eq!(event.event_type, "connecttime");
    assert_eq!(again.address(), address);
}

#[test]
fn start_and_stop() {
    let demo = start("start-and-stop");
    let page = include_str!("../../../examples/documents/start-and-stop/page.html");
    assert_page(&demo, "/", "Accept: text/html,*/*;q=0.8\r\n", page);
    let mut raw = get(demo.address(), "/", STREAM);
    assert_stream_head(&raw, "text/event-stream");
    assert_eq!(raw.header("Access-Control-Allow-Origin"), Some("*"));
    let date = raw.chunk().expect("a date");
    assert_eq!(shape(&date), "aaaa: Aaa Aaa 00 0000 00:00:00 AAA+0000\n\n");

    let mut client = Client::open(demo.url("/"));
    let started = Instant::now();
    assert_eq!(client.event().event_type, "message");
    assert!(client.event().data.ends_with(" GMT+0530"));
    assert!(started.elapsed() > SECOND * 7 / 4, "too soon");
    client.source.close();
    assert!(client.item().is_none(), "something after close");
}

#[test]
fn event_types() {
    let demo = start("event-types");
    let page = include_str!("../../../examples/documents/event-types/page.html");
    assert_page(&demo, "/", "Accept: text/html,*/*;q=0.8\r\n", page);
    let mut raw = get(demo.address(), "/", STREAM);
    assert_stream_head(&raw, "text/event-stream");
    assert_eq!(raw.header("Access-Control-Allow-Origin"), Some("*"));
    for expected in ["event: name\n", "data: Alice\n\n", "event: age\n", "data: 24\n\n"] {
        assert_eq!(raw.chunk().as_deref(), Some(expected));
    }

    let mut client = Client::open(demo.url("/"));
    for (expected_type, expected_data) in [("name", "Alice"), ("age", "24")] {
        let event = client.event();
        assert_eq!((&*event.event_type, event.data.as_str()), (expected_type, expected_data));
    }
    assert!(client.is_silent_for(SECOND), "the stream stays open");
}

#[test]
fn finite_stream() {
    let demo = start("finite-stream");
    let pages = [
        ("/", include_str!("../../../examples/documents/finite-stream/page-onopen.html")),
        (
            "/page-onmessage.html",
            include_str!("../../../examples/documents/finite-stream/page-onmessage.html"),
        ),
        (
            "/page-onerror.html",
            include_str!("../../../examples/documents/finite-stream/page-onerror.html"),
        ),
    ];
    for (path, page) in pages {
        assert_page(&demo, path, "", page);
    }
    let mut raw = get(demo.address(), "/sse", STREAM);
    assert_eq!(raw.status, 200);
    assert_eq!(raw.header("Content-Type"), Some("text/event-stream"));
    assert_eq!(raw.header("Access-Control-Allow-Origin"), Some("*"));
    assert_eq!(raw.header("Access-Control-Allow-Headers"), Some("*"));
    assert_eq!(raw.header("Connection"), Some("close"));
    assert_eq!(raw.header("Cache-Control"), None);
    let started = Instant::now();
    let body: String = std::iter::from_fn(|| raw.chunk()).collect();
    assert!(started.elapsed() > SECOND * 5 / 2, "ended too soon");
    assert!(raw.is_closed());
    let block = "event:lol\ndata: 123321 \n\n";
    let events = body.len() / block.len();
    assert!((5..=10).contains(&events), "{events} events");
    assert_eq!(body, block.repeat(events));

    let mut client = Client::open(demo.url("/sse"));
    let event = client.event();
    assert_eq!((&*event.event_type, event.data.as_str()), ("lol", "123321 "));
    let error = client.error();
    assert!(!error.is_final() && error.retry_in().is_some(), "{error}");
    assert_eq!(client.event().event_type, "lol", "after it has come back");
}

fn assert_stream_head(response: &raw::Response, content_type: &str) {
    assert_eq!(response.status, 200);
    assert_eq!(response.header("Content-Type"), Some(content_type));
    assert_eq!(response.header("Cache-Control"), Some("no-cache"));
    assert_eq!(response.header("Connection"), Some("keep-alive"));
    assert_eq!(response.header("Transfer-Encoding"), Some("chunked"));
}

fn assert_page(demo: &Served, path: &str, headers: &str, expected: &str) {
    let response = get(demo.address(), path, headers);
    assert_eq!(response.status, 200, "{path}");
    assert_eq!(response.header("Content-Type"), Some("text/html; charset=utf-8"));
    assert_eq!(response.text(), expected, "{path}");
}

/// Every digit as 0, every ASCII letter as a or A.
fn shape(text: &str) -> String {
    let shape = |char: char| match char {
        '0'..='9' => '0',
        'a'..='z' => 'a',
        'A'..='Z' => 'A',
        other => other,
    };
    text.chars().map(shape).collect()
}
