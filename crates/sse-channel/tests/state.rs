//! A state, and the channel that tells its changes: what a client is given, block by block; and whatever happens, the state
//! that it was given with the changes that it was told is the state.

#[path = "support/wakes.rs"]
mod wakes;

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::task::{Context, Poll, Waker};
use std::thread;

use fastrand::Rng;
use futures_core::Stream;
use sse_channel::{Channel, Cut, Entry, Frame, Framing, History, Lag, StateChannel, Subscription};

use wakes::Wakes;

/// A sum, told by what is added.
fn sum(history: History) -> StateChannel<u64> {
    StateChannel::new(0, history)
}

fn add(sum: &StateChannel<u64>, amount: u64) -> String {
    sum.update(|sum, changes| {
        *sum += amount;
        changes.publish(&Frame::message(&amount.to_string())).to_string()
    })
}

fn snapshot(sum: &u64) -> Vec<Entry> {
    vec![Entry::new(&Frame::message(&sum.to_string()).with_event_type("sum").unwrap())]
}

/// All that is there already; an error at its end, if there is one.
fn all(events: &mut Subscription) -> (String, Option<Cut>) {
    let mut text = String::new();
    while let Poll::Ready(Some(next)) = events.try_next() {
        match next {
            Ok(block) => text += std::str::from_utf8(&block).unwrap(),
            Err(cut) => return (text, Some(cut)),
        }
    }
    (text, None)
}

#[test]
fn the_state_comes_first_and_then_every_change() {
    let sum = sum(History::default());
    add(&sum, 1);
    let second = add(&sum, 2);
    let mut events = sum.subscribe(None, snapshot);
    assert_eq!(events.position(), None, "the state comes first");
    assert_eq!(all(&mut events).0, format!("event: sum\nid: {second}\ndata: 3\n\n"));
    assert_eq!(events.position(), Some(3));
    let third = add(&sum, 4);
    assert_eq!(all(&mut events).0, format!("id: {third}\ndata: 4\n\n"));
    sum.close();
    assert!(matches!(events.try_next(), Poll::Ready(None)));
}

#[test]
fn it_is_that_of_the_moment_at_which_it_is_sent() {
    let sum = sum(History { events: 1, ..History::default() });
    let mut events = sum.subscribe(Some(""), snapshot);
    (1..5).for_each(|amount| drop(add(&sum, amount)));
    let last = add(&sum, 5);
    assert_eq!(all(&mut events).0, format!("event: sum\nid: {last}\ndata: 15\n\n"));
}

#[test]
fn who_comes_back_gets_what_was_missed_or_the_state_in_place_of_a_gap() {
    let sum = sum(History { events: 2, ..History::default() });
    let ids: Vec<String> = (1..=5).map(|amount| add(&sum, amount)).collect();
    let last = ids.last().unwrap();
    let state = format!("event: sum\nid: {last}\ndata: 15\n\n");
    let missed = format!("id: {}\ndata: 4\n\nid: {last}\ndata: 5\n\n", ids[3]);
    for (id, expected) in [
        (&*ids[2], &*missed),
        (last, ""),
        (&ids[1], &state),
        ("1-1", &state),
        ("nonsense", &state),
        ("", &state),
    ] {
        assert_eq!(all(&mut sum.subscribe(Some(id), snapshot)).0, expected, "{id}");
    }
    assert_eq!(sum.stats().gaps, 3, "who is new misses nothing");
}

#[test]
fn who_is_too_slow_is_cut_or_gets_the_state() {
    for lag in [Lag::Disconnect, Lag::Skip] {
        let sum = sum(History { events: 2, lag, ..History::default() });
        let mut events = sum.subscribe(None, snapshot);
        all(&mut events);
        (1..5).for_each(|amount| drop(add(&sum, amount)));
        let last = add(&sum, 5);
        let (text, cut) = all(&mut events);
        match lag {
            Lag::Disconnect => assert!(text.is_empty() && matches!(cut, Some(Cut::Lagged(_)))),
            Lag::Skip => assert_eq!(text, format!("event: sum\nid: {last}\ndata: 15\n\n")),
        }
        assert_eq!((sum.stats().lagged, sum.stats().gaps), (1, u64::from(lag == Lag::Skip)));
    }
}

#[test]
fn only_the_end_of_a_snapshot_moves_the_cursor() {
    let sum = sum(History::default());
    let id = add(&sum, 3);
    let entries = |count: usize| {
        move |_: &u64| {
            let own = Frame::message("row").with_id("own").unwrap();
            vec![Entry::new(&own.with_comment("a")); count]
        }
    };
    for framing in [Framing::Plain, Framing::Chunked] {
        for (count, expected) in [
            (0, vec![format!("id: {id}\n\n")]),
            (1, vec![format!(": a\nid: {id}\ndata: row\n\n")]),
            (2, vec![": a\ndata: row\n\n".to_owned(), format!(": a\nid: {id}\ndata: row\n\n")]),
        ] {
            let mut events = sum.subscribe(None, entries(count)).with_framing(framing);
            let chunk = |block: &String| format!("{:x}\r\n{block}\r\n", block.len());
            let framed: String = match framing {
                Framing::Plain => expected.concat(),
                Framing::Chunked => expected.iter().map(chunk).collect(),
            };
            assert_eq!(all(&mut events).0, framed);
        }
    }
}

#[test]
fn a_filter_leaves_out_changes_and_nothing_of_the_state() {
    let sum = sum(History::default());
    add(&sum, 3);
    let mut events = sum.subscribe(None, snapshot).with_filter(|_| false);
    assert!(all(&mut events).0.ends_with("data: 3\n\n"));
    let last = add(&sum, 4);
    assert_eq!(all(&mut events).0, "");
    let farewell = events.farewell().map(|block| block.to_vec());
    assert_eq!(farewell, Some(format!("id: {last}\n\n").into_bytes()));
}

#[test]
fn both_are_written_down_and_come_back() {
    let folder = std::env::temp_dir().join(format!("state-channel-{}", std::process::id()));
    std::fs::create_dir_all(&folder).unwrap();
    let (log, state) = (folder.join("log"), folder.join("state"));
    let first = sum(History::default());
    let ids = [add(&first, 1), add(&first, 2)];
    let keep = |sum: &u64| std::fs::write(&state, sum.to_string());
    let load = || {
        let channel = Channel::load(History::default(), &log).unwrap();
        let state = std::fs::read_to_string(&state).unwrap();
        StateChannel::restored(state.parse::<u64>().unwrap(), channel)
    };
    first.close();
    first.save(&log, keep).unwrap();
    let second = load();
    let missed = format!("id: {}\ndata: 2\n\n", ids[1]);
    assert_eq!(all(&mut second.subscribe(Some(&ids[0]), snapshot)).0, missed);
    let lost = add(&second, 4);
    drop(second);
    // Nothing was written down this time: what was published since is lost.
    let third = load();
    for id in [&lost, &ids[0], &ids[1]] {
        let (text, _) = all(&mut third.subscribe(Some(id), snapshot));
        assert!(text.starts_with("event: sum\n") && text.ends_with("data: 3\n\n"), "{id}: {text}");
    }
    assert!(third.save(&log, |_| Err(std::io::ErrorKind::StorageFull.into())).is_err());
    std::fs::remove_dir_all(&folder).unwrap();
}

#[test]
fn a_change_that_panics_ends_it() {
    let sum = sum(History::default());
    let mut events = sum.subscribe(None, snapshot);
    all(&mut events);
    let change = AssertUnwindSafe(|| {
        sum.update(|_, changes| {
            changes.publish(&Frame::message("half"));
            panic!("on purpose");
        });
    });
    assert!(catch_unwind(change).is_err());
    assert!(all(&mut events).0.ends_with("data: half\n\n"));
    assert!(matches!(events.try_next(), Poll::Ready(None)));
    assert!(catch_unwind(AssertUnwindSafe(|| sum.read(|sum| *sum))).is_err());
}

#[test]
fn who_waits_is_woken_when_the_change_is_over() {
    let sum = sum(History::default());
    let mut events = sum.subscribe(None, snapshot);
    let wakes = Arc::new(Wakes::default());
    let waker = Waker::from(wakes.clone());
    let mut poll = || Pin::new(&mut events).poll_next(&mut Context::from_waker(&waker));
    assert!(poll().is_ready() && poll().is_pending());
    sum.update(|_, changes| {
        changes.publish(&Frame::message("a"));
        changes.publish(&Frame::message("b"));
        assert_eq!(wakes.count(), 0, "the state is locked");
    });
    assert_eq!(wakes.count(), 1);
    assert!(poll().is_ready());
}

#[test]
fn waiting_for_oneself_is_an_error() {
    type Inside = fn(&StateChannel<u64>);
    let insides: [Inside; 3] = [
        |sum| sum.update(|_, _| ()),
        |sum| sum.read(|_| ()),
        |sum| drop(sum.save("/dev/null", |_| Ok(()))),
    ];
    for inside in insides {
        for outside in 0..3 {
            let sum = sum(History::default());
            let mut events = sum.subscribe(None, {
                let sum = sum.clone();
                move |_| {
                    inside(&sum);
                    Vec::new()
                }
            });
            let call = AssertUnwindSafe(|| match outside {
                0 => sum.update(|_, _| inside(&sum)),
                1 => sum.read(|_| inside(&sum)),
                _ => drop(events.try_next()),
            });
            let panic = catch_unwind(call).unwrap_err();
            let said = panic.downcast_ref::<&str>().expect("a reason");
            assert!(said.contains("wait for itself"), "{said}");
        }
    }
    // Of another one it may be called.
    let (one, two) = (sum(History::default()), sum(History::default()));
    one.update(|_, _| add(&two, 1));
    assert_eq!(one.read(|_| two.read(|sum| *sum)), 1);
}

#[test]
fn dropping_the_last_handle_closes() {
    let sum = sum(History::default());
    let mut events = sum.subscribe(None, snapshot);
    drop(sum.clone());
    all(&mut events);
    assert!(events.try_next().is_pending());
    drop(sum);
    assert!(matches!(events.try_next(), Poll::Ready(None)));
}

type Table = [u64; 4];

/// What a page makes of the stream: rows that replace what it has, changes that do not tell what they have made.
#[derive(Debug, Default)]
struct Page {
    last_event_id: Option<String>,
    table: Table,
    rows: u64,
}

impl Page {
    fn take(&mut self, block: &str) {
        let field = |name: &str| block.lines().find_map(|line| line.strip_prefix(name));
        if let Some(id) = field("id: ") {
            self.last_event_id = Some(id.to_owned());
        }
        let Some(data) = field("data: ") else { return };
        let (row, number) = data.split_once(' ').unwrap();
        let (row, number): (usize, u64) = (row.parse().unwrap(), number.parse().unwrap());
        match field("event: ") {
            Some("row") => (self.table[row], self.rows) = (number, self.rows + 1),
            Some("times") => self.table[row] = self.table[row].wrapping_mul(number),
            Some("plus") => self.table[row] = self.table[row].wrapping_add(number),
            other => panic!("{other:?}"),
        }
    }

    /// Reads what has come, or up to an event that `random` chooses.
    fn read(&mut self, events: &mut Subscription, random: &mut Rng, is_last: bool) {
        loop {
            match events.try_next() {
                Poll::Ready(Some(Ok(block))) => {
                    let text = std::str::from_utf8(&block).unwrap();
                    for block in text.split_terminator("\n\n") {
                        self.take(block);
                        if !is_last && random.u64(..20) == 0 {
                            return;
                        }
                    }
                }
                Poll::Ready(Some(Err(Cut::Lagged(_)))) if !is_last => return,
                Poll::Pending if is_last => return,
                Poll::Pending if random.u64(..50) == 0 => return,
                Poll::Pending => thread::yield_now(),
                other => panic!("{other:?}"),
            }
        }
    }
}

/// Rows of the table are events of their own, so that a client can be cut off between them.
fn rows(table: &Table) -> Vec<Entry> {
    let row = |(row, number): (usize, &u64)| {
        let data = format!("{row} {number}");
        Entry::new(&Frame::message(&data).with_event_type("row").unwrap())
    };
    table.iter().enumerate().map(row).collect()
}

#[test]
fn state_and_changes_are_the_state_whoever_comes_and_goes() {
    for (events, lag) in
        [(1 << 20, Lag::Skip), (16, Lag::Skip), (16, Lag::Disconnect), (1, Lag::Skip)]
    {
        let history = History { events, lag, ..History::default() };
        let table = StateChannel::<Table>::new([1; 4], history);
        let (working, connections) = (AtomicU64::new(3), AtomicU64::new(0));
        thread::scope(|scope| {
            for seed in 1..=3 {
                let (table, working, connections) = (&table, &working, &connections);
                scope.spawn(move || {
                    let mut random = Rng::with_seed(seed);
                    // However slow the others are, they see changes.
                    let is_enough =
                        |count| count >= 2000 && connections.load(Ordering::Relaxed) >= 200;
                    for _ in (0..).take_while(|count| !is_enough(*count)) {
                        let (row, number) = (random.u64(..4) as usize, random.u64(..1 << 40));
                        let (kind, count) = (random.u64(..2), random.u64(..3));
                        table.update(|table, changes| {
                            for _ in 0..count {
                                // The order matters, and nothing may be told twice.
                                let (name, new) = match kind {
                                    0 => ("times", table[row].wrapping_mul(number | 1)),
                                    _ => ("plus", table[row].wrapping_add(number | 1)),
                                };
                                table[row] = new;
                                let data = format!("{row} {}", number | 1);
                                let frame = Frame::message(&data).with_event_type(name).unwrap();
                                changes.publish(&frame);
                            }
                        });
                        if random.u64(..64) == 0 {
                            thread::yield_now();
                        }
                    }
                    working.fetch_sub(1, Ordering::Release);
                });
            }
            let readers: Vec<_> = (4..8)
                .map(|seed| {
                    let (table, working, connections) = (&table, &working, &connections);
                    scope.spawn(move || {
                        let (mut page, mut random) = (Page::default(), Rng::with_seed(seed));
                        let subscribe =
                            |page: &Page| table.subscribe(page.last_event_id.as_deref(), rows);
                        while working.load(Ordering::Acquire) > 0 {
                            connections.fetch_add(1, Ordering::Relaxed);
                            page.read(&mut subscribe(&page), &mut random, false);
                        }
                        page.read(&mut subscribe(&page), &mut random, true);
                        page
                    })
                })
                .collect();
            for reader in readers {
                let page = reader.join().unwrap();
                assert_eq!(page.table, table.read(|table| *table), "{events} {lag:?} {page:?}");
                assert!(page.rows >= 4, "{page:?}");
            }
        });
        if events == 1 {
            assert!(table.stats().gaps > 0, "nobody was too late");
        }
    }
}
