//! IDs of the application's own, against a naive model that has every entry there ever was: whoever has seen an event
//! goes on after it if every later event is held, and only then; before a restart and after it.

use std::collections::HashSet;

use fastrand::Rng;
use sse_channel::{Channel, Frame, Gap, History};

/// All that was published, oldest first: its ID, `None` if it was no event; and the IDs that the log knew when they were
/// given once more.
#[derive(Default)]
struct Past(Vec<Option<String>>, HashSet<String>);

impl Past {
    fn publish(&mut self, channel: &Channel, random: &mut Rng) {
        let own = match random.usize(..8) {
            0..4 => format!("own {}", self.0.len()),
            // Some are given twice.
            4 => format!("own {}", random.usize(..self.0.len() + 1)),
            5 | 6 => String::new(),
            _ => {
                channel.publish(&Frame::comment(""));
                return self.0.push(None);
            }
        };
        // Once it has forgotten an ID it cannot know that this is not the first.
        match channel.log().after(&own) {
            Err(Gap::UnknownId) => self.1.remove(&own),
            _ => self.1.insert(own.clone()),
        };
        let frame = Frame::message("x").with_id(&own).unwrap();
        self.0.push(Some(channel.publish(&frame).to_string()));
    }

    fn check(&self, channel: &Channel, why: &str) {
        let first = channel.log().first();
        for (position, id) in (1..).zip(&self.0) {
            let Some(id) = id else { continue };
            let found = channel.log().after(id);
            let is_of = |it: &&Option<String>| it.as_ref() == Some(id);
            if self.0.iter().filter(is_of).count() > 1 {
                // Whoever has it has seen one of several: nobody goes on after the first of them.
                let last =
                    self.0.iter().rposition(|it| it.as_ref() == Some(id)).unwrap() as u64 + 1;
                let is_told = !self.1.contains(id) && found == Ok(first.max(last + 1));
                assert!(found.is_err() || is_told, "{why}: {id} {found:?}");
                continue;
            }
            let mut dropped = (position + 1..first).map(|it| &self.0[it as usize - 1]);
            let misses_event = dropped.any(Option::is_some);
            let misses_comment = position + 1 < first;
            let is_own = id.starts_with("own");
            match found {
                Ok(next) => assert_eq!(
                    (next, misses_event),
                    (first.max(position + 1), false),
                    "{why}: {id}"
                ),
                Err(Gap::UnknownId) => assert!(is_own && misses_event, "{why}: {id}"),
                Err(Gap::Evicted { missed }) => {
                    assert_eq!(missed, Some(first - position - 1), "{why}: {id}");
                    assert!(!is_own && misses_comment, "{why}: {id}");
                }
                Err(gap) => panic!("{why}: {id} {gap}"),
            }
        }
    }
}

#[test]
fn whoever_misses_nothing_goes_on() {
    let mut last_dropped = 0;
    for seed in 1..=400_u64 {
        let mut random = Rng::with_seed(seed);
        let events = [1, 2, 3, 8, 1000][random.usize(..5)];
        let history = History { events, ..History::default() };
        let mut channel = Channel::new(history.clone());
        let mut past = Past::default();
        for round in 0..40 {
            past.publish(&channel, &mut random);
            past.check(&channel, &format!("{seed} {round}"));
            let before = channel.log().first() as usize - 1;
            let dropped = before.checked_sub(1).and_then(|it| past.0[it].as_deref());
            last_dropped += usize::from(dropped.is_some_and(|id| channel.log().after(id).is_ok()));
            if random.usize(..8) == 0 {
                channel.close();
                let mut bytes = Vec::new();
                channel.snapshot(&mut bytes).unwrap();
                channel = Channel::restore(history.clone(), &bytes[..]).unwrap();
                past.check(&channel, &format!("{seed} {round}, restored"));
            }
        }
    }
    assert!(last_dropped > 1000, "{last_dropped}");
}
