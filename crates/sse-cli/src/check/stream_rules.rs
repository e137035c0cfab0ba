//! What the bytes of a stream say, clause by clause. Pure.

use super::evidence::Evidence;
use super::finding::Severity::{Error, Good, Note, Warning};
use super::findings::Findings;
use super::stream::Stream;
use crate::transcript::End;
use std::time::Duration;

/// How long an event may take from its first data to its blank line.
const PATIENCE: Duration = Duration::from_secs(4);
/// The largest event that nobody need think about.
const LARGE: usize = 256 * 1024;
/// The longest ID that fits into every server's bounds for a head.
const LONG_ID: usize = 1024;

pub(super) fn judge(seen: &Evidence, found: &mut Findings) {
    let stream = &seen.stream;
    line_endings(stream, found);
    text(stream, found);
    unfinished(seen, found);
    fields(stream, found);
    ids(stream, found);
    retry(stream, found);
    size(stream, found);
}

fn line_endings(stream: &Stream, found: &mut Findings) {
    let [lf, cr, crlf] = stream.endings;
    let kinds = [(lf, "LF"), (cr, "CR"), (crlf, "CRLF")];
    let used: Vec<_> = kinds.iter().filter(|(count, _)| *count > 0).map(|(_, it)| *it).collect();
    match (&used[..], cr) {
        ([], _) => {}
        (["LF"] | ["CRLF"], _) => found.add(Good, "line-endings", format!("{} alone", used[0])),
        (_, 1..) => {
            let what = format!(
                "{} are used: a CR alone is a line ending, and many clients do not know that",
                used.join(" and ")
            );
            found.add(Warning, "line-endings", what);
        }
        _ => found.add(
            Note,
            "line-endings",
            format!("{} are mixed, as they may be", used.join(" and ")),
        ),
    }
    if stream.has_mark {
        found.add(Note, "byte-order-mark", "the stream begins with a byte order mark");
    }
}

fn text(stream: &Stream, found: &mut Findings) {
    match stream.not_utf8 {
        Some(place) => {
            let what = format!("byte {place} is not UTF-8: clients see U+FFFD in its place");
            found.add(Warning, "utf-8", what);
        }
        None if stream.endings != [0; 3] => found.add(Good, "utf-8", "all of it is UTF-8"),
        None => {}
    }
}

fn unfinished(seen: &Evidence, found: &mut Findings) {
    let rest = &seen.stream.rest;
    let is_there = rest.end > rest.start;
    let waited = seen.main.ended_at.saturating_sub(seen.arrived(rest.data_begun));
    if !is_there {
        return;
    }
    let torn = &seen.stream.torn;
    let is_begun = rest.fields > 0 || torn.first().is_some_and(|it| *it != b':');
    match seen.main.end {
        // "Once the end of the file is reached, any pending data must be discarded."
        End::Complete | End::Cut(_) if is_begun => {
            let has_data = rest.data.is_some() || torn.starts_with(b"data");
            let severity = if has_data { Error } else { Warning };
            let what = "the stream ends within a block: what is in it is thrown away";
            found.add(severity, "unfinished-block", what);
        }
        End::Open if rest.data.is_some() && waited >= PATIENCE => {
            let seconds = waited.as_secs_f64();
            let what = format!("data came, and for {seconds:.1} s no blank line: no event fires");
            let severity = if seen.stream.events().next().is_none() { Error } else { Warning };
            found.add(severity, "never-dispatched", what);
        }
        _ => {}
    }
}

fn fields(stream: &Stream, found: &mut Findings) {
    let silent = stream.blocks.iter().filter(|it| it.event_type.is_some() && it.data.is_none());
    match silent.count() {
        0 => {}
        count => {
            let what =
                format!("{count} block(s) have an event type and no data: they fire nothing");
            found.add(Warning, "no-data", what);
        }
    }
    if stream.unknown.is_empty() {
        return;
    }
    let names: Vec<_> = stream.unknown.keys().take(3).map(|it| format!("{it:?}")).collect();
    let known = ["data", "event", "id", "retry"];
    let differs = |name: &String| known.contains(&&*name.trim().to_ascii_lowercase());
    let why = match stream.unknown.keys().any(differs) {
        true => "; names are told apart by case and blanks",
        false => "",
    };
    let what = format!("lines that begin with {} are ignored{why}", names.join(", "));
    let is_all = stream.blocks.iter().chain([&stream.rest]).all(|block| block.fields == 0);
    found.add(if is_all { Error } else { Warning }, "unknown-field", what);
}

fn ids(stream: &Stream, found: &mut Findings) {
    let ids = || stream.blocks.iter().chain([&stream.rest]).filter_map(|block| block.id.as_deref());
    let shown = |id: &[u8]| format!("{:?}", String::from_utf8_lossy(&id[..id.len().min(40)]));
    if let Some(id) = ids().find(|id| id.trim_ascii().len() < id.len()) {
        let what = format!("the ID {} loses its blanks on the way back", shown(id));
        found.add(Warning, "id-unsendable", what);
    }
    if let Some(id) = ids().find(|id| id.iter().any(|it| it.is_ascii_control())) {
        let what =
            format!("the ID {} has control characters, which a header cannot carry", shown(id));
        found.add(Warning, "id-unsendable", what);
    }
    if let Some(id) = ids().find(|id| !id.is_ascii()) {
        let what = format!(
            "the ID {} comes back as bytes of UTF-8, which many servers do not read as such",
            shown(id)
        );
        found.add(Note, "id-unsendable", what);
    }
    if let Some(id) = ids().find(|id| id.len() > LONG_ID) {
        let what =
            format!("an ID has {} bytes: a head that large is refused by many servers", id.len());
        found.add(Warning, "id-unsendable", what);
    }
    let (events, with) = (stream.events().count(), stream.events().filter(|it| it.id.is_some()));
    match (events, with.count()) {
        (0, _) => {}
        (_, 0) if stream.blocks.iter().all(|block| block.id.is_none()) => found.add(
            Warning,
            "ids",
            "no event has an ID: what is sent while a client is away is lost, and nobody knows",
        ),
        (events, with) if with < events => {
            let what = format!("{with} of {events} events have an ID of their own");
            found.add(Note, "ids", what);
        }
        _ => found.add(Good, "ids", "each event has an ID"),
    }
}

fn retry(stream: &Stream, found: &mut Findings) {
    for value in stream.retries.iter().take(3) {
        // "If the field value consists of only ASCII digits"
        if value.is_empty() || !value.bytes().all(|it| it.is_ascii_digit()) {
            let what = format!("retry: {value:?} is ignored: it does not consist of digits alone");
            found.add(Warning, "retry", what);
            continue;
        }
        match value.parse::<u64>() {
            Ok(0..500) => {
                let what = format!(
                    "retry: {value} lets all clients come back at once when the server is gone"
                );
                found.add(Warning, "retry", what);
            }
            Ok(500..=60_000) => found.add(Good, "retry", format!("{value} ms")),
            _ => {
                let what = format!("retry: {value} keeps clients away for that many milliseconds");
                found.add(Note, "retry", what);
            }
        }
    }
    if stream.retries.is_empty() && !stream.blocks.is_empty() {
        let what = "the stream does not say when to come back: each browser has a time of its own";
        found.add(Note, "retry", what);
    }
}

fn size(stream: &Stream, found: &mut Findings) {
    let largest = stream.blocks.iter().map(|block| block.end - block.start).max().unwrap_or(0);
    if largest > LARGE {
        let what =
            format!("an event has {largest} bytes: phones hold it, and all others, in memory");
        found.add(Note, "event-size", what);
    }
}
