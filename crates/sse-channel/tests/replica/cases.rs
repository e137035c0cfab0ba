//! What a client is given, block by block; when the keeper stops, and what there is then.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::pin::{Pin, pin};
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::task::{Context, Poll, Waker};

use futures_core::Stream;
use sse_channel::{
    Channel, Channels, Cut, Entry, Feed, Frame, Gap, History, Keeper, Lag, Replay, Replica,
    Stopped, Subscription,
};

use super::support::{BEGIN, Database, Node, Table, rows};
use super::wakes::Wakes;

/// All that is there already; an error at its end, if there is one.
fn all(events: &mut Subscription) -> (String, Option<Cut>) {
    let mut cx = Context::from_waker(Waker::noop());
    let (mut text, mut idle) = (String::new(), 0);
    while idle < 5 {
        match Pin::new(&mut *events).poll_next(&mut cx) {
            Poll::Ready(Some(Ok(block))) => {
                (idle, text) = (0, text + std::str::from_utf8(&block).unwrap())
            }
            Poll::Ready(Some(Err(cut))) => return (text, Some(cut)),
            Poll::Ready(None) => return (text + "end", None),
            Poll::Pending => idle += 1,
        }
    }
    (text, None)
}

fn data(text: &str) -> Vec<&str> {
    text.lines().filter_map(|line| line.strip_prefix("data: ")).collect()
}

fn node(database: &Database) -> Node {
    Node::new(database, 0, 8, Lag::Disconnect)
}

/// A sum, and what is added to it.
fn sum(log: &sse_channel::Log) -> (Replica<u64>, Keeper<u64>) {
    Replica::new(log, |sum, event| *sum += event.data().unwrap().parse::<u64>().unwrap())
}

fn one(sum: &u64) -> Vec<Entry> {
    vec![Entry::new(&Frame::message(&sum.to_string()).with_event_type("sum").unwrap())]
}

type Keeping<'a> = Pin<Box<dyn Future<Output = Stopped<u64>> + 'a>>;

/// Polls until it waits for others.
fn work<T>(future: Pin<&mut (impl Future<Output = T> + ?Sized)>) -> Poll<T> {
    let mut future = future;
    let mut cx = Context::from_waker(Waker::noop());
    let mut work = || future.as_mut().poll(&mut cx);
    (0..50).map(|_| work()).find(Poll::is_ready).unwrap_or(Poll::Pending)
}

#[test]
fn the_state_comes_first_and_then_every_event() {
    let database = Database::new(1 << 20);
    let mut node = node(&database);
    database.publish(0, '+', 5);
    let mut events = node.replica.subscribe(None, rows);
    assert_eq!(all(&mut events).0, "", "there is no state yet");
    assert_eq!(node.replica.read(|table, _| *table), None);
    node.feed_all();
    node.work_much();
    let expected = format!("data: 0 = 6\n\ndata: 1 = 1\n\nid: {}\ndata: 2 = 1\n\n", database.id(1));
    assert_eq!(all(&mut events).0, expected);
    database.publish(1, '*', 7);
    node.feed_all();
    assert_eq!(all(&mut events).0, format!("id: {}\ndata: 1 * 7\n\n", database.id(2)));
    node.work_much();
    let (table, id) = node.replica.read(|table, id| (*table, id.clone())).unwrap();
    assert_eq!((table, id), ([6, 7, 1], database.id(2)));
}

#[test]
fn a_gap_in_the_feed_is_the_state_in_its_place() {
    let database = Database::new(1 << 20);
    let mut node = node(&database);
    node.work_much();
    let mut events = node.replica.subscribe(None, rows);
    all(&mut events);
    database.publish(0, '+', 1);
    node.feed_all();
    (0..3).for_each(|_| database.publish(0, '*', 3));
    node.miss(3);
    assert_eq!(events.position(), None, "who writes to all at once must not write the gap to it");
    assert_eq!(data(&all(&mut events).0), ["0 + 1"], "the keeper has not seen the gap yet");
    assert_eq!(all(&mut events).0, "", "it waits for a state that has what is missing");
    node.feed_all();
    node.work_much();
    assert_eq!(data(&all(&mut events).0), ["0 = 54", "1 = 1", "2 = 1"]);
    assert_eq!(node.feed.log().stats().gaps, 2, "the one in the log, and the client's");
}

#[test]
fn who_comes_back_gets_what_was_missed_from_wherever_it_is() {
    let database = Database::new(20);
    let mut node = Node::new(&database, 0, 3, Lag::Disconnect);
    for number in 0..30 {
        database.publish(0, '+', number);
        node.feed();
    }
    node.work_much();
    for (seen, count) in [(30, 0), (29, 1), (27, 3), (12, 18)] {
        let (text, _) = all(&mut node.replica.subscribe(Some(&database.id(seen)), rows));
        assert_eq!(data(&text).len(), count, "{text}");
        assert!(!text.contains('='), "{text}");
    }
    for id in [&*database.id(3), "1-1", "nonsense"] {
        let (text, _) = all(&mut node.replica.subscribe(Some(id), rows));
        assert_eq!(data(&text), ["0 = 436", "1 = 1", "2 = 1"], "{id}");
    }
}

#[test]
fn a_client_that_is_ahead_of_its_node_is_not_set_back() {
    let database = Database::new(1 << 20);
    let mut node = node(&database);
    node.work_much();
    (0..3).for_each(|_| database.publish(0, '+', 1));
    let mut events = node.replica.subscribe(Some(&database.id(2)), rows);
    // What the source has comes at once.
    assert_eq!(data(&all(&mut events).0), ["0 + 1"]);
    node.feed_all();
    assert_eq!(all(&mut events).0, "");
}

#[test]
fn who_waits_for_the_state_is_woken_by_it() {
    let database = Database::new(1 << 20);
    let mut node = node(&database);
    let mut events = node.replica.subscribe(None, rows);
    let wakes = Arc::new(Wakes::default());
    let waker = Waker::from(wakes.clone());
    let mut cx = Context::from_waker(&waker);
    let mut opens = |events: &mut Subscription| Pin::new(events).poll_next(&mut cx).is_ready();
    assert!(!opens(&mut events));
    let woken = wakes.count();
    node.work_much();
    assert!(wakes.count() > woken);
    assert!(opens(&mut events) && !opens(&mut events));
    // Who has gone is not.
    let mut another = node.replica.subscribe(None, rows);
    assert!(opens(&mut another) && !opens(&mut another));
    drop((events, another));
    let woken = wakes.count();
    database.publish(0, '+', 1);
    node.feed_all();
    node.work_much();
    assert_eq!(wakes.count(), woken);
}

#[test]
fn the_keeper_stops_at_a_gap_and_goes_on_as_it_is_told() {
    let past = Channel::default();
    let (start, source) = (past.last_event_id(), Arc::new(past.log().clone()));
    let feed = Feed::new(History::default(), &start, source);
    let push = |id: &str, text| feed.push(Entry::new(&Frame::message(text).with_id(id).unwrap()));
    let (sum, mut keeper) = sum(feed.log());
    push("1", "1");
    let gap = Gap::Evicted { missed: Some(2) };
    feed.tell_gap(gap, &"1".into());
    push("4", "4");
    let mut keeping = Box::pin(keeper.follow(0, Some(&start)));
    let Poll::Ready(Stopped::Gap(told, state)) = work(keeping.as_mut()) else { panic!("no gap") };
    drop(keeping);
    assert_eq!((told, state, sum.read(|sum, _| *sum)), (gap, 1, None));
    let mut new = sum.subscribe(None, one);
    assert_eq!(all(&mut new).0, "", "there is none");
    let mut keeping = Box::pin(keeper.go_on(100));
    assert!(work(keeping.as_mut()).is_pending());
    assert_eq!(all(&mut new).0, "event: sum\nid: 4\ndata: 104\n\n");
    // Dropped half-way there is none either, until it goes on where it was.
    drop(keeping);
    assert_eq!(sum.read(|sum, _| *sum), None);
    push("5", "5");
    let mut keeping = Box::pin(keeper.go_on(200));
    assert!(work(keeping.as_mut()).is_pending());
    assert_eq!(sum.read(|sum, id| (*sum, id.to_string())), Some((205, "5".to_owned())));
}

#[test]
fn what_is_gone_before_the_beginning_is_told_to_who_asks() {
    let database = Database::new(5);
    (0..20).for_each(|_| database.publish(0, '+', 1));
    for after in [Some(database.id(0)), None] {
        let feed = Feed::new(History::default(), &database.id(20), Arc::new(database.clone()));
        let (replica, mut keeper) =
            Replica::new(feed.log(), |count: &mut u64, _: &Entry| *count += 1);
        let mut keeping: Keeping<'_> = Box::pin(keeper.follow(0, after.as_deref()));
        if after.is_some() {
            let Poll::Ready(Stopped::Gap(gap, 0)) = work(keeping.as_mut()) else {
                panic!("no gap")
            };
            assert_eq!(gap, Gap::Evicted { missed: Some(15) });
            drop(keeping);
            keeping = Box::pin(keeper.go_on(0));
        }
        assert!(work(keeping.as_mut()).is_pending());
        assert_eq!(replica.read(|count, id| (*count, id.clone())), Some((5, database.id(20))));
    }
}

#[test]
fn a_keeper_that_falls_behind_its_log_misses_nothing_that_the_source_has() {
    let database = Database::new(1 << 20);
    let mut node = Node::new(&database, 0, 2, Lag::Disconnect);
    for round in 1..=3 {
        (0..50).for_each(|_| database.publish(0, '+', round));
        node.feed_all();
        node.work_much();
        let table = node.replica.read(|table, _| *table);
        assert_eq!((table, node.gaps()), (Some(database.load().0), 0), "{round}");
    }
}

#[test]
fn a_source_that_fails_gives_the_state_back() {
    let database = Database::new(1 << 20);
    database.publish(0, '+', 1);
    database.fails.store(true, Ordering::Relaxed);
    let feed = Feed::new(History::default(), &database.id(1), Arc::new(database.clone()));
    let (replica, mut keeper) = Replica::new(feed.log(), |count: &mut u64, _: &Entry| *count += 1);
    let Poll::Ready(Stopped::Failed(error, 7)) = work(pin!(keeper.follow(7, None))) else {
        panic!("it cannot be read");
    };
    assert_eq!(error.to_string(), "gone");
    database.fails.store(false, Ordering::Relaxed);
    let mut keeping = Box::pin(keeper.go_on(7));
    assert!(work(keeping.as_mut()).is_pending());
    assert_eq!(replica.read(|count, _| *count), Some(8));
}

#[test]
fn with_nothing_in_the_source_the_state_is_there_at_once() {
    let database = Database::new(1 << 20);
    for after in [None, Some(database.id(0))] {
        let feed = Feed::new(History::default(), &database.id(0), Arc::new(database.clone()));
        let (replica, mut keeper) = Replica::new(feed.log(), |_: &mut Table, _: &Entry| ());
        let mut keeping = Box::pin(keeper.follow(BEGIN, after.as_deref()));
        assert!(work(keeping.as_mut()).is_pending());
        assert_eq!(replica.read(|table, _| *table), Some(BEGIN));
    }
}

#[test]
fn a_log_that_ends_with_a_gap_is_a_place_for_a_state() {
    // The source has lost its newest event, and the log has told so, at an ID that it has held before.
    let database = Database::new(1 << 20);
    (0..2).for_each(|_| database.publish(0, '+', 1));
    let mut node = node(&database);
    node.feed_all();
    node.feed.push(Entry::new(&Frame::message("0 + 9").with_id("lost").unwrap()));
    node.feed.tell_gap(Gap::BeyondEnd, &database.id(2));
    node.work_much();
    assert_eq!(node.replica.read(|table, _| *table), Some([3, 1, 1]));
    let (text, _) = all(&mut node.replica.subscribe(Some("lost"), rows));
    assert_eq!(data(&text), ["0 = 3", "1 = 1", "2 = 1"]);
}

#[test]
fn a_log_that_has_ended_keeps_its_state_and_a_keeper_that_has_gone_takes_it_away() {
    let channel = Channel::default();
    channel.publish(&Frame::message("3"));
    let (sum, mut keeper) = sum(channel.log());
    {
        let mut keeping = Box::pin(keeper.follow(0, None));
        assert!(work(keeping.as_mut()).is_pending());
        assert_eq!(channel.stats().subscribers, 1, "the keeper");
        let mut before = sum.subscribe(None, one);
        channel.close();
        assert!(matches!(work(keeping.as_mut()), Poll::Ready(Stopped::Closed)));
        assert!(all(&mut before).0.ends_with("data: 3\n\nend"));
    }
    drop(keeper);
    assert!(all(&mut sum.subscribe(None, one)).0.ends_with("data: 3\n\nend"));

    let open = Channel::default();
    let (replica, keeper) = Replica::new(open.log(), |_: &mut u64, _: &Entry| ());
    let mut events = replica.subscribe(None, one);
    assert!(all(&mut events).1.is_none());
    drop(keeper);
    let Some(Cut::Source(error)) = all(&mut events).1 else { panic!("it waits for ever") };
    assert_eq!(error.to_string(), "nobody keeps the state any more");
}

#[test]
fn a_change_that_panics_takes_the_state_away_until_there_is_another() {
    let channel = Channel::default();
    let (replica, mut keeper) = Replica::new(channel.log(), |sum: &mut u64, event: &Entry| {
        *sum += 1;
        assert_ne!(event.data().unwrap(), "bad", "on purpose");
    });
    let mut keeping = Box::pin(keeper.follow(0, None));
    assert!(work(keeping.as_mut()).is_pending());
    channel.publish(&Frame::message("bad"));
    assert!(catch_unwind(AssertUnwindSafe(|| work(keeping.as_mut()))).is_err());
    drop(keeping);
    assert_eq!(replica.read(|sum, _| *sum), None, "nobody is given half a change");
    let mut keeping = Box::pin(keeper.go_on(10));
    assert!(work(keeping.as_mut()).is_pending());
    channel.publish(&Frame::message("good"));
    assert!(work(keeping.as_mut()).is_pending());
    assert_eq!(replica.read(|sum, _| *sum), Some(11));
}

#[test]
fn waiting_for_oneself_is_an_error() {
    let channel = Channel::default();
    let (sum, mut keeper) = sum(channel.log());
    let mut keeping = Box::pin(keeper.follow(0, None));
    assert!(work(keeping.as_mut()).is_pending());
    let inside = sum.clone();
    let call = AssertUnwindSafe(|| sum.read(|_, _| inside.read(|sum, _| *sum)));
    let panic = catch_unwind(call).unwrap_err();
    assert!(panic.downcast_ref::<&str>().unwrap().contains("wait for itself"));
}

#[test]
fn a_state_that_follows_is_one_of_several_channels() {
    let database = Database::new(1 << 20);
    let mut node = node(&database);
    node.work_much();
    let news = Channel::default();
    let both = Channels::new().with("news", news.log(), Replay::Live).with_replica(
        "table",
        &node.replica,
        rows,
    );
    let mut events = both.subscribe(None).unwrap();
    assert_eq!(data(&all(&mut events).0), ["0 = 1", "1 = 1", "2 = 1"]);
    database.publish(0, '+', 1);
    database.publish(0, '*', 5);
    news.publish(&Frame::message("x"));
    node.miss(2);
    node.work_much();
    let (text, _) = all(&mut events);
    let mut got = data(&text);
    got.sort_unstable();
    assert_eq!(got, ["0 = 10", "1 = 1", "2 = 1", "x"]);
}
