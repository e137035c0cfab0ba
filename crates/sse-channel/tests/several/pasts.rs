//! Channels whose past is elsewhere, beside others: a state, and a source.

use std::sync::Arc;
use std::task::Poll;

use sse_channel::{
    Channel, Channels, Cut, Entry, Feed, Frame, Gap, History, Log, Read, Replay, StateChannel,
};

use super::support::{all, data, id, say, values};

#[test]
fn states_come_first_and_in_place_of_gaps() {
    let sum = StateChannel::new(0_u64, History { events: 2, ..History::default() });
    let other = Channel::default();
    let add = |amount: u64| {
        sum.update(|sum, changes| {
            *sum += amount;
            changes.publish(&Frame::message(&amount.to_string()));
        });
    };
    let snapshot = |sum: &u64| {
        let text = format!("sum {sum}");
        vec![Entry::new(&Frame::message("half")), Entry::new(&Frame::message(&text))]
    };
    let both = Channels::new().with("other", other.log(), Replay::Live);
    let both = both.with_state("sum", &sum, snapshot);
    add(1);
    let mut events = both.subscribe(None).unwrap();
    let (text, _) = all(&mut events);
    assert_eq!(data(&text), ["half", "sum 1"]);
    let ids = values(&text, "id: ");
    let (first, last) = (ids[0], ids[1]);
    assert!(!first.contains("sum") && last.contains(".sum-"), "{text}");
    // Who had only the first half is new to it; who had all of it misses nothing.
    assert_eq!(data(&all(&mut both.subscribe(Some(first)).unwrap()).0), ["half", "sum 1"]);
    assert_eq!(all(&mut both.subscribe(Some(last)).unwrap()).0, "");
    (2..6).for_each(add);
    say(&other, "x");
    let (text, _) = all(&mut both.subscribe(Some(last)).unwrap());
    let mut got = data(&text);
    got.sort_unstable();
    assert_eq!(got, ["half", "sum 15", "x"]);
    let (text, _) = all(&mut both.subscribe(Some("nonsense")).unwrap());
    assert!(data(&text)[0].contains(r#""channel":"other""#), "{text}");
    assert_eq!(data(&text)[1..], ["x", "half", "sum 15"], "{text}");
}

/// A log that is fed from another, which has everything.
fn fed(past: &Channel) -> Feed {
    let source = Arc::new(past.log().clone());
    Feed::new(History { events: 2, ..History::default() }, &past.last_event_id(), source)
}

/// Feeds what the other has from `position` on.
fn feed(feed: &Feed, past: &Log, position: &mut u64) {
    while let Read::Entries(entries) = past.read(*position, usize::MAX) {
        *position += entries.len() as u64;
        entries.into_iter().for_each(|entry| feed.push(entry));
    }
}

#[test]
fn what_a_log_has_dropped_comes_from_its_source() {
    let pasts = [Channel::default(), Channel::default()];
    let feeds = [fed(&pasts[0]), fed(&pasts[1])];
    let mut positions = [1, 1];
    let both = Channels::new().with("a", feeds[0].log(), Replay::Live).with(
        "b",
        feeds[1].log(),
        Replay::All,
    );
    let start = id(&all(&mut both.subscribe(None).unwrap()).0);
    for number in 0..100 {
        for (past, (fed, position)) in pasts.iter().zip(feeds.iter().zip(&mut positions)) {
            say(past, &format!("{number}"));
            feed(fed, past.log(), position);
        }
    }
    for last_event_id in [Some(&*start), None] {
        let (text, _) = all(&mut both.subscribe(last_event_id).unwrap());
        let expected = if last_event_id.is_some() { 200 } else { 100 };
        assert_eq!(data(&text).len(), expected, "{last_event_id:?}");
        assert_eq!(all(&mut both.subscribe(Some(&id(&text))).unwrap()).0, "");
    }
    let mut events = both.subscribe(Some(&start)).unwrap();
    all(&mut events);
    let ahead = pasts[0].publish(&Frame::message("elsewhere"));
    feeds[0].tell_gap(Gap::Evicted { missed: None }, &ahead);
    let (text, _) = all(&mut events);
    assert_eq!(data(&text), [r#"{"channel":"a","reason":"evicted","missed":null}"#]);
    assert_eq!(all(&mut both.subscribe(Some(&id(&text))).unwrap()).0, "");
}

#[test]
fn a_busy_channel_does_not_keep_a_source_from_being_read() {
    let (past, busy) = (Channel::default(), Channel::default());
    let fed = fed(&past);
    let both =
        Channels::new().with("fed", fed.log(), Replay::All).with("busy", busy.log(), Replay::Live);
    (0..5).for_each(|number| say(&past, &number.to_string()));
    feed(&fed, past.log(), &mut 1);
    let mut events = both.subscribe(None).unwrap();
    let mut text = String::new();
    for _ in 0..10 {
        say(&busy, "busy");
        // As a server does that looks before it waits.
        if let Poll::Ready(Some(Ok(block))) = events.try_next() {
            text += std::str::from_utf8(&block).unwrap();
        }
    }
    assert!(text.contains("data: 4\n"), "{text}");
}

#[test]
fn an_id_of_a_source_without_room_is_an_error() {
    let (past, other) = (Channel::default(), Channel::default());
    let fed = fed(&past);
    let both =
        Channels::new().with("a", fed.log(), Replay::All).with("b", other.log(), Replay::Live);
    say(&past, "wanted");
    say(&past, "short");
    for _ in 0..3 {
        past.publish(&Frame::message("long").with_id(&"x".repeat(5000)).unwrap());
    }
    feed(&fed, past.log(), &mut 1);
    let events = both.subscribe(None).unwrap();
    let mut events = events.with_filter(|entry| entry.data().as_deref() == Some("wanted"));
    let (text, cut) = all(&mut events);
    assert_eq!(data(&text), ["wanted"]);
    assert!(matches!(&cut, Some(Cut::Source(_))), "{cut:?}");
    assert!(cut.unwrap().to_string().contains("too long"));
    assert!(events.farewell().is_none(), "nothing but a place before that is known");
}
