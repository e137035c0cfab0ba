//! Several channels over one connection, block by block.

use std::sync::Arc;
use std::task::{Context, Poll, Waker};
use std::time::Duration;

use futures_core::Stream;
use sse_channel::{
    Channel, Channels, ChannelsError, Cut, Entry, Feed, Frame, Framing, Gap, History, Lag, Log,
    Read, Replay, StateChannel, Subscription,
};

/// Channels `a`, `b` and so on.
fn named(channels: &[&Channel], replay: Replay) -> Channels {
    ('a'..).zip(channels).fold(Channels::new(), |named, (name, channel)| {
        named.with(name.to_string(), channel.log(), replay)
    })
}

/// All that is there already; an error at its end, if there is one.
fn all(events: &mut Subscription) -> (String, Option<Cut>) {
    let (mut text, mut idle) = (String::new(), 0);
    let mut cx = Context::from_waker(Waker::noop());
    // A source is asked when somebody waits.
    while idle < 10 {
        match std::pin::Pin::new(&mut *events).poll_next(&mut cx) {
            Poll::Ready(Some(Ok(block))) => {
                text += std::str::from_utf8(&block).unwrap();
                idle = 0;
            }
            Poll::Ready(Some(Err(cut))) => return (text, Some(cut)),
            Poll::Ready(None) => break,
            Poll::Pending => idle += 1,
        }
    }
    (text, None)
}

fn values<'a>(text: &'a str, name: &str) -> Vec<&'a str> {
    text.lines().filter_map(|line| line.strip_prefix(name)).collect()
}

fn data(text: &str) -> Vec<&str> {
    values(text, "data: ")
}

/// What a client remembers after this text.
fn id(text: &str) -> String {
    values(text, "id: ").last().expect("an ID").to_string()
}

fn say(channel: &Channel, text: &str) {
    channel.publish(&Frame::message(text));
}

#[test]
fn each_event_has_a_place_in_every_channel() {
    let (a, b) = (Channel::default(), Channel::default());
    let both = named(&[&a, &b], Replay::Live);
    let mut events = both.subscribe(None).unwrap();
    assert_eq!((a.stats().subscribers, b.stats().subscribers), (1, 1));
    let (first, _) = all(&mut events);
    assert!(first.starts_with("id: j1.a-") && first.ends_with("\n\n") && data(&first).is_empty());
    say(&a, "a1");
    say(&b, "b1");
    say(&a, "a2");
    let (text, _) = all(&mut events);
    let mut sorted = data(&text);
    sorted.sort_unstable();
    assert_eq!(sorted, ["a1", "a2", "b1"]);
    assert_eq!(events.place(), None, "each of them gets something else");
    // From whichever event a client comes back, it gets the others.
    let ids: Vec<&str> = values(&first, "id: ").into_iter().chain(values(&text, "id: ")).collect();
    let texts = data(&text);
    for (seen, id) in ids.iter().enumerate() {
        let (again, _) = all(&mut both.subscribe(Some(id)).unwrap());
        let mut got = [&texts[..seen], &data(&again)].concat();
        got.sort_unstable();
        assert_eq!(got, ["a1", "a2", "b1"], "{id}");
    }
    drop(events);
    assert_eq!((a.stats().subscribers, b.stats().subscribers), (0, 0));
    assert_eq!(a.stats().delivered + b.stats().delivered, 3 + (3 + 2 + 1));
}

#[test]
fn it_ends_when_all_have_closed() {
    let (a, b) = (Channel::default(), Channel::default());
    let mut events = named(&[&a, &b], Replay::All).subscribe(None).unwrap();
    say(&a, "a1");
    a.close();
    assert_eq!(data(&all(&mut events).0), ["a1"]);
    say(&b, "b1");
    assert_eq!(data(&all(&mut events).0), ["b1"]);
    b.close();
    assert!(matches!(events.try_next(), Poll::Ready(None)));
}

#[test]
fn a_gap_says_in_which_channel() {
    let history = || History { events: 2, ..History::default() };
    let channels = [Channel::new(history()), Channel::new(history()), Channel::new(history())];
    let [a, b, c] = &channels;
    let all_of_them = named(&[a, b, c], Replay::Live);
    let start = id(&all(&mut all_of_them.subscribe(None).unwrap()).0);
    for number in 1..=5 {
        say(a, &format!("a{number}"));
        say(b, &format!("b{number}"));
    }
    say(c, "c1");
    let mut events = all_of_them.subscribe(Some(&start)).unwrap();
    let (text, _) = all(&mut events);
    let (gaps, others): (Vec<_>, Vec<_>) = data(&text).into_iter().partition(|it| it.contains('{'));
    let expected = |name: &str| format!(r#"{{"channel":"{name}","reason":"evicted","missed":3}}"#);
    assert_eq!(gaps, [expected("a"), expected("b")]);
    assert!(others.len() == 5 && others.contains(&"c1") && others.contains(&"a4"), "{others:?}");
    let blocks: Vec<&str> = text.split_terminator("\n\n").collect();
    assert_eq!(values(blocks[0], "id: ").len(), 0, "who is cut off here is told of both again");
    let told = id(blocks[1]);
    let (again, _) = all(&mut all_of_them.subscribe(Some(&told)).unwrap());
    assert_eq!(data(&again).len(), 5, "and who is cut off here of none: {again}");
    assert_eq!((a.stats().gaps, b.stats().gaps, c.stats().gaps), (1, 1, 0));
}

#[test]
fn who_lags_in_one_is_cut_or_told_which() {
    for lag in [Lag::Disconnect, Lag::Skip] {
        let quick = Channel::default();
        let slow = Channel::new(History { events: 2, lag, ..History::default() });
        let both = named(&[&quick, &slow], Replay::Live);
        let mut events = both.subscribe(None).unwrap();
        all(&mut events);
        say(&quick, "a1");
        (0..5).for_each(|number| say(&slow, &number.to_string()));
        let (text, cut) = all(&mut events);
        let mut seen = data(&text);
        if lag == Lag::Disconnect {
            assert_eq!(seen, ["a1"], "what is before the cut is not lost");
            assert!(matches!(cut, Some(Cut::Lagged(Gap::Lagged { missed: Some(3) }))), "{cut:?}");
            assert!(matches!(events.try_next(), Poll::Ready(None)) && events.farewell().is_none());
            let (text, _) = all(&mut both.subscribe(Some(&id(&text))).unwrap());
            let told = r#"{"channel":"b","reason":"evicted","missed":3}"#;
            assert_eq!(data(&text), [told, "3", "4"]);
        } else {
            seen.sort_unstable();
            let told = r#"{"channel":"b","reason":"lagged","missed":3}"#;
            assert_eq!(seen, ["3", "4", "a1", told]);
            assert!(all(&mut both.subscribe(Some(&id(&text))).unwrap()).0.is_empty());
        }
    }
}

#[test]
fn ids_of_others_are_gaps_in_every_channel() {
    let (a, b) = (Channel::default(), Channel::default());
    let both = named(&[&a, &b], Replay::Live);
    say(&a, "a1");
    say(&b, "b1");
    let own = a.publish(&Frame::message("a2").with_id("42").unwrap());
    let joint = id(&all(&mut both.subscribe(None).unwrap()).0);
    let damaged = joint.replace('.', "..");
    for other in [&*own, &b.last_event_id(), "nonsense", "j1", "j1.a", "j2.a-1-1", &damaged] {
        let (text, _) = all(&mut both.subscribe(Some(other)).unwrap());
        let reason =
            |name: &str| format!(r#"{{"channel":"{name}","reason":"unknown-id","missed":null}}"#);
        assert_eq!(data(&text)[..2], [reason("a"), reason("b")], "{other}");
        assert_eq!(data(&text).len(), 5, "everything held follows");
    }
    // And a joint ID in a single channel.
    let (text, _) = all(&mut a.subscribe(Some(&joint), Replay::Live));
    assert_eq!(data(&text), [r#"{"reason":"unknown-id","missed":null}"#, "a1", "a2"]);
}

#[test]
fn a_channel_is_its_name_and_its_log() {
    let (a, b) = (Channel::default(), Channel::default());
    a.publish(&Frame::message("a1").with_id("1").unwrap());
    b.publish(&Frame::message("b1").with_id("1").unwrap());
    b.publish(&Frame::message("b2").with_id("2").unwrap());
    let of =
        |name: &str, channel: &Channel| Channels::new().with(name, channel.log(), Replay::Live);
    let one = id(&all(&mut of("a", &a).subscribe(None).unwrap()).0);
    // The other name is new there: nothing is read as if it were its own.
    let (text, _) = all(&mut of("b", &b).subscribe(Some(&one)).unwrap());
    assert!(data(&text).is_empty() && text.starts_with("id: j1.b-2\n"), "{text}");
    // After a restart the own ID still counts; a number does not.
    let (text, _) = all(&mut of("a", &b).subscribe(Some(&one)).unwrap());
    assert_eq!(data(&text), ["b2"]);
    say(&a, "a2");
    let number = id(&all(&mut of("a", &a).subscribe(None).unwrap()).0);
    let (text, _) = all(&mut of("a", &b).subscribe(Some(&number)).unwrap());
    assert_eq!(data(&text)[0], r#"{"channel":"a","reason":"other-epoch","missed":null}"#);
}

#[test]
fn channels_come_and_go_between_connections() {
    let channels = [Channel::default(), Channel::default(), Channel::default()];
    let [a, b, c] = &channels;
    let two = named(&[a, b], Replay::Live);
    let seen = id(&all(&mut two.subscribe(None).unwrap()).0);
    channels.iter().zip(["a1", "b1", "c1"]).for_each(|(channel, text)| say(channel, text));
    let other = Channels::new()
        .with("b", b.log(), Replay::Live)
        .with("c", c.log(), Replay::All)
        .with("d", Channel::default().log(), Replay::Live);
    let mut events = other.subscribe(Some(&seen)).unwrap();
    let (text, _) = all(&mut events);
    let mut got = data(&text);
    got.sort_unstable();
    assert_eq!(got, ["b1", "c1"]);
    let first = text.split("\n\n").next().unwrap();
    assert!(first.starts_with("id: j1.b-") && first.contains(".d-"), "the place in the new ones");
    // It comes back to the first two: the place in one of them is forgotten.
    let (text, _) = all(&mut two.subscribe(Some(&id(&text))).unwrap());
    assert!(data(&text).is_empty() && id(&text).contains(".b-"), "{text}");
}

#[test]
fn filters_see_the_name_and_the_cursor_moves_all_the_same() {
    let (a, b) = (Channel::default(), Channel::default());
    let both = named(&[&a, &b], Replay::Live);
    let both = both.with_filter(|name, entry| name == "a" || entry.event_type() == "alert");
    let events = both.subscribe(None).unwrap();
    let mut events = events.with_filter(|entry| entry.data().is_some_and(|it| !it.contains("no")));
    let first = id(&all(&mut events).0);
    say(&a, "a1");
    say(&b, "b1");
    b.publish(&Frame::message("b2").with_event_type("alert").unwrap());
    b.publish(&Frame::message("no").with_event_type("alert").unwrap());
    let (text, _) = all(&mut events);
    let mut got = data(&text);
    got.sort_unstable();
    assert_eq!(got, ["a1", "b2"]);
    let heartbeat = String::from_utf8(events.heartbeat().to_vec()).unwrap();
    assert!(heartbeat.starts_with("id: j1.") && id(&heartbeat) != first, "{heartbeat}");
    assert!(all(&mut both.subscribe(Some(&id(&heartbeat))).unwrap()).0.is_empty());
    assert_eq!(&*events.heartbeat(), b":\n\n");
    say(&b, "b3");
    assert!(all(&mut events).0.is_empty());
    let farewell = String::from_utf8(events.farewell().unwrap().to_vec()).unwrap();
    assert!(all(&mut both.subscribe(Some(&id(&farewell))).unwrap()).0.is_empty());
}

#[test]
fn own_ids_stand_beside_numbers_and_long_ones_are_stood_for() {
    let (a, b) = (Channel::default(), Channel::default());
    let both = named(&[&a, &b], Replay::Live);
    let mut events = both.subscribe(None).unwrap();
    all(&mut events);
    let ids = ["line 7", "\u{e9}", "1767225600000-0", "j1.a-1-1", "=-.", &"x".repeat(10_000)];
    for (number, own) in ids.iter().enumerate() {
        a.publish(&Frame::message(&number.to_string()).with_id(own).unwrap());
        let (text, _) = all(&mut events);
        let joint = id(&text);
        assert!(joint.len() < 100, "{joint}");
        assert!(all(&mut both.subscribe(Some(&joint)).unwrap()).0.is_empty(), "{own}");
    }
    // The bytes that an event's own ID had are not sent.
    let (text, _) = all(&mut both.subscribe(Some(&id("id: j1.a-line=207"))).unwrap());
    assert!(text.contains("data: 5\n\n") && text.len() < 1000, "{text}");
}

#[test]
fn comments_and_reconnection_times_move_nobody() {
    let (a, b) = (Channel::default(), Channel::default());
    let both = named(&[&a, &b], Replay::Live);
    let mut events = both.subscribe(None).unwrap().with_reconnection_time(Duration::from_secs(2));
    let (first, _) = all(&mut events);
    assert!(first.starts_with("id: j1.") && first.ends_with("\nretry: 2000\n\n"), "{first}");
    a.publish(&Frame::comment("hm"));
    b.publish(&Frame::retry(Duration::from_secs(1)));
    assert_eq!(all(&mut events).0, ": hm\n\nretry: 1000\n\n");
}

#[test]
fn chunks_hold_whole_blocks() {
    let (a, b) = (Channel::default(), Channel::default());
    let both = named(&[&a, &b], Replay::All);
    say(&a, "a1");
    say(&b, &"x".repeat(100));
    let plain = all(&mut both.subscribe(None).unwrap()).0;
    let framed = all(&mut both.subscribe(None).unwrap().with_framing(Framing::Chunked)).0;
    let chunk = |block: &str| format!("{:x}\r\n{block}\r\n", block.len());
    let expected: String = plain.split_inclusive("\n\n").map(chunk).collect();
    assert_eq!(framed, expected);
}

#[test]
fn a_burst_of_all_is_one_block_and_none_is_starved() {
    let (a, b) = (Channel::default(), Channel::default());
    let mut events = named(&[&a, &b], Replay::Live).subscribe(None).unwrap();
    all(&mut events);
    (0..10).for_each(|_| say(&a, "a"));
    (0..10).for_each(|_| say(&b, "b"));
    let Poll::Ready(Some(Ok(block))) = events.try_next() else { panic!("no block") };
    assert_eq!(data(std::str::from_utf8(&block).unwrap()).len(), 20);
    for _ in 0..20 {
        // Small ones: their IDs make more of them than a block holds.
        (0..1000).for_each(|_| say(&a, "a"));
        say(&b, "b");
        let blocks: Vec<_> = (0..2).map(|_| events.try_next()).collect();
        let text = format!("{blocks:?}");
        assert!(text.contains("data: b"), "a busy channel holds up another");
        all(&mut events);
    }
}

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

#[test]
fn what_cannot_be_followed_is_an_error_that_says_why() {
    let (a, b) = (Channel::default(), Channel::default());
    let of = |names: &[&str]| {
        let logs = [a.log(), b.log()].into_iter().cycle();
        let channels = names
            .iter()
            .zip(logs)
            .fold(Channels::new(), |channels, (name, log)| channels.with(*name, log, Replay::Live));
        channels.subscribe(None).map(drop)
    };
    let long = "x".repeat(65);
    for (names, error) in [
        (&[][..], ChannelsError::Empty),
        (&[""], ChannelsError::Name(String::new())),
        (&["a", &long], ChannelsError::Name(long.clone())),
        (&["a", "a"], ChannelsError::SameName("a".into())),
        (&["a", "b", "c"], ChannelsError::SameChannel("c".into())),
    ] {
        assert_eq!(of(names), Err(error.clone()), "{error}");
    }
    assert_eq!(of(&["a", "A"]), Ok(()));
    let many: Vec<Channel> = (0..200).map(|_| Channel::default()).collect();
    let first = |count: usize| {
        let names = (0..count).map(|number| format!("name{number:02}"));
        let channels = names.zip(&many).fold(Channels::new(), |channels, (name, channel)| {
            channels.with(name, channel.log(), Replay::Live)
        });
        channels.subscribe(None)
    };
    let (text, _) = all(&mut first(128).unwrap());
    assert!((2048..=4096).contains(&id(&text).len()), "{}", text.len());
    let error = first(200).unwrap_err();
    assert_eq!(error, ChannelsError::TooMany(200));
    assert!(error.to_string().contains("take fewer, or shorter names"), "{error}");
}
