//! What a server answers to other requests than the plain one: resuming, pages of others, other methods. Pure.

use super::evidence::{Evidence, FOREIGN, Resumed};
use super::finding::Severity::{Error, Good, Note, Warning};
use super::findings::Findings;
use super::stream::{Block, Stream};
use crate::transcript::{End, Transcript};

pub(super) fn judge(seen: &Evidence, found: &mut Findings) {
    if let Some(resumed) = &seen.resumed {
        resume(resumed, &seen.stream, found);
    }
    if let Some(answer) = &seen.foreign {
        cors(answer, found);
    }
    if let Some(answer) = &seen.preflight {
        preflight(answer, found);
    }
    if let Some(answer) = &seen.head {
        head(answer, seen, found);
    }
    if let Some(answer) = &seen.options {
        options(answer, found);
    }
}

/// Compares what comes after an ID with what came after it the first time.
fn resume(resumed: &Resumed, stream: &Stream, found: &mut Findings) {
    let events: Vec<&Block> = stream.events().collect();
    let Some(after) = events.get(resumed.after) else { return };
    let id = String::from_utf8_lossy(&after.last_event_id);
    let answer = &resumed.transcript;
    if !answer.is_event_stream() {
        let status = answer.status().map_or("nothing".to_owned(), |it| it.to_string());
        let what = format!("with Last-Event-ID: {id} the answer is {status} instead of a stream");
        return found.add(Error, "resume", what);
    }
    let content = answer.content().unwrap_or_default().into_owned();
    let again = Stream::read(&content);
    let first = again.events().next();
    let same = |one: &Block, other: &Block| {
        one.last_event_id == other.last_event_id && one.data == other.data
    };
    let next = events.get(resumed.after + 1);
    match (first, next) {
        (Some(first), Some(next)) if same(first, next) => {
            found.add(Good, "resume", format!("after Last-Event-ID: {id} the next event comes"));
        }
        (Some(first), _) if same(first, after) => {
            let what = format!("after Last-Event-ID: {id} that event itself comes again");
            found.add(Warning, "resume", what);
        }
        (Some(first), Some(_)) if same(first, events[0]) => {
            let what = format!("Last-Event-ID: {id} is ignored: the stream begins anew");
            found.add(Warning, "resume", what);
        }
        (Some(first), Some(_)) => match events.iter().position(|it| same(first, it)) {
            Some(at) if at > resumed.after => {
                let missing = at - resumed.after - 1;
                let what = format!(
                    "after Last-Event-ID: {id} come later events; {missing} are left out without a word"
                );
                found.add(Warning, "resume", what);
            }
            Some(_) => {
                let what = format!("after Last-Event-ID: {id} earlier events come again");
                found.add(Warning, "resume", what);
            }
            None if first.event_type.as_deref() == Some("gap") => {
                found.add(Good, "resume", format!("after Last-Event-ID: {id} a gap is told"));
            }
            None => {
                let what = format!(
                    "after Last-Event-ID: {id} neither the event after it comes nor word of a gap"
                );
                found.add(Warning, "resume", what);
            }
        },
        (None, Some(_)) => {
            let what = format!(
                "after Last-Event-ID: {id} nothing came, though there were events after it"
            );
            found.add(Warning, "resume", what);
        }
        _ => {
            let what = format!(
                "after Last-Event-ID: {id} a stream comes; whether it is the right one cannot be told"
            );
            found.add(Note, "resume", what);
        }
    }
}

fn cors(answer: &Transcript, found: &mut Findings) {
    let head = answer.head.as_ref();
    let credentials = answer.field("access-control-allow-credentials") == Some("true");
    if answer.status().is_some_and(|status| status != 200) {
        let status = answer.status().unwrap_or_default();
        return found.add(
            Note,
            "cors",
            format!("{status} for a page of another origin ({FOREIGN})"),
        );
    }
    match answer.field("access-control-allow-origin") {
        None => {
            let what =
                "pages of other origins cannot read the stream: no Access-Control-Allow-Origin";
            found.add(Note, "cors", what);
        }
        Some("*") if credentials => {
            let what = "* together with credentials: a browser refuses the answer to a page with withCredentials";
            found.add(Error, "cors", what);
        }
        Some("*") => {
            let what =
                "pages of every origin can read it, without credentials; withCredentials fails";
            found.add(Good, "cors", what);
        }
        Some(FOREIGN) if credentials => {
            let what =
                "every origin is allowed with credentials: any page can read this as its visitor";
            found.add(Warning, "cors", what);
        }
        Some(FOREIGN) if head.is_some_and(|head| head.lists("vary", "origin")) => {
            found.add(Good, "cors", "the origin is allowed, and Vary: Origin is there");
        }
        Some(FOREIGN) => {
            let what =
                "the origin is copied without Vary: Origin: a cache hands it to other origins";
            found.add(Warning, "cors", what);
        }
        Some(other) => {
            let what = format!("only pages of {other} can read the stream");
            found.add(Note, "cors", what);
        }
    }
}

/// An EventSource needs no preflight; a client made of fetch does, as soon as it sends a header of its own.
fn preflight(answer: &Transcript, found: &mut Findings) {
    let Some(head) = &answer.head else {
        return found.add(
            Note,
            "preflight",
            "OPTIONS with Access-Control-Request-Method has no answer",
        );
    };
    let allows = |name: &str| {
        let list = "access-control-allow-headers";
        head.lists(list, name) || (head.lists(list, "*") && name != "authorization")
    };
    let is_allowed =
        matches!(head.status, 200..300) && head.field("access-control-allow-origin").is_some();
    if !is_allowed {
        let what = format!(
            "{} without permission: a page of another origin cannot use fetch with headers of its own",
            head.status
        );
        found.add(Note, "preflight", what);
    } else if !allows("last-event-id") || !allows("authorization") {
        let what = "Last-Event-ID and Authorization are not both allowed: clients made of fetch cannot send them";
        found.add(Note, "preflight", what);
    } else {
        found.add(
            Good,
            "preflight",
            "pages of other origins may send Last-Event-ID and Authorization",
        );
    }
}

fn head(answer: &Transcript, seen: &Evidence, found: &mut Findings) {
    match answer.status() {
        None => found.add(Note, "head-method", "HEAD has no answer"),
        Some(200) if answer.media_type() == seen.main.media_type() => {
            found.add(Good, "head-method", "HEAD is answered like GET");
        }
        Some(status) => {
            let what = format!("HEAD is answered by {status}, unlike GET");
            found.add(Note, "head-method", what);
        }
    }
}

fn options(answer: &Transcript, found: &mut Findings) {
    match answer.status() {
        Some(200) if answer.is_event_stream() && answer.end == End::Open => {
            let what = "OPTIONS opens a stream, which nobody reads";
            found.add(Warning, "options-method", what);
        }
        None => found.add(Note, "options-method", "OPTIONS has no answer"),
        Some(status @ 500..) => {
            found.add(Note, "options-method", format!("OPTIONS is answered by {status}"));
        }
        Some(status) => {
            found.add(Good, "options-method", format!("OPTIONS is answered by {status}"))
        }
    }
}
