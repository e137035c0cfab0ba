//! Whether what was seen is what a conforming client does. Pure.

use std::time::Duration;

use crate::scenario::{DONE, Ending, Event, Scenario};
use crate::sighting::{Sighting, Visit};

/// What is wrong, a sentence each; nothing is wrong with a client that conforms.
///
/// ```
/// use sse_scenarios::{Sighting, complaints, find};
///
/// let scenario = find("one-event").unwrap();
/// let nothing = complaints(&scenario, &Sighting::default(), &[]);
/// assert!(!nothing.is_empty());
/// ```
#[must_use]
pub fn complaints(scenario: &Scenario, seen: &Sighting, visits: &[Visit]) -> Vec<String> {
    let mut wrong = Vec::new();
    events(scenario, seen, &mut wrong);
    requests(scenario, visits, &mut wrong);
    ending(scenario, seen, &mut wrong);
    if let Some(apart) = scenario.expected.apart {
        at_once(apart, seen, &mut wrong);
    }
    if let Some(bounds) = scenario.expected.returns_after {
        returned(bounds, visits, &mut wrong);
    }
    wrong
}

fn events(scenario: &Scenario, seen: &Sighting, wrong: &mut Vec<String>) {
    let expected = &scenario.expected.events;
    let names_done = expected.iter().any(|event| event.event_type == DONE);
    let seen: Vec<&Event> =
        seen.events().filter(|event| names_done || event.event_type != DONE).collect();
    for (index, pair) in expected.iter().zip(&seen).enumerate() {
        if !agree(pair.0, pair.1) {
            let number = index + 1;
            wrong.push(format!("event {number} is {}, not {}", told(pair.1), told(pair.0)));
            return;
        }
    }
    if let Some(missing) = expected.get(seen.len()) {
        wrong.push(format!(
            "{} of {} events came; missing is {}",
            seen.len(),
            expected.len(),
            told(missing)
        ));
    }
    if let Some(surplus) = seen.get(expected.len()) {
        wrong.push(format!("an event too many: {}", told(surplus)));
    }
}

/// An ID that a client does not tell is not held against it: such scenarios say that they need it.
fn agree(expected: &Event, seen: &Event) -> bool {
    let is_same_id = seen.last_event_id.is_none() || seen.last_event_id == expected.last_event_id;
    seen.event_type == expected.event_type && seen.data == expected.data && is_same_id
}

fn requests(scenario: &Scenario, visits: &[Visit], wrong: &mut Vec<String>) {
    let expected = scenario.last_event_ids();
    for (index, (visit, id)) in visits.iter().zip(&expected).enumerate() {
        if visit.last_event_id != *id {
            let shown = |id: &[u8]| match id {
                [] => "no Last-Event-ID".to_owned(),
                id => format!("Last-Event-ID {:?}", String::from_utf8_lossy(id)),
            };
            let (seen, id) = (shown(&visit.last_event_id), shown(id));
            wrong.push(format!("request {} has {seen}, not {id}", index + 1));
        }
    }
    if visits.len() != expected.len() {
        wrong.push(format!("{} requests, not {}", visits.len(), expected.len()));
    }
}

fn ending(scenario: &Scenario, seen: &Sighting, wrong: &mut Vec<String>) {
    match scenario.expected.ending {
        Ending::Done if !seen.is_done() => wrong.push("the last event did not come".to_owned()),
        Ending::Failed if seen.is_done() => wrong.push("it came back, and should not".to_owned()),
        Ending::Failed if !seen.is_over() => {
            wrong.push("it did not fail the connection".to_owned())
        }
        _ => {}
    }
}

fn at_once(apart: Duration, seen: &Sighting, wrong: &mut Vec<String>) {
    let Some(done) = seen.first(DONE) else { return };
    let Some(before) = done.checked_sub(1) else { return };
    let gap = seen.notes[done].at.saturating_sub(seen.notes[before].at);
    if gap < apart {
        wrong.push(format!("the event before the end was held back: it came {gap:?} before it"));
    }
}

fn returned((least, most): (Duration, Duration), visits: &[Visit], wrong: &mut Vec<String>) {
    let [first, second, ..] = visits else { return };
    let Some(ended) = first.ended else { return };
    let after = second.began.saturating_sub(ended);
    if after < least || after > most {
        wrong.push(format!("it came back after {after:?}, not within {least:?} to {most:?}"));
    }
}

/// An event, shortened.
fn told(event: &Event) -> String {
    let mut data = format!("{:?}", event.data);
    if let Some((at, _)) = data.char_indices().nth(80) {
        data.truncate(at);
        data.push_str(&format!("… ({} bytes)", event.data.len()));
    }
    let id = event.last_event_id.as_deref().unwrap_or_default();
    format!("{:?} {data} with ID {id:?}", event.event_type)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::scenario::Answer;
    use crate::sighting::{Note, What};

    fn event(event_type: &str, data: &str, id: &str) -> What {
        let last_event_id = Some(id.to_owned());
        let (event_type, data) = (event_type.to_owned(), data.to_owned());
        What::Event(Event { event_type, data, last_event_id })
    }

    fn seen(whats: impl IntoIterator<Item = What>) -> Sighting {
        let note = |(index, what)| Note { at: Duration::from_secs(index), what };
        Sighting { notes: (0..).zip(whats).map(note).collect() }
    }

    fn visit(id: &str, began: u64, ended: u64) -> Visit {
        let milliseconds = Duration::from_millis;
        let last_event_id = id.as_bytes().to_vec();
        Visit { last_event_id, began: milliseconds(began), ended: Some(milliseconds(ended)) }
    }

    fn scenario() -> Scenario {
        Scenario::new("x", "", "")
            .answer(Answer::stream("id: 1\ndata: a\n\n"))
            .event("message", "a", "1")
            .returns_with("1")
    }

    fn good() -> Vec<What> {
        vec![What::Open, event("message", "a", "1"), event(DONE, DONE, "1"), What::Closed]
    }

    #[test]
    fn what_a_conforming_client_does_is_no_complaint() {
        let visits = [visit("", 0, 10), visit("1", 20, 30)];
        assert_eq!(complaints(&scenario(), &seen(good()), &visits), Vec::<String>::new());
    }

    #[test]
    fn every_deviation_is_a_complaint() {
        let visits = || vec![visit("", 0, 10), visit("1", 20, 30)];
        let wrong = |index: usize, what: What| {
            let mut whats = good();
            whats[index] = what;
            complaints(&scenario(), &seen(whats), &visits())
        };
        assert_eq!(wrong(1, event("message", "b", "1")).len(), 1);
        assert_eq!(wrong(1, event("add", "a", "1")).len(), 1);
        assert_eq!(wrong(1, event("message", "a", "")).len(), 1);
        assert_eq!(wrong(1, What::Open).len(), 1);
        assert_eq!(wrong(2, What::Open).len(), 1);
        assert_eq!(wrong(0, event("message", "a", "1")).len(), 1);
        let after = |visits: &[Visit]| complaints(&scenario(), &seen(good()), visits).len();
        assert_eq!(after(&visits()[..1]), 1);
        assert_eq!(after(&[visit("", 0, 10), visit("", 20, 30)]), 1);
        assert_eq!(after(&[visits(), visits()].concat()), 1);
    }

    #[test]
    fn coming_back_after_a_failure_is_a_complaint() {
        let scenario = Scenario::new("x", "", "").answer(Answer::status(404)).fails();
        let visits = [visit("", 0, 10)];
        assert!(complaints(&scenario, &seen([What::Closed]), &visits).is_empty());
        assert_eq!(complaints(&scenario, &seen([]), &visits).len(), 1);
        let back = [event(DONE, DONE, ""), What::Closed];
        assert_eq!(complaints(&scenario, &seen(back), &visits).len(), 1);
    }

    #[test]
    fn times_are_judged() {
        let late = scenario().apart(Duration::from_millis(1500));
        let visits = [visit("", 0, 10), visit("1", 720, 30)];
        assert_eq!(complaints(&late, &seen(good()), &visits).len(), 1);
        let soon = Duration::from_millis(700);
        let bounds = |most| scenario().returns_after(soon, Duration::from_millis(most));
        assert!(complaints(&bounds(800), &seen(good()), &visits).is_empty());
        assert_eq!(complaints(&bounds(705), &seen(good()), &visits).len(), 1);
    }
}
