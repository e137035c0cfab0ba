//! The rules, tried on what servers could send: heads, bytes and times in, codes out.

mod peers;

use super::*;
use crate::transcript::{Reader, Transcript};

const HEAD: &str = "HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nCache-Control: no-cache\r\n\
    X-Accel-Buffering: no\r\n\r\n";
const EVENT: &str = "retry: 1000\nid: 1\ndata: a\n\n";

/// What a server sent: pieces with their times in seconds, and whether and when it closed.
fn sent(pieces: &[(f64, &[u8])], closed: Option<f64>) -> Transcript {
    let mut reader = Reader::new("GET");
    let mut last = 0.0;
    for (at, bytes) in pieces {
        reader.push(Duration::from_secs_f64(*at), bytes);
        last = *at;
    }
    match closed {
        Some(at) => reader.closed(Duration::from_secs_f64(at), ""),
        None if !reader.is_over() => {
            reader.transcript.ended_at = Duration::from_secs_f64(f64::max(last, 20.0));
        }
        None => {}
    }
    reader.transcript
}

/// A head and a body at once, closed by chunked framing or open.
fn answer(head: &str, body: &str) -> Transcript {
    sent(&[(0.0, head.as_bytes()), (0.0, body.as_bytes())], None)
}

/// What is found, the good and the silence of these short bodies aside.
fn codes(evidence: &Evidence) -> Vec<(Severity, &'static str)> {
    let ignored = ["heartbeat", "limit-of-six", "disconnect", "framing"];
    let found = judge(evidence);
    for finding in &found {
        assert!(finding::entry(finding.code).is_some(), "{finding:?} is not in the catalogue");
    }
    let bad = found.iter().filter(|it| it.severity != Severity::Good);
    bad.map(|it| (it.severity, it.code)).filter(|(_, code)| !ignored.contains(code)).collect()
}

fn of(main: Transcript) -> Vec<(Severity, &'static str)> {
    codes(&Evidence::new(false, main))
}

use Severity::{Error, Note, Warning};

/// What is expected to be found.
type Codes<'a> = &'a [(Severity, &'a str)];
/// Pieces, with when they come.
type Pieces<'a, T> = &'a [(f64, &'a T)];

#[test]
fn heads() {
    let head = |status: &str, fields: &str| format!("HTTP/1.1 {status}\r\n{fields}\r\n");
    let good =
        "Content-Type: text/event-stream\r\nCache-Control: no-cache\r\nX-Accel-Buffering: no\r\n";
    let cases: &[(&str, String, Codes<'_>)] = &[
        ("as it should be", head("200 OK", good), &[]),
        ("204", head("204 No Content", ""), &[(Error, "status")]),
        ("404", head("404 Not Found", good), &[(Error, "status")]),
        ("503", head("503 Unavailable", good), &[(Error, "status")]),
        (
            "a type of another kind",
            head("200 OK", "Content-Type: text/plain\r\n"),
            &[(Error, "content-type")],
        ),
        ("no type", head("200 OK", ""), &[(Error, "content-type")]),
        (
            "the type in capitals, with UTF-8",
            head("200 OK", &good.replace("stream", "STREAM; charset=\"utf-8\"")),
            &[],
        ),
        (
            "another charset",
            head("200 OK", &good.replace("stream", "stream;charset=latin1")),
            &[(Warning, "charset")],
        ),
        (
            "no Cache-Control",
            head("200 OK", &good.replace("Cache-Control", "X")),
            &[(Warning, "cache-control")],
        ),
        (
            "max-age",
            head("200 OK", &good.replace("no-cache", "public, max-age=60")),
            &[(Warning, "cache-control")],
        ),
        ("several directives", head("200 OK", &good.replace("no-cache", "private, No-Store")), &[]),
        (
            "nothing for nginx",
            head("200 OK", &good.replace("X-Accel", "X")),
            &[(Note, "proxy-buffering")],
        ),
        (
            "behind nginx",
            head("200 OK", &good.replace("X-Accel-Buffering: no", "Server: nginx/1.22")),
            &[],
        ),
        (
            "a length",
            head("200 OK", &format!("{good}Content-Length: 1000\r\n")),
            &[(Warning, "content-length")],
        ),
    ];
    for (name, head, expected) in cases {
        assert_eq!(of(answer(head, EVENT)), *expected, "{name}");
    }
    assert_eq!(
        of(answer(&head("200 OK", good).replace("1.1", "1.0"), EVENT)),
        [(Warning, "http-version")]
    );
    assert_eq!(of(answer("SSH-2.0-OpenSSH\r\n", "")), [(Error, "not-http")]);
    assert_eq!(of(sent(&[], None)), [(Error, "no-answer")]);
    assert_eq!(of(sent(&[], Some(1.0))), [(Error, "no-answer")]);
}

#[test]
fn streams() {
    let cases: &[(&str, Codes<'_>)] = &[
        (EVENT, &[]),
        ("\u{feff}retry: 1000\nid: 1\ndata: a\n\n", &[(Note, "byte-order-mark")]),
        ("retry: 1000\r\nid: 1\r\ndata: a\r\n\r\n", &[]),
        ("retry: 1000\r\nid: 1\ndata: a\n\n", &[(Note, "line-endings")]),
        ("retry: 1000\rid: 1\rdata: a\r\r", &[(Warning, "line-endings")]),
        ("id: 1\ndata: a\n\n", &[(Note, "retry")]),
        ("retry: 10s\nid: 1\ndata: a\n\n", &[(Warning, "retry")]),
        ("retry: -1\nid: 1\ndata: a\n\n", &[(Warning, "retry")]),
        ("retry: 0\nid: 1\ndata: a\n\n", &[(Warning, "retry")]),
        ("retry: 9999999999999999999999\nid: 1\ndata: a\n\n", &[(Note, "retry")]),
        ("retry: 1000\ndata: a\n\n", &[(Warning, "ids")]),
        ("retry: 1000\nid: 1\ndata: a\n\ndata: b\n\n", &[(Note, "ids")]),
        ("retry: 1000\nid: é\ndata: a\n\n", &[(Note, "id-unsendable")]),
        ("retry: 1000\nid: 1 \ndata: a\n\n", &[(Warning, "id-unsendable")]),
        ("retry: 1000\nid: a\u{7}b\ndata: a\n\n", &[(Warning, "id-unsendable")]),
        // An ID with a NUL is no ID.
        ("retry: 1000\nid: 1\0\ndata: a\n\n", &[(Warning, "ids")]),
        ("retry: 1000\nid: 1\nevent: ping\n\ndata: a\nid: 2\n\n", &[(Warning, "no-data")]),
        ("retry: 1000\nid: 1\nData: b\ndata: a\n\n", &[(Warning, "unknown-field")]),
        ("{\"a\": 1}\n\n{\"a\": 2}\n\n", &[(Error, "unknown-field")]),
        ("retry: 1000\nid: 1\ndata: a\n", &[(Error, "never-dispatched")]),
        ("retry: 1000\nid: 1\ndata: a\n\ndata: b\n", &[(Warning, "never-dispatched")]),
    ];
    for (body, expected) in cases {
        assert_eq!(of(answer(HEAD, body)), *expected, "{body:?}");
    }
    let bytes = [HEAD.as_bytes(), b"retry: 1000\nid: 1\ndata: \xe9\n\n"].concat();
    assert_eq!(of(sent(&[(0.0, &bytes)], None)), [(Warning, "utf-8")]);
    let long = format!("retry: 1000\nid: {}\ndata: a\n\n", "1".repeat(2000));
    assert_eq!(of(answer(HEAD, &long)), [(Warning, "id-unsendable")]);
    let large = format!("retry: 1000\nid: 1\ndata: {}\n\n", "1".repeat(300_000));
    assert_eq!(of(answer(HEAD, &large)), [(Note, "event-size")]);
}

#[test]
fn times() {
    let head = HEAD.as_bytes();
    let next = |id: u8| format!("id: {id}\ndata: {id}\n\n");
    let second = next(2);
    let three = [next(2), next(3), next(4)].concat();
    let many = "id: 7\ndata: 0123456789\n\n".repeat(1000);
    let many = many.as_bytes();
    let cases: &[(&str, Pieces<'_, [u8]>, Codes<'_>)] = &[
        ("at once", &[(0.0, head), (0.0, EVENT.as_bytes()), (5.0, second.as_bytes())], &[]),
        (
            "the head with the event",
            &[(3.0, &[head, EVENT.as_bytes()].concat())],
            &[(Warning, "slow-head")],
        ),
        (
            "the blank line late",
            &[(0.0, head), (0.0, &EVENT.as_bytes()[..EVENT.len() - 1]), (5.0, b"\n")],
            &[(Warning, "buffering")],
        ),
        ("one burst", &[(0.0, head), (0.0, EVENT.as_bytes()), (5.0, three.as_bytes())], &[]),
        (
            "bursts",
            &[
                (0.0, head),
                (0.0, EVENT.as_bytes()),
                (5.0, three.as_bytes()),
                (10.0, three.as_bytes()),
            ],
            &[(Warning, "buffering")],
        ),
        (
            "blocks",
            &[
                (0.0, head),
                (0.0, &many[..4096]),
                (5.0, &many[4096..8192]),
                (9.0, &many[8192..12288]),
            ],
            &[(Warning, "buffering"), (Note, "retry")],
        ),
    ];
    for (name, pieces, expected) in cases {
        let mut found = of(sent(pieces, None));
        let mut expected = expected.to_vec();
        found.sort();
        expected.sort();
        assert_eq!(found, expected, "{name}");
    }
}

#[test]
fn silences() {
    let head = HEAD.as_bytes();
    let severity = |pieces: &[(f64, &[u8])]| {
        let found = judge(&Evidence::new(false, sent(pieces, None)));
        found.iter().find(|it| it.code == "heartbeat").map(|it| it.severity)
    };
    assert_eq!(severity(&[(0.0, head), (0.0, EVENT.as_bytes())]), Some(Warning));
    assert_eq!(severity(&[(0.0, head), (15.0, b":\n\n")]), Some(Severity::Good));
    assert_eq!(severity(&[(10.0, head)]), Some(Note));
}

#[test]
fn ends() {
    let chunked = HEAD.replace("\r\n\r\n", "\r\nTransfer-Encoding: chunked\r\n\r\n");
    let chunk = |body: &str| format!("{:x}\r\n{body}\r\n", body.len());
    let whole = chunk(EVENT);
    let torn = chunk("retry: 1000\nid: 1\ndata: a\n");
    let cases: &[(&str, Pieces<'_, str>, Option<f64>, Codes<'_>)] = &[
        ("at once", &[(0.0, &whole), (0.1, "0\r\n\r\n")], None, &[(Warning, "ends")]),
        ("later", &[(0.0, &whole), (9.0, "0\r\n\r\n")], None, &[(Note, "ends")]),
        ("without the last chunk", &[(0.0, &whole)], Some(9.0), &[(Warning, "cut")]),
        (
            "within a block",
            &[(0.0, &torn), (9.0, "0\r\n\r\n")],
            None,
            &[(Error, "unfinished-block"), (Note, "ends")],
        ),
        (
            "within a line",
            &[(0.0, &whole), (0.0, &chunk("data: b")), (9.0, "0\r\n\r\n")],
            None,
            &[(Error, "unfinished-block"), (Note, "ends")],
        ),
        (
            "within a comment",
            &[(0.0, &whole), (0.0, &chunk(": bye")), (9.0, "0\r\n\r\n")],
            None,
            &[(Note, "ends")],
        ),
        ("not as HTTP has it", &[(0.0, &whole), (1.0, "zz\r\n")], None, &[(Error, "not-http")]),
    ];
    for (name, pieces, closed, expected) in cases {
        let mut all: Vec<(f64, &[u8])> = vec![(0.0, chunked.as_bytes())];
        all.extend(pieces.iter().map(|(at, text)| (*at, text.as_bytes())));
        assert_eq!(of(sent(&all, *closed)), *expected, "{name}");
    }
}
