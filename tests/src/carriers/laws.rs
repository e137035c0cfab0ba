//! The laws. Each is a function of a carrier and a store; events are numbered from 1, so that a client can tell
//! what is lost, twice, out of order or somebody else's.

use std::collections::BTreeSet;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;
use std::time::Duration;

use sse_channel::{Frame, History, Lag, Replay};
use testkit::raw::field;

use super::{Ask, Carrier, Client, NewStore, Store};
use crate::streams::Random;

/// A channel with a name, and how many events it has had.
struct Numbered {
    name: &'static str,
    store: Box<dyn Store>,
    count: std::sync::atomic::AtomicU64,
}

impl Numbered {
    fn new(name: &'static str, new_store: NewStore, history: History) -> Self {
        Self { name, store: new_store(history), count: 0.into() }
    }

    /// Publishes the next event; from one thread only.
    fn publish(&self) {
        let number = self.count.fetch_add(1, Ordering::Relaxed) + 1;
        self.store.publish(&Frame::message(&format!("{} {number}", self.name)));
    }
}

/// What a client knows, over all its connections.
#[derive(Debug, Default)]
struct Record {
    last_event_id: Option<String>,
    ids: BTreeSet<String>,
    seen: u64,
    /// Whether the next event need not follow on what was seen: a gap was told, or it is new.
    may_jump: bool,
    gaps: u64,
}

impl Record {
    fn ask(&mut self, replay: Replay, only_even: bool) -> Ask {
        self.may_jump = self.last_event_id.is_none();
        let last_event_id = self.last_event_id.clone();
        Ask { last_event_id, replay, only_even, ..Ask::default() }
    }

    /// Checks that a block may come next.
    fn take(&mut self, name: &str, only_even: bool, block: &str) {
        assert!(block.lines().all(|line| line != "id:"), "takes the cursor away: {block:?}");
        if let Some(id) = field(block, "id") {
            self.last_event_id = Some(id.to_owned());
        }
        let Some(data) = field(block, "data") else { return };
        if field(block, "event") == Some("gap") {
            (self.may_jump, self.gaps) = (true, self.gaps + 1);
            return;
        }
        let (whose, number) = data.split_once(' ').unwrap_or_else(|| panic!("{block:?}"));
        let number: u64 = number.parse().unwrap_or_else(|_| panic!("{block:?}"));
        assert_eq!(whose, name, "somebody else's: {block:?}");
        assert!(number > self.seen, "{name} {number} after {}", self.seen);
        let next = if only_even { self.seen / 2 * 2 + 2 } else { self.seen + 1 };
        assert!(self.may_jump || number == next, "{name}: {number}, not told why no {next}");
        let id = self.last_event_id.clone().unwrap_or_else(|| panic!("no ID: {block:?}"));
        assert!(self.ids.insert(id), "an ID twice: {block:?}");
        (self.seen, self.may_jump) = (number, false);
    }

    /// Reads `blocks` blocks, or all up to the end.
    fn read(&mut self, client: &mut dyn Client, name: &str, only_even: bool, blocks: usize) {
        for _ in 0..blocks {
            let Some(block) = client.block() else { return };
            self.take(name, only_even, &block);
        }
    }

    /// Reads up to the event with this number.
    fn read_up_to(&mut self, client: &mut dyn Client, name: &str, only_even: bool, last: u64) {
        while self.seen < last {
            let block = client.block().unwrap_or_else(|| panic!("ended at {}", self.seen));
            self.take(name, only_even, &block);
        }
    }
}

/// Runs `work` while events are published, a few at once, to any of the channels.
fn while_busy<T>(channels: &[Numbered], work: impl FnOnce() -> T) -> T {
    let done = AtomicBool::new(false);
    thread::scope(|scope| {
        scope.spawn(|| {
            let mut random = Random::new(1);
            while !done.load(Ordering::Relaxed) {
                let channel = &channels[random.below(channels.len())];
                (0..random.below(4)).for_each(|_| channel.publish());
                thread::sleep(Duration::from_micros(random.below(2000) as u64));
            }
        });
        // Also when the work panics, the publisher must end.
        let result = std::panic::catch_unwind(std::panic::AssertUnwindSafe(work));
        done.store(true, Ordering::Relaxed);
        result.unwrap_or_else(|panic| std::panic::resume_unwind(panic))
    })
}

/// Law 7: clients that come and go at any moment of a busy channel, live, from the log and from its source.
pub fn once_and_in_order(carrier: &dyn Carrier, new_store: NewStore) {
    let probe = new_store(History::default()).keeps_all();
    // Everything is there to be had: in the log itself, or in what stands behind it.
    let events = if probe { 8 } else { 1 << 20 };
    let history = History { events, bytes: 1 << 30, ..History::default() };
    let channels = [Numbered::new("a", new_store, history)];
    while_busy(&channels, || {
        thread::scope(|scope| {
            for client in 0..4_u64 {
                let channel = &channels[0];
                scope.spawn(move || {
                    let only_even = client == 3;
                    let (mut random, mut record) = (Random::new(client), Record::default());
                    for _ in 0..60 {
                        let ends_soon = random.below(2) == 0;
                        let ask = Ask { ends_soon, ..record.ask(Replay::All, only_even) };
                        let mut client = carrier.connect(channel.store.log(), &ask);
                        record.read(&mut *client, channel.name, only_even, random.below(30));
                        drop(client);
                        if random.below(4) == 0 {
                            thread::sleep(Duration::from_millis(random.below(20) as u64));
                        }
                    }
                    assert_eq!(record.gaps, 0, "nothing is missing");
                    assert!(record.seen > 100, "{} events show nothing", record.seen);
                });
            }
        });
    });
}

/// Law 7: a client that was away too long. What still can be had follows.
pub fn gaps_are_told(carrier: &dyn Carrier, new_store: NewStore) {
    let channel = Numbered::new("a", new_store, History { events: 5, ..History::default() });
    (0..3).for_each(|_| channel.publish());
    let mut record = Record::default();
    let ask = record.ask(Replay::All, false);
    let mut client = carrier.connect(channel.store.log(), &ask);
    record.read_up_to(&mut *client, "a", false, 3);
    drop(client);
    (0..20).for_each(|_| channel.publish());
    let ask = record.ask(Replay::Live, false);
    let mut client = carrier.connect(channel.store.log(), &ask);
    record.read_up_to(&mut *client, "a", false, 23);
    assert_eq!(record.gaps, u64::from(!channel.store.keeps_all()), "{record:?}");
    channel.publish();
    record.read_up_to(&mut *client, "a", false, 24);
}

/// Law 7: an ID of another channel, of another form, or that nobody has given yet.
pub fn others_ids_are_gaps(carrier: &dyn Carrier, new_store: NewStore) {
    let new = |name| Numbered::new(name, new_store, History { events: 5, ..History::default() });
    let (a, b) = (new("a"), new("b"));
    (0..4).for_each(|_| a.publish());
    (0..8).for_each(|_| b.publish());
    let of_b = b.store.log().last_event_id();
    let of_a = a.store.log().last_event_id();
    let (epoch, _) = of_a.split_once('-').unwrap_or_else(|| panic!("{of_a}"));
    let ahead = format!("{epoch}-18446744073709551615");
    for id in [&*of_b, "1-1", "unknown", "\u{e9}", &ahead] {
        let ask = Ask { last_event_id: Some(id.to_owned()), ..Ask::default() };
        let mut client = carrier.connect(a.store.log(), &ask);
        let first = client.block().unwrap_or_default();
        assert!(first.starts_with("event: gap\n"), "{id}: {first:?}");
        // Who is cut off now is not told again; beside another channel it is told of both before.
        if !first.contains("\nid: ") {
            let place = client.block().unwrap_or_default();
            assert!(place.starts_with("id: ") && place.lines().count() == 1, "{place:?}");
        }
        let mut record = Record { may_jump: true, ..Record::default() };
        record.read_up_to(&mut *client, "a", false, 4);
        assert_eq!(record.gaps, 0, "told once");
    }
}

/// Law 13: one client after the other of several channels, over connections that may have had others.
pub fn own_subscribers_only(carrier: &dyn Carrier, new_store: NewStore) {
    let history = || History { lag: Lag::Skip, ..History::default() };
    let channels = ["a", "b", "c"].map(|name| Numbered::new(name, new_store, history()));
    while_busy(&channels, || {
        let mut random = Random::new(7);
        let mut records = [(); 3].map(|()| Record::default());
        for _ in 0..150 {
            let index = random.below(channels.len());
            let (channel, record) = (&channels[index], &mut records[index]);
            let ask = Ask { ends_soon: true, ..record.ask(Replay::All, false) };
            let mut client = carrier.connect(channel.store.log(), &ask);
            record.read(&mut *client, channel.name, false, random.below(8));
        }
        assert!(records.iter().all(|record| record.seen > 10), "{records:?}");
    });
}

/// Law 12: comments, reconnection times, empty IDs and blocks without data, between events; the client
/// comes back after each block that moves its cursor, and goes on where it was.
pub fn the_cursor_moves_forward(carrier: &dyn Carrier, new_store: NewStore) {
    let channel = Numbered::new("a", new_store, History::default());
    let mut random = Random::new(3);
    for _ in 0..40 {
        match random.below(6) {
            0 => channel.store.publish(&Frame::comment("noise")),
            1 => channel.store.publish(&Frame::retry(Duration::from_secs(1))),
            2 => channel.store.publish(&Frame::cursor("").expect("no ID")),
            3 => {
                let number = channel.count.fetch_add(1, Ordering::Relaxed) + 1;
                let data = format!("a {number}");
                channel.store.publish(&Frame::message(&data).with_id("").expect("no ID"));
            }
            _ => channel.publish(),
        }
    }
    channel.publish();
    let last = channel.count.load(Ordering::Relaxed);
    let mut record = Record::default();
    for connection in 0.. {
        assert!(connection < 200, "stuck at {record:?}");
        let ask = record.ask(Replay::All, false);
        let mut client = carrier.connect(channel.store.log(), &ask);
        // A comment leaves the cursor where it is: past those, up to the next ID. That may be the place in another channel,
        // which has dropped something each time if it is busy: every second connection goes on to an event of this one.
        let (before, seen) = (record.last_event_id.clone(), record.seen);
        let is_short = connection % 2 == 0;
        while record.seen == seen && seen < last && !(is_short && record.last_event_id != before) {
            record.read(&mut *client, "a", false, 1);
        }
        assert!(record.last_event_id.as_deref().is_some_and(|id| !id.is_empty()), "{record:?}");
        if record.seen == last {
            break;
        }
    }
    assert_eq!(record.gaps, 0);
}

/// Law 9: one client reads nothing while others read everything; when it reads again it gets all that can be had,
/// and is told of the rest.
pub fn who_stops_delays_nobody(carrier: &dyn Carrier, new_store: NewStore) {
    let history = History { events: 64, bytes: 1 << 20, lag: Lag::Skip, ..History::default() };
    let channel = Numbered::new("a", new_store, history);
    let mut records = [(); 2].map(|()| Record::default());
    let [stalls, reads] = &mut records;
    let mut clients = [&mut *stalls, &mut *reads].map(|record| {
        let ask = record.ask(Replay::Live, false);
        let mut client = carrier.connect(channel.store.log(), &ask);
        record.read(&mut *client, "a", false, 1);
        client
    });
    let [stalled, reading] = &mut clients;
    for number in 1..=2000 {
        channel.publish();
        reads.read_up_to(&mut **reading, "a", false, number);
    }
    assert_eq!(reads.gaps, 0);
    stalls.read_up_to(&mut **stalled, "a", false, 2000);
}

/// Law 11: what is over ends whole, after everything that was published before.
pub fn closing_ends_whole(carrier: &dyn Carrier, new_store: NewStore) {
    for only_even in [false, true] {
        let channel = Numbered::new("a", new_store, History::default());
        let mut record = Record::default();
        let ask = record.ask(Replay::Live, only_even);
        let mut client = carrier.connect(channel.store.log(), &ask);
        record.read(&mut *client, "a", only_even, 1);
        (0..101).for_each(|_| channel.publish());
        channel.store.close();
        record.read(&mut *client, "a", only_even, usize::MAX);
        assert!(client.is_complete(), "cut");
        assert_eq!(record.seen, if only_even { 100 } else { 101 });
        // It knows where it stands: whoever comes back has nothing to come.
        let ask = record.ask(Replay::All, false);
        let mut client = carrier.connect(channel.store.log(), &ask);
        while let Some(block) = client.block() {
            assert!(block.starts_with("id: ") && block.lines().count() == 1, "{block}");
        }
    }
    closing_ends_who_waits(carrier, new_store);
}

/// Law 11: the end comes to clients that have everything too.
fn closing_ends_who_waits(carrier: &dyn Carrier, new_store: NewStore) {
    let channel = Numbered::new("a", new_store, History::default());
    let mut record = Record::default();
    let ask = record.ask(Replay::Live, false);
    let mut client = carrier.connect(channel.store.log(), &ask);
    record.read(&mut *client, "a", false, 1);
    thread::scope(|scope| {
        scope.spawn(|| {
            // By then the client waits, on most machines.
            thread::sleep(Duration::from_millis(50));
            channel.store.close();
        });
        record.read(&mut *client, "a", false, usize::MAX);
    });
    assert!(client.is_complete(), "cut");
}
