//! The rules about other requests than the plain one.

use super::*;
use crate::check::evidence::{FOREIGN, Redirect, Resumed};
use crate::system::Deadline;

/// A stream of events with these IDs, each its own data.
fn stream(ids: &[u32]) -> String {
    ids.iter().map(|id| format!("retry: 1000\nid: {id}\ndata: {id}\n\n")).collect()
}

#[test]
fn resuming() {
    let good = Severity::Good;
    let cases: &[(&[u32], usize, String, Severity, &str)] = &[
        (&[1, 2, 3], 1, stream(&[3]), good, "the next event comes"),
        (&[1, 2, 3], 1, stream(&[2, 3]), Warning, "comes again"),
        (&[1, 2, 3], 1, stream(&[1, 2]), Warning, "begins anew"),
        (&[1, 2, 3], 1, stream(&[9]), Warning, "nor word of a gap"),
        (&[1, 2, 3, 4, 5], 1, stream(&[5]), Warning, "2 are left out"),
        (&[1, 2, 3, 4], 2, stream(&[2]), Warning, "earlier events come again"),
        (&[1, 2, 3], 1, "event: gap\ndata: {}\n\n".to_owned(), good, "a gap is told"),
        (&[1, 2, 3], 1, String::new(), Warning, "nothing came"),
        (&[1], 0, stream(&[1]), Warning, "comes again"),
        (&[1], 0, stream(&[2]), Note, "cannot be told"),
        (&[1], 0, String::new(), Note, "cannot be told"),
    ];
    for (ids, after, again, severity, words) in cases {
        let mut evidence = Evidence::new(false, answer(HEAD, &stream(ids)));
        evidence.resumed = Some(Resumed { after: *after, transcript: answer(HEAD, again) });
        let found = judge(&evidence);
        let resume = found.iter().find(|it| it.code == "resume").expect("a finding");
        assert_eq!(resume.severity, *severity, "{resume:?}");
        assert!(resume.what.contains(words), "{resume:?} {words}");
    }
    let mut evidence = Evidence::new(false, answer(HEAD, &stream(&[1, 2])));
    let refused = answer("HTTP/1.1 500 No\r\n\r\n", "");
    evidence.resumed = Some(Resumed { after: 0, transcript: refused });
    assert_eq!(codes(&evidence), [(Error, "resume")]);
}

#[test]
fn pages_of_others() {
    let foreign = |fields: &str| {
        let mut evidence = Evidence::new(false, answer(HEAD, EVENT));
        evidence.foreign =
            Some(answer(&HEAD.replace("\r\n\r\n", &format!("\r\n{fields}\r\n")), ""));
        codes(&evidence)
    };
    let own = format!("Access-Control-Allow-Origin: {FOREIGN}\r\n");
    let credentials = "Access-Control-Allow-Credentials: true\r\n";
    for (fields, expected) in [
        (String::new(), Some(Note)),
        ("Access-Control-Allow-Origin: *\r\n".to_owned(), None),
        (format!("Access-Control-Allow-Origin: *\r\n{credentials}"), Some(Error)),
        (own.clone(), Some(Warning)),
        (format!("{own}Vary: Accept, Origin\r\n"), None),
        (format!("{own}Vary: Origin\r\n{credentials}"), Some(Warning)),
        ("Access-Control-Allow-Origin: https://a.example\r\n".to_owned(), Some(Note)),
    ] {
        let expected: Vec<_> = expected.map(|it| (it, "cors")).into_iter().collect();
        assert_eq!(foreign(&fields), expected, "{fields}");
    }
}

#[test]
fn other_methods() {
    let mut evidence = Evidence::new(false, answer(HEAD, EVENT));
    evidence.head = Some(answer(HEAD, ""));
    evidence.options = Some(answer("HTTP/1.1 204 No\r\nAllow: GET\r\n\r\n", ""));
    let allowed = "HTTP/1.1 204 No\r\nAccess-Control-Allow-Origin: *\r\nAccess-Control-Allow-Headers: Authorization, Last-Event-ID\r\n\r\n";
    evidence.preflight = Some(answer(allowed, ""));
    assert_eq!(codes(&evidence), []);
    evidence.preflight = Some(answer(&allowed.replace("Authorization", "X"), ""));
    assert_eq!(codes(&evidence), [(Note, "preflight")]);
    evidence.preflight = Some(answer("HTTP/1.1 405 No\r\n\r\n", ""));
    evidence.head = Some(answer("HTTP/1.1 405 No\r\n\r\n", ""));
    evidence.options = Some(answer(HEAD, EVENT));
    let expected = [(Warning, "options-method"), (Note, "preflight"), (Note, "head-method")];
    assert_eq!(codes(&evidence), expected);
}

#[test]
fn compression_and_http_2() {
    let mut evidence = Evidence::new(true, answer(HEAD, EVENT));
    let gzip = HEAD.replace("\r\n\r\n", "\r\nContent-Encoding: gzip\r\n\r\n");
    evidence.compressed = Some(answer(&gzip, ""));
    assert_eq!(codes(&evidence), [(Error, "compression")]);
    evidence.compressed = Some(answer(&gzip.replace("gzip", "br"), &"x".repeat(40)));
    assert_eq!(codes(&evidence), [(Note, "compression")]);
    evidence.compressed = Some(answer(HEAD, ""));
    assert_eq!(codes(&evidence), []);
    for (speaks, severity) in [(true, Severity::Good), (false, Warning)] {
        evidence.speaks_http_2 = Some(speaks);
        let found = judge(&evidence);
        let limit = found.iter().find(|it| it.code == "limit-of-six").expect("a finding");
        assert_eq!(limit.severity, severity);
    }
}

#[test]
fn redirects() {
    let mut evidence = Evidence::new(true, answer(HEAD, EVENT));
    for (leaves_origin, leaves_tls, severity) in
        [(false, false, Note), (true, false, Warning), (true, true, Error)]
    {
        let to = "https://b.example/".to_owned();
        evidence.redirects = vec![Redirect { status: 302, to, leaves_origin, leaves_tls }];
        assert_eq!(codes(&evidence), [(severity, "redirect")]);
    }
}

#[test]
fn whatever_comes_is_judged() {
    let hostile = ["\0\n\n", ":", "\r", "data", "id:\u{0}\n\n", "\u{feff}\u{feff}\n", "retry:\n\n"];
    for first in hostile {
        for second in hostile {
            judge(&Evidence::new(false, answer(HEAD, &format!("{first}{second}"))));
        }
    }
}

/// A megabyte of anything takes no noticeable time, however it is cut, and no memory beyond some of its own sizes.
#[test]
fn hostile_bytes_cost_little() {
    const SIZE: usize = 1024 * 1024;
    let long_id = format!("id: {}\ndata\n\n", "1".repeat(SIZE / 2));
    for unit in ["\n", ":\n\n", "data\n", "data\n\n", "id\n\n", "retry\n", "x\n\n", "\0"] {
        let body = long_id.clone() + &unit.repeat(SIZE / 2 / unit.len());
        let mut reader = Reader::new("GET");
        reader.push(Duration::ZERO, HEAD.as_bytes());
        for (at, piece) in (0..).zip(body.as_bytes().chunks(16)) {
            reader.push(Duration::from_micros(20 * at), piece);
        }
        let deadline = Deadline::within(Some(Duration::from_secs(20)));
        judge(&Evidence::new(false, reader.transcript));
        assert!(!deadline.is_over(), "{unit:?}");
    }
}
