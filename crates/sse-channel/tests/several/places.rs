//! One ID that stands for a place in each of several channels.

use std::time::Duration;

use sse_channel::{Channel, Channels, Frame, Replay};

use super::support::{all, data, id, named, say, values};

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
