//! Law: a log that comes back from a last snapshot is the same to every subscriber, at every position; on random logs.

use std::task::Poll;
use std::time::Duration;

use fastrand::Rng;
use sse_channel::{Channel, Entry, Frame, Framing, Gap, History, Read, Replay, Subscription};

/// Anything, and the same each time.
struct Random(Rng);

impl Random {
    fn new(seed: u64) -> Self {
        Self(Rng::with_seed(seed))
    }

    fn pick<T: Copy>(&mut self, choices: &[T]) -> T {
        choices[self.0.usize(..choices.len())]
    }

    fn history(&mut self) -> History {
        let events = self.pick(&[1, 3, 10, 1000]);
        let bytes = self.pick(&[1, 700, 1 << 20]);
        History {
            events,
            bytes,
            gap_event: self.pick(&["gap", "hole"]).into(),
            ..History::default()
        }
    }

    /// Publishes anything that can be published; the ID that clients may remember.
    fn publish(&mut self, channel: &Channel) -> String {
        const TEXTS: [&str; 8] =
            ["", "a", "two\nlines", "\n\n", "\u{e9}\r\nid: 9", " data: x", "\u{0}", "id: 7\rb"];
        let text = self.pick(&TEXTS);
        let mut frame = match self.0.usize(..5) {
            0 => Frame::comment(text),
            1 => Frame::retry(Duration::from_millis(self.0.u64(..10_000))),
            _ => Frame::message(text).with_event_type(self.pick(&["", "note", "gap"])).unwrap(),
        };
        if self.0.usize(..4) == 0 {
            frame = frame.with_comment(self.pick(&TEXTS));
        }
        let own = ["a", "b", "\u{e9} 1", "7-1"];
        if self.0.usize(..3) == 0 {
            frame = frame.with_id(self.pick(&own)).unwrap();
        }
        channel.publish(&frame).to_string()
    }
}

fn bytes(channel: &Channel) -> Vec<u8> {
    let mut bytes = Vec::new();
    channel.snapshot(&mut bytes).unwrap();
    bytes
}

/// All that a subscriber gets now, as text.
fn drain(mut events: Subscription) -> String {
    let mut text = String::new();
    while let Poll::Ready(Some(block)) = events.try_next() {
        text += std::str::from_utf8(&block.unwrap()).unwrap();
        text += "|";
    }
    text
}

/// Holds two logs to be the same, for everybody who has any of these IDs.
fn assert_same(one: &Channel, two: &Channel, ids: &[String]) {
    let ends = |it: &Channel| (it.log().first(), it.log().end(), it.last_event_id());
    assert_eq!(ends(one), ends(two));
    let held = |it: &Channel| {
        let stats = it.stats();
        (stats.published, stats.held_events, stats.held_bytes)
    };
    assert_eq!(held(one), held(two));
    for position in 0..=one.log().end() {
        assert_eq!(one.log().cursor(position), two.log().cursor(position), "{position}");
        let block = |it: &Channel| it.log().cursor_block(position, Framing::Plain).to_vec();
        assert_eq!(block(one), block(two), "{position}");
        let read = |it: &Channel| match it.log().read(position, usize::MAX) {
            Read::Entries(entries) => Ok(entries.iter().map(about).collect::<Vec<_>>()),
            Read::Gap(gap, first) => Err(Some((gap, first))),
            Read::Nothing | Read::Closed => Err(None),
        };
        assert_eq!(read(one), read(two), "{position}");
    }
    for id in ids {
        assert_eq!(one.log().after(id), two.log().after(id), "{id}");
        let drain = |it: &Channel| drain(it.subscribe(Some(id), Replay::Live));
        assert_eq!(drain(one), drain(two), "{id}");
    }
    for replay in [Replay::All, Replay::Last(2), Replay::Live] {
        assert_eq!(drain(one.subscribe(None, replay)), drain(two.subscribe(None, replay)));
        let noted = |it: &Channel| {
            drain(it.subscribe(None, replay).with_filter(|entry| entry.event_type() == "note"))
        };
        assert_eq!(noted(one), noted(two));
    }
}

fn about(entry: &Entry) -> (Vec<u8>, String, Option<String>, Option<String>) {
    let id = entry.id().map(str::to_owned);
    let data = entry.data().map(std::borrow::Cow::into_owned);
    (entry.framed(Framing::Chunked).to_vec(), entry.event_type().to_owned(), id, data)
}

/// IDs that say nothing, and those that are near the ends.
fn more_ids(channel: &Channel) -> Vec<String> {
    let epoch = channel.log().cursor(1);
    let epoch = epoch.strip_suffix("-0").map_or("7", |epoch| epoch).to_owned();
    let end = channel.log().end();
    let numbers = (0..end + 3).map(|number| format!("{epoch}-{number}"));
    numbers.chain(["none", "7-1", "8-0"].map(str::to_owned)).collect()
}

#[test]
fn a_restored_log_is_the_same_to_everybody_and_goes_on_alike() {
    for seed in 1..=400 {
        let mut random = Random::new(seed);
        let history = random.history();
        let channel = Channel::new(history.clone());
        let mut ids = more_ids(&channel);
        for _ in 0..random.0.usize(..40) {
            ids.push(random.publish(&channel));
        }
        ids.extend(more_ids(&channel));
        let last = channel.last_event_id();
        channel.close();
        let saved = bytes(&channel);
        // To those of a closed log something is said at the end: both are closed.
        let again = Channel::restore(history.clone(), &saved[..]).unwrap();
        again.close();
        assert_same(&channel, &again, &ids);
        let again = Channel::restore(history.clone(), &saved[..]).unwrap();

        // It goes on in the same epoch, as a log that has been saved and restored ten times does.
        let mut often = Channel::restore(history.clone(), &saved[..]).unwrap();
        let mut same = Random::new(seed);
        let mut random = Random::new(seed);
        for _ in 0..10 {
            often.close();
            let saved = bytes(&often);
            often = Channel::restore(history.clone(), &saved[..]).unwrap();
            let id = random.publish(&often);
            assert_eq!(id, same.publish(&again), "seed {seed} after {last}");
            ids.push(id);
        }
        assert_same(&again, &often, &ids);
        again.close();
        often.close();
        assert_eq!(bytes(&again), bytes(&often), "seed {seed}");
    }
}

#[test]
fn an_open_log_comes_back_with_what_it_had_and_a_gap() {
    for seed in 1..=200 {
        let mut random = Random::new(seed);
        let history = History { bytes: 1 << 20, events: 1000, ..random.history() };
        let channel = Channel::new(history.clone());
        let mut numbers = more_ids(&channel);
        for _ in 0..random.0.usize(..40) {
            random.publish(&channel);
        }
        let again = Channel::restore(history.clone(), &bytes(&channel)[..]).unwrap();
        let end = channel.log().end();
        assert_eq!(again.log().end(), end + 1);
        let told = format!("event: {}\nid: {}\n", history.gap_event, again.last_event_id());
        let told = format!("{told}data: {}\n\n|", Gap::Unsaved);
        numbers.extend(more_ids(&channel));
        for id in numbers.iter().filter(|id| channel.log().after(id).is_ok()) {
            // All that follows may be one block: the bars say where blocks end.
            let plain = |it: &Channel| drain(it.subscribe(Some(id), Replay::Live)).replace('|', "");
            assert_eq!(plain(&again), plain(&channel) + told.trim_end_matches('|'), "{seed} {id}");
        }
    }
}

#[test]
fn what_does_not_fit_in_smaller_limits_is_dropped_and_told() {
    let channel = Channel::default();
    let ids: Vec<_> = (0..10).map(|it| channel.publish(&Frame::message(&it.to_string()))).collect();
    channel.close();
    let small = History { events: 3, ..History::default() };
    let again = Channel::restore(small, &bytes(&channel)[..]).unwrap();
    assert_eq!(again.log().after(&ids[6]), Ok(8));
    assert_eq!(again.log().after(&ids[4]), Err(Gap::Evicted { missed: Some(2) }));
    assert_eq!(again.stats().held_events, 3);
}
