//! What the head of an answer says. Pure.

use super::evidence::Evidence;
use super::finding::Severity::{Error, Good, Note, Warning};
use super::findings::Findings;
use crate::transcript::{End, Transcript};

/// Judges the head; whether a stream follows it.
pub(super) fn judge(seen: &Evidence, found: &mut Findings) -> bool {
    redirects(seen, found);
    if let End::Malformed(why) = &seen.main.end {
        found.add(Error, "not-http", why.clone());
    }
    let Some(head) = &seen.main.head else {
        if !matches!(seen.main.end, End::Malformed(_)) {
            let why = match &seen.main.end {
                End::Cut(why) => why.clone(),
                _ => format!("no head came within {:.1} s", seen.main.ended_at.as_secs_f64()),
            };
            found.add(Error, "no-answer", why);
        }
        return false;
    };
    status(head.status, found);
    if head.status != 200 {
        return false;
    }
    media_type(&seen.main, found);
    if !seen.main.is_event_stream() {
        return false;
    }
    caching(&seen.main, found);
    buffering(&seen.main, found);
    framing(&seen.main, found);
    version(seen, head.minor, found);
    true
}

fn redirects(seen: &Evidence, found: &mut Findings) {
    let Some(last) = seen.redirects.last() else { return };
    let (count, status, to) = (seen.redirects.len(), last.status, &last.to);
    let mut what = format!("{count} redirect(s), the last one {status}, to {to}");
    let mut severity = Note;
    if seen.redirects.iter().any(|it| it.leaves_tls) {
        what.push_str("; one leads from https to http, which a page over https may not follow");
        severity = Error;
    } else if seen.redirects.iter().any(|it| it.leaves_origin) {
        what.push_str("; one leads to another origin, which then has to allow the page's");
        severity = Warning;
    }
    found.add(severity, "redirect", what);
}

fn status(status: u16, found: &mut Findings) {
    match status {
        200 => found.add(Good, "status", "200"),
        204 => found.add(Error, "status", "204: a client stops, and does not come back"),
        429 | 500..600 => found.add(
            Error,
            "status",
            format!("{status}: a browser fails the connection, and does not come back by itself"),
        ),
        _ => {
            found.add(Error, "status", format!("{status}: a browser fails the connection for good"))
        }
    }
}

fn media_type(main: &Transcript, found: &mut Findings) {
    let named = main.field("content-type").unwrap_or_default();
    match &*main.media_type() {
        "text/event-stream" => found.add(Good, "content-type", named),
        "" => found.add(
            Error,
            "content-type",
            "there is no Content-Type: a browser fails the connection",
        ),
        other => found.add(
            Error,
            "content-type",
            format!("{other} is not text/event-stream: a browser fails the connection for good"),
        ),
    }
    let parameters = named.split(';').skip(1).filter_map(|it| it.split_once('='));
    for (name, value) in parameters {
        let value = value.trim().trim_matches('"');
        if name.trim().eq_ignore_ascii_case("charset") && !value.eq_ignore_ascii_case("utf-8") {
            let what = format!("charset={value} is ignored: the stream is read as UTF-8");
            found.add(Warning, "charset", what);
        }
    }
}

fn caching(main: &Transcript, found: &mut Findings) {
    let head = main.head.as_ref();
    let says = |directive: &str| head.is_some_and(|it| it.lists("cache-control", directive));
    let value = main.field("cache-control").unwrap_or_default();
    if says("no-store") || says("no-cache") {
        found.add(Good, "cache-control", value);
    } else if value.is_empty() {
        let what = "there is no Cache-Control: a cache on the way may keep the answer";
        found.add(Warning, "cache-control", what);
    } else {
        let what = format!("Cache-Control: {value} does not keep caches from storing the answer");
        found.add(Warning, "cache-control", what);
    }
}

/// nginx takes `X-Accel-Buffering` for itself: behind it, its absence says nothing.
fn buffering(main: &Transcript, found: &mut Findings) {
    let server = main.field("server").unwrap_or_default();
    match main.field("x-accel-buffering") {
        Some(value) if value.eq_ignore_ascii_case("no") => {
            found.add(Good, "proxy-buffering", "X-Accel-Buffering: no");
        }
        _ if server.to_ascii_lowercase().contains("nginx") => {}
        _ => {
            let what =
                "there is no X-Accel-Buffering: no; behind nginx the events would be held back";
            found.add(Note, "proxy-buffering", what);
        }
    }
}

fn framing(main: &Transcript, found: &mut Findings) {
    if let Some(length) = main.field("content-length") {
        let what = format!("Content-Length: {length} ends the stream after so many bytes");
        found.add(Warning, "content-length", what);
    }
    if !main.is_framed {
        let what =
            "the body ends with the connection: a broken one looks like the end of the stream";
        found.add(Note, "framing", what);
    }
}

fn version(seen: &Evidence, minor: u8, found: &mut Findings) {
    if minor == 0 {
        found.add(Warning, "http-version", "HTTP/1.0: proxies may hold the whole answer back");
    }
    match (seen.is_secure, seen.speaks_http_2) {
        (true, Some(true)) => found.add(Good, "limit-of-six", "HTTP/2 is offered"),
        (true, Some(false)) => found.add(
            Warning,
            "limit-of-six",
            "HTTP/2 is not offered: a browser opens six connections to a host, for all of its tabs",
        ),
        (false, _) => found.add(
            Note,
            "limit-of-six",
            "without TLS browsers use HTTP/1.1: six connections to a host, for all tabs",
        ),
        (true, None) => {}
    }
}
