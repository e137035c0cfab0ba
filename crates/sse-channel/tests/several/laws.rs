//! Laws 7, 12 and 13 for clients of several channels, on random channels, publishes, evictions, filters, and clients that
//! are cut off after any block and come back to other channels. A naive model has every entry that was ever published, and
//! knows for each block whether it may come, and for each client what it must have in the end.

use std::collections::BTreeMap;
use std::task::Poll;

use fastrand::Rng;
use sse_channel::{Channel, Channels, Frame, History, Lag, Replay, Subscription};

#[derive(Clone, Copy, PartialEq)]
enum Kind {
    Numbered,
    OwnId,
    Comment,
}

/// A channel, and all that it ever had. Entries say their position, counted from 1.
struct Past {
    name: &'static str,
    channel: Channel,
    events: usize,
    entries: Vec<Kind>,
    replay: Replay,
}

impl Past {
    fn new(name: &'static str, random: &mut Rng) -> Self {
        let events = [1, 2, 5, 20, 1000][random.usize(..5)];
        let history = History { events, bytes: usize::MAX, lag: Lag::Skip, ..History::default() };
        let replay = [Replay::Live, Replay::Last(3), Replay::All][random.usize(..3)];
        Self { name, channel: Channel::new(history), events, entries: Vec::new(), replay }
    }

    fn publish(&mut self, random: &mut Rng) {
        let position = self.end();
        let kind = [Kind::Numbered, Kind::Numbered, Kind::OwnId, Kind::Comment][random.usize(..4)];
        let text = format!("{} {position}", self.name);
        // The same in every channel: nobody may take one for another's.
        let own = format!("own {position}");
        self.entries.push(kind);
        self.channel.publish(&match kind {
            Kind::Numbered => Frame::message(&text),
            Kind::OwnId => Frame::message(&text).with_id(&own).unwrap(),
            Kind::Comment => Frame::comment(&text),
        });
    }

    fn kind(&self, position: usize) -> Option<Kind> {
        self.entries.get(position.checked_sub(1)?).copied()
    }

    fn end(&self) -> usize {
        self.entries.len() + 1
    }

    fn first(&self) -> usize {
        self.end().saturating_sub(self.events).max(1)
    }

    fn has_dropped_event_after(&self, position: usize) -> bool {
        (position + 1..self.first()).any(|it| self.kind(it) != Some(Kind::Comment))
    }

    /// Where a new client begins.
    fn start(&self) -> usize {
        match self.replay {
            Replay::Live => self.end(),
            Replay::Last(count) => self.end().saturating_sub(count as usize).max(self.first()),
            Replay::All => self.first(),
        }
    }

    /// What an ID says of one who has all before `position`: after which event it is.
    fn place(&self, position: usize) -> Place {
        let mut event = position - 1;
        while event >= self.first() && self.kind(event) == Some(Kind::Comment) {
            event -= 1;
        }
        // What followed the event has been dropped in part: the place itself is told.
        let is_dropped = event + 1 < self.first() || self.kind(event) == Some(Kind::Comment);
        let event = if is_dropped { position - 1 } else { event };
        let is_held = event >= self.first();
        Place { after: event, is_own: is_held && self.kind(event) == Some(Kind::OwnId) }
    }
}

/// What an ID knows of one channel.
#[derive(Clone, Copy, Debug)]
struct Place {
    after: usize,
    is_own: bool,
}

/// A client, over all its connections.
#[derive(Default)]
struct Client {
    id: Option<String>,
    /// What the ID stands for.
    known: BTreeMap<&'static str, Place>,
    /// What it has passed on this connection, by channel.
    passed: BTreeMap<&'static str, Passed>,
    only_even: Option<&'static str>,
    counts: Counts,
}

#[derive(Debug, Default)]
struct Counts {
    events: usize,
    gaps: usize,
    resumed: usize,
}

#[derive(Clone, Copy, Debug)]
struct Passed {
    /// Position of the entry that comes next.
    next: usize,
    place: Place,
    /// What has to be told before any entry comes, as it is told.
    gap: Option<&'static str>,
}

impl Client {
    fn subscribe(&mut self, pasts: &[Past], names: &[usize]) -> Subscription {
        let followed = names.iter().fold(Channels::new(), |channels, index| {
            let past = &pasts[*index];
            channels.with(past.name, past.channel.log(), past.replay)
        });
        self.passed.clear();
        for past in names.iter().map(|index| &pasts[*index]) {
            let known = self.known.get(past.name).filter(|_| self.id.is_some());
            self.counts.resumed += usize::from(known.is_some());
            let (next, gap) = match known {
                None => (past.start(), None),
                Some(place) if place.is_own && place.after < past.first() => {
                    // Of those that have been dropped the log knows the newest.
                    let gap =
                        Some("unknown-id").filter(|_| past.has_dropped_event_after(place.after));
                    (past.first(), gap)
                }
                Some(place) if place.after + 1 < past.first() => (past.first(), Some("evicted")),
                Some(place) => (place.after + 1, None),
            };
            // What was left out has been passed unseen: whether all of that is held, nobody sees.
            let is_filtered = self.only_even == Some(past.name);
            let (next, gap) = match known.filter(|_| is_filtered) {
                Some(place) => (place.after + 1, None),
                None => (next, gap),
            };
            self.passed.insert(past.name, Passed { next, place: past.place(next), gap });
        }
        let only_even = self.only_even;
        let followed = followed.with_filter(move |name, entry| {
            let data = entry.data().unwrap_or_default();
            only_even != Some(name) || data.ends_with(['0', '2', '4', '6', '8'])
        });
        followed.subscribe(self.id.as_deref()).unwrap()
    }

    fn is_wanted(&self, past: &Past, position: usize) -> bool {
        let is_filtered = self.only_even == Some(past.name);
        !is_filtered || (past.kind(position) != Some(Kind::Comment) && position % 2 == 0)
    }

    /// Checks that a block may come now, and remembers what it says.
    fn take(&mut self, pasts: &[Past], block: &str) {
        let field = |name: &str| block.lines().find_map(|line| line.strip_prefix(name));
        let past = |name: &str| pasts.iter().find(|past| past.name == name).expect(block);
        if field("event: ") == Some("gap") {
            let told = field("data: ").unwrap();
            let name = told.split('"').nth(3).unwrap();
            self.take_gap(past(name), told);
        } else if let Some(text) = field("data: ").or(field(": ")) {
            let (name, position) = text.rsplit_once(' ').expect(block);
            assert_eq!(field("data: ").is_some(), field("id: ").is_some(), "{block}");
            self.take_entry(past(name), position.parse().unwrap(), block);
        }
        if let Some(id) = field("id: ") {
            self.id = Some(id.to_owned());
            self.known = self.passed.iter().map(|(name, passed)| (*name, passed.place)).collect();
        }
    }

    fn take_gap(&mut self, past: &Past, told: &str) {
        self.counts.gaps += 1;
        let passed = self.passed.get_mut(past.name).expect("it follows that channel");
        let reason = told.split('"').nth(7).unwrap();
        if let Some(expected) = passed.gap.take() {
            assert_eq!(reason, expected, "{told}");
            return;
        }
        if self.only_even == Some(past.name) {
            assert!(passed.next < past.first() || reason == "unknown-id", "{told} {passed:?}");
        } else {
            assert!(reason == "lagged" && passed.next < past.first(), "{told} {passed:?}");
            let missed = format!("\"missed\":{}}}", past.first() - passed.next);
            assert!(told.ends_with(&missed), "{told} {passed:?}");
        }
        let next = past.first();
        *passed = Passed { next, place: past.place(next), gap: None };
    }

    fn take_entry(&mut self, past: &Past, position: usize, block: &str) {
        self.counts.events += 1;
        let passed = self.passed[past.name];
        assert_eq!(passed.gap, None, "before {block:?}");
        assert!(position >= passed.next, "twice or out of order: {block:?} {passed:?}");
        for missing in passed.next..position {
            assert!(!self.is_wanted(past, missing), "{missing} is missing: {block:?} {passed:?}");
        }
        self.pass(past, position + 1);
    }

    /// Has everything before `next` in a channel.
    fn pass(&mut self, past: &Past, next: usize) {
        let mut place = self.passed[past.name].place;
        let event = (1..next).rfind(|it| past.kind(*it) != Some(Kind::Comment));
        if let Some(after) = event.filter(|event| *event > place.after) {
            place = Place { after, is_own: past.kind(after) == Some(Kind::OwnId) };
        }
        self.passed.insert(past.name, Passed { next, place, gap: None });
    }

    /// Reads what there is, or some of it; whether it was all.
    fn read(
        &mut self,
        pasts: &[Past],
        events: &mut Subscription,
        mut random: Option<&mut Rng>,
    ) -> bool {
        for looks in 0.. {
            assert!(looks < 1000, "what is to come does not: {:?}", self.passed);
            let block = match events.try_next() {
                Poll::Ready(Some(Ok(block))) => block,
                // Those that were left out have been passed too.
                Poll::Pending if self.is_all(pasts) => return true,
                Poll::Pending => continue,
                other => panic!("{other:?}"),
            };
            for block in std::str::from_utf8(&block).unwrap().split_terminator("\n\n") {
                self.take(pasts, block);
                if random.as_mut().is_some_and(|random| random.usize(..6) == 0) {
                    return false;
                }
            }
        }
        false
    }

    /// Whether it has all that it wants of what it follows.
    fn is_all(&self, pasts: &[Past]) -> bool {
        let followed = pasts.iter().filter_map(|past| Some((past, self.passed.get(past.name)?)));
        followed.into_iter().all(|(past, passed)| {
            let is_missing = |position| self.is_wanted(past, position);
            passed.gap.is_none() && !(passed.next..past.end()).any(is_missing)
        })
    }
}

/// One history of channels and a client, the same each time for a seed.
fn history(seed: u64) -> Counts {
    let mut random = Rng::with_seed(seed);
    let names = ["news", "a", "a-b", "\u{e9} 1"];
    let mut pasts: Vec<Past> = names.iter().map(|name| Past::new(name, &mut random)).collect();
    let only_even = [None, Some("a")][random.usize(..2)];
    let mut client = Client { only_even, ..Client::default() };
    for _ in 0..30 {
        let mut followed: Vec<usize> =
            (0..pasts.len()).filter(|_| random.usize(..4) != 0).collect();
        if followed.is_empty() {
            followed.push(random.usize(..pasts.len()));
        }
        if random.bool() {
            followed.reverse();
        }
        let mut events = client.subscribe(&pasts, &followed);
        while client.read(&pasts, &mut events, Some(&mut random)) && random.usize(..3) != 0 {
            for _ in 0..random.usize(..12) {
                let index = random.usize(..pasts.len());
                pasts[index].publish(&mut random);
            }
        }
        drop(events);
        for _ in 0..random.usize(..6) {
            let index = random.usize(..pasts.len());
            pasts[index].publish(&mut random);
        }
    }
    let mut events = client.subscribe(&pasts, &[0, 1, 2, 3]);
    assert!(client.read(&pasts, &mut events, None));
    client.counts
}

#[test]
fn once_in_order_or_told_whatever_comes_between() {
    let mut all = Counts::default();
    for seed in 1..=500_u64 {
        let counts = history(seed.wrapping_mul(0x9e37_79b9_7f4a_7c15));
        all.events += counts.events;
        all.gaps += counts.gaps;
        all.resumed += counts.resumed;
    }
    assert!(all.events > 20_000 && all.gaps > 1000 && all.resumed > 10_000, "{all:?}");
}

#[test]
fn a_damaged_id_is_told_or_read_as_what_it_says() {
    let mut random = Rng::with_seed(7);
    let (a, b) = (Channel::default(), Channel::default());
    let both = Channels::new().with("a", a.log(), Replay::All).with("b", b.log(), Replay::All);
    for number in 1..=9 {
        a.publish(
            &Frame::message(&format!("a {number}")).with_id(&format!("own {number}")).unwrap(),
        );
        b.publish(&Frame::message(&format!("b {number}")));
    }
    let whole = |mut events: Subscription| {
        let mut text = String::new();
        while let Poll::Ready(Some(Ok(block))) = events.try_next() {
            text += std::str::from_utf8(&block).unwrap();
        }
        text
    };
    let text = whole(both.subscribe(None).unwrap());
    let ids: Vec<&str> = text.lines().filter_map(|line| line.strip_prefix("id: ")).collect();
    let mut gaps = 0;
    for _ in 0..20_000 {
        let mut id = ids[random.usize(..ids.len())].as_bytes().to_vec();
        for _ in 0..=random.usize(..3) {
            let place = random.usize(..id.len());
            match random.usize(..3) {
                0 => id[place] = b"09AZaz.-= ~"[random.usize(..11)],
                1 => drop(id.remove(place)),
                _ => id.insert(place, b"09AZaz.-="[random.usize(..9)]),
            }
        }
        let id = String::from_utf8(id).unwrap();
        let text = whole(both.subscribe(Some(&id)).unwrap());
        gaps += text.matches("event: gap\n").count();
        for name in ["a", "b"] {
            // Whatever was read, what comes goes on to the end without a hole.
            let data = format!("data: {name} ");
            let came =
                text.lines().filter_map(|line| line.strip_prefix(&*data)?.parse::<u64>().ok());
            let came: Vec<u64> = came.collect();
            let first = came.first().copied().unwrap_or(10);
            assert_eq!(came, (first..=9).collect::<Vec<_>>(), "{id}");
        }
    }
    assert!(gaps > 1000, "{gaps}");
}
