//! Compressed streams.

use flate2::Compression;
use flate2::write::GzEncoder;
use sse_client::{ErrorKind, Limits};
use std::io::Write;
use tests::fault::{Gate, Script, Server};
use tests::source::{data, error, quick, run, source, until_error};

const HEAD: &str = "Content-Type: text/event-stream\r\nContent-Encoding: gzip\r\n";

fn gzip(text: &str) -> Vec<u8> {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::default());
    encoder.write_all(text.as_bytes()).expect("memory");
    encoder.finish().expect("memory")
}

#[test]
fn it_is_asked_for_unless_it_is_not_wanted() {
    let server = Server::scripts([Script::stream().chunk("data: plain\n\n").stall()]);
    run(async { assert_eq!(data(&mut source(&server)).await, "plain") });
    let mut source = quick(&server).gzip(false).build().expect("a source");
    run(async { assert_eq!(data(&mut source).await, "plain") });
    assert_eq!(server.requests()[0].header("accept-encoding"), Some("gzip"));
    assert_eq!(server.requests()[1].header("accept-encoding"), Some("identity"));
}

#[test]
fn every_piece_size_gives_the_same_events() {
    let text: String = (0..50).map(|at| format!("id: {at}\ndata: event {at}\n\n")).collect();
    for size in [1, 2, 3, 100, 10_000] {
        let script = Script::new().pieces(size).append(Script::head(200, HEAD).raw(gzip(&text)));
        let server = Server::scripts([script]);
        let (events, lost) = run(until_error(&mut source(&server)));
        assert_eq!(lost.kind(), ErrorKind::Ended);
        let expected: Vec<_> = (0..50).map(|at| format!("event {at}")).collect();
        assert_eq!(events.into_iter().map(|it| it.data).collect::<Vec<_>>(), expected, "{size}");
    }
}

#[test]
fn a_stream_of_several_members_is_one_stream() {
    let body = [gzip("data: 1\n\nda"), gzip("ta: 2\n\n")].concat();
    let server = Server::scripts([Script::head(200, HEAD).raw(body).stall()]);
    let mut source = source(&server);
    run(async {
        assert_eq!(data(&mut source).await, "1");
        assert_eq!(data(&mut source).await, "2");
    });
}

#[test]
fn no_event_is_held_back() {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::default());
    let mut flushed = |text: &str| {
        encoder.write_all(text.as_bytes()).expect("memory");
        encoder.flush().expect("memory");
        std::mem::take(encoder.get_mut())
    };
    let head = format!("{HEAD}Transfer-Encoding: chunked\r\n");
    let gates: Vec<_> = (0..20).map(|_| Gate::new()).collect();
    let mut script = Script::head(200, &head);
    for (at, gate) in gates.iter().enumerate() {
        script = script.chunk(flushed(&format!("data: {at}\n\n"))).wait(gate);
    }
    let server = Server::scripts([script.stall()]);
    let mut source = source(&server);
    run(async {
        for (at, gate) in gates.iter().enumerate() {
            assert_eq!(data(&mut source).await, at.to_string());
            gate.open();
        }
    });
}

#[test]
fn a_bomb_meets_the_limits() {
    let bomb = gzip(&format!("data: {}\n\ndata: after\n\n", "x".repeat(50 << 20)));
    assert!(bomb.len() < 100_000);
    let server = Server::scripts([Script::head(200, HEAD).raw(bomb).stall()]);
    let limits = Limits { data: 1 << 16, ..Limits::DEFAULT };
    let mut source = quick(&server).limits(limits).build().expect("a source");
    run(async {
        let error = error(&mut source).await;
        assert_eq!((error.kind(), error.retry_in()), (ErrorKind::Limit, None));
        assert_eq!(data(&mut source).await, "after");
    });
}

#[test]
fn what_is_not_gzip_is_an_error() {
    for (body, kind) in [
        (b"data: not compressed\n\n".to_vec(), ErrorKind::Malformed),
        (
            // A header, and a block of a type that does not exist.
            [&gzip("")[..10], &[7; 40]].concat(),
            ErrorKind::Malformed,
        ),
    ] {
        let server = Server::scripts([Script::head(200, HEAD).raw(body).stall()]);
        let error = run(error(&mut source(&server)));
        assert_eq!((error.kind(), error.is_final()), (kind, false));
    }
}

#[test]
fn other_codings_are_final() {
    for coding in ["br", "deflate", "gzip, gzip"] {
        let head = format!("Content-Type: text/event-stream\r\nContent-Encoding: {coding}\r\n");
        let server = Server::scripts([Script::head(200, &head).stall()]);
        let error = run(error(&mut source(&server)));
        assert_eq!(
            (error.kind(), error.is_final()),
            (ErrorKind::ContentEncoding, true),
            "{coding}"
        );
    }
}

#[test]
fn a_compressed_answer_to_a_refused_request_can_be_read() {
    let body = gzip("too many");
    let head = format!("Content-Encoding: gzip\r\nContent-Length: {}\r\n", body.len());
    let server = Server::scripts([Script::head(400, &head).raw(body)]);
    let error = run(error(&mut source(&server)));
    assert_eq!(error.response().map(|it| it.text()), Some("too many".to_owned()));
}
