//! Hostile input: bounded memory, clear errors, and the stream goes on where it can.

use sse_client::{Error, ErrorKind, Item, Limits};
use tests::fault::{Script, Server};
use tests::source::{data, error, quick, run, source};

const LIMITS: Limits = Limits { data: 1000, event_type: 100, last_event_id: 100, comment: 100 };

fn limited(body: String) -> (Error, String) {
    let server = Server::scripts([Script::stream().chunk(body).stall()]);
    let mut source = quick(&server).limits(LIMITS).build().expect("a source");
    run(async { (error(&mut source).await, data(&mut source).await) })
}

#[test]
fn what_is_too_large_is_told_and_skipped() {
    let long = "x".repeat(1001);
    for (block, part) in [
        (format!("data: {long}"), "data"),
        (format!("data: {0}\ndata: {0}", "x".repeat(500)), "data"),
        (format!("event: {long}\ndata: x"), "event type"),
        (format!("id: {long}\ndata: x"), "last event ID"),
    ] {
        let (error, after) = limited(format!("{block}\n\ndata: after\n\n"));
        assert_eq!(
            (error.kind(), error.is_final(), error.retry_in()),
            (ErrorKind::Limit, false, None)
        );
        assert!(error.to_string().contains(part), "{error}");
        assert_eq!(after, "after");
    }
}

#[test]
fn a_line_without_end_costs_no_more_than_the_limit() {
    let mut script = Script::stream().chunk("data: ");
    let piece = "x".repeat(1 << 16);
    for _ in 0..64 {
        script = script.chunk(&piece);
    }
    let server = Server::scripts([script.chunk("\n\ndata: after\n\n").stall()]);
    let mut source = quick(&server).limits(LIMITS).build().expect("a source");
    run(async {
        assert_eq!(error(&mut source).await.kind(), ErrorKind::Limit);
        assert_eq!(data(&mut source).await, "after");
    });
}

#[test]
fn a_head_without_end_is_cut_off() {
    let endless = format!("HTTP/1.1 200 OK\r\nX: {}", "x".repeat(1 << 20));
    let many = format!("HTTP/1.1 200 OK\r\n{}\r\n", "A: b\r\n".repeat(1000));
    let informational = "HTTP/1.1 100 Continue\r\n\r\n".repeat(4000);
    for head in [endless, many, informational] {
        let server = Server::scripts([Script::new().raw(head)]);
        let error = run(error(&mut source(&server)));
        assert_eq!((error.kind(), error.is_final()), (ErrorKind::HeadTooLarge, true));
    }
}

#[test]
fn informational_heads_are_passed_over() {
    let early = "HTTP/1.1 103 Early Hints\r\nLink: </a>\r\n\r\nHTTP/1.1 100 Continue\r\n\r\n";
    let server = Server::scripts([Script::new()
        .raw(early)
        .append(Script::stream().chunk("data: 1\n\n").stall())]);
    run(async { assert_eq!(data(&mut source(&server)).await, "1") });
}

#[test]
fn bytes_that_are_not_utf_8_are_replaced() {
    let server =
        Server::scripts([Script::stream().chunk(b"id: \xff\ndata: a\xe6\xb5b\xff\n\n").stall()]);
    let mut source = source(&server);
    run(async { assert_eq!(data(&mut source).await, "a\u{fffd}b\u{fffd}") });
    assert_eq!(source.last_event_id(), "\u{fffd}");
}

#[test]
fn random_bytes_end_in_errors_and_nothing_worse() {
    let mut random = tests::streams::Random::new(7);
    for _ in 0..200 {
        let length = random.below(300);
        let bytes: Vec<u8> = (0..length).map(|_| random.below(256) as u8).collect();
        let head = if random.below(2) == 0 { Script::new() } else { Script::stream() };
        let server = Server::scripts([head.raw(bytes)]);
        let mut source = source(&server);
        run(async { while !matches!(source.next().await, Some(Item::Error(_)) | None) {} });
    }
}
