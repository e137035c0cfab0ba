//! Gaps in one of several channels, and IDs that say nothing of them.

use std::task::Poll;

use sse_channel::{Channel, Channels, Cut, Frame, Gap, History, Lag, Replay};

use super::support::{all, data, id, named, say, values};

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
