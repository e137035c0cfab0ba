//! When the bytes came: what is held back, and how long nothing comes. Pure.

use super::evidence::Evidence;
use super::finding::Severity::{Error, Good, Note, Warning};
use super::findings::Findings;
use super::stream::Stream;
use crate::transcript::End;
use std::time::Duration;

const SECOND: Duration = Duration::from_secs(1);
/// "every 15 seconds or so" (9.2.7), and a little for the way.
const SILENCE: Duration = Duration::from_millis(16_500);

pub(super) fn judge(seen: &Evidence, found: &mut Findings) {
    slow_head(seen, found);
    buffering(seen, found);
    compression(seen, found);
    silence(seen, found);
    end(seen, found);
    parting(seen, found);
}

/// A server that sends its head with its first event lets a page wait for `open`.
fn slow_head(seen: &Evidence, found: &mut Findings) {
    let at = seen.main.head_at;
    if at < SECOND {
        found.add(Good, "slow-head", format!("the head came after {}", told(at)));
        return;
    }
    let with = match seen.main.arrivals.first() {
        Some((first, _)) if *first == at => ", together with the first bytes of the stream",
        _ => "",
    };
    let what =
        format!("the head came after {}{with}; until then a page is not connected", told(at));
    found.add(Warning, "slow-head", what);
}

fn buffering(seen: &Evidence, found: &mut Findings) {
    // An event whose end comes later than its data.
    let late = |block: &&super::stream::Block| {
        let waited = seen.arrived(block.end).saturating_sub(seen.arrived(block.data_end));
        block.data.is_some() && waited >= SECOND
    };
    if let Some(block) = seen.stream.blocks.iter().find(late) {
        let waited = seen.arrived(block.end).saturating_sub(seen.arrived(block.data_end));
        let what = format!(
            "an event's blank line came {} after its data: it is not dispatched before",
            told(waited)
        );
        found.add(Warning, "buffering", what);
        return;
    }
    let bursts = bursts(seen);
    match bursts[..] {
        [first, second, ..] => {
            let what = format!(
                "several events come at once after a silence, {first} and {second} of them: something holds them back"
            );
            found.add(Warning, "buffering", what);
        }
        _ if blocks_of(seen).is_some() => {
            let size = blocks_of(seen).unwrap_or_default();
            let what = format!(
                "bytes come in blocks of {size}, whatever the events: a buffer holds them back"
            );
            found.add(Warning, "buffering", what);
        }
        _ if seen.stream.events().count() > 1 && seen.main.arrivals.len() > 1 => {
            found.add(Good, "buffering", "events come one by one");
        }
        _ => {}
    }
}

/// How many events came in each arrival that brought more than two after a silence, the first arrival aside: that
/// one may bring what was before.
fn bursts(seen: &Evidence) -> Vec<usize> {
    let ends: Vec<usize> = seen.stream.events().map(|it| it.end).collect();
    let before_or_at = |place: usize| ends.partition_point(|end| *end <= place);
    let mut bursts = Vec::new();
    for pair in seen.main.arrivals.windows(2) {
        let ((before, from), (at, to)) = (pair[0], pair[1]);
        let inside = before_or_at(to) - before_or_at(from);
        if inside > 2 && at.saturating_sub(before) >= SECOND {
            bursts.push(inside);
        }
    }
    bursts
}

/// The size of the blocks in which bytes come, if that is a buffer's and they end within events.
fn blocks_of(seen: &Evidence) -> Option<usize> {
    let lengths = || seen.main.arrivals.iter().map(|(_, length)| *length);
    let blocks = &seen.stream.blocks;
    let is_inside = |place: usize| blocks.binary_search_by_key(&place, |it| it.end).is_err();
    let paused = seen.main.arrivals.windows(2).filter(|pair| pair[1].0 - pair[0].0 >= SECOND);
    (paused.count() >= 1)
        .then(|| {
            [4096, 8192, 16384, 32768].into_iter().rev().find(|size| {
                let whole = lengths().filter(|it| it % size == 0 && is_inside(*it)).count();
                whole >= 2 && whole + 1 >= lengths().count()
            })
        })
        .flatten()
}

fn compression(seen: &Evidence, found: &mut Findings) {
    let Some(answer) = &seen.compressed else { return };
    let Some(coding) = answer.coding() else {
        return found.add(Good, "compression", "the stream is not compressed");
    };
    let plain = seen.stream.events().count();
    let came = match answer.content() {
        Some(content) => Stream::read(&content).events().count() > 0,
        // What cannot be read here is counted: a compressor's own head is a few bytes.
        None => answer.body.len() > 32,
    };
    let time = told(answer.ended_at);
    if plain > 0 && !came && answer.end == End::Open {
        let what = format!(
            "compressed with {coding} for clients that accept it, as browsers do, and then no event comes through in {time}"
        );
        found.add(Error, "compression", what);
    } else if plain > 0 {
        let what = format!("compressed with {coding}, and events come through");
        found.add(Note, "compression", what);
    } else {
        let what = format!(
            "compressed with {coding}; no event came by which to tell whether it is flushed"
        );
        found.add(Note, "compression", what);
    }
}

fn silence(seen: &Evidence, found: &mut Findings) {
    let (main, mut last, mut longest) = (&seen.main, seen.main.head_at, Duration::ZERO);
    for at in main.arrivals.iter().map(|(at, _)| *at).chain([main.ended_at]) {
        longest = longest.max(at.saturating_sub(last));
        last = at;
    }
    let comments = match seen.stream.comments {
        0 => "",
        _ => "; there are comments",
    };
    if longest >= SILENCE {
        let what = format!(
            "nothing came for {}: proxies and mobile networks drop such connections, and nobody notices",
            told(longest)
        );
        found.add(Warning, "heartbeat", what);
    } else if seen.watched() >= SILENCE {
        let what = format!("the longest silence was {}{comments}", told(longest));
        found.add(Good, "heartbeat", what);
    } else if main.end == End::Open {
        let what =
            format!("watched for {} only: too short to see a heartbeat", told(seen.watched()));
        found.add(Note, "heartbeat", what);
    }
}

fn end(seen: &Evidence, found: &mut Findings) {
    let lasted = told(seen.watched());
    match &seen.main.end {
        End::Complete if seen.watched() < 5 * SECOND => found.add(
            Warning,
            "ends",
            format!("the server ended the stream after {lasted}: browsers come back every few seconds, for ever"),
        ),
        End::Complete => {
            let what = format!("the server ended the stream after {lasted}; clients come back");
            found.add(Note, "ends", what);
        }
        End::Cut(why) => {
            let what = format!("the connection was cut after {lasted}, within the body: {why}");
            found.add(Warning, "cut", what);
        }
        End::Open | End::Malformed(_) => {}
    }
}

/// What can be seen from outside of whether a server notices that a client has left.
fn parting(seen: &Evidence, found: &mut Findings) {
    if seen.is_secure || seen.main.end != End::Open {
        return;
    }
    match seen.main.closed_after {
        Some(after) => {
            let what =
                format!("{} after a client said that it is done, the server closed", told(after));
            found.add(Good, "disconnect", what);
        }
        None => {
            let what = "the server does not close when a client says that it is done; it may notice with its next write";
            found.add(Note, "disconnect", what);
        }
    }
}

/// A length of time in a few letters.
fn told(time: Duration) -> String {
    match time.as_millis() {
        milliseconds @ 0..1000 => format!("{milliseconds} ms"),
        _ => format!("{:.1} s", time.as_secs_f64()),
    }
}
