//! A subscription of a channel in memory, block by block.

#[path = "support/wakes.rs"]
mod wakes;

use std::sync::{Arc, Mutex};
use std::task::{Context, Poll, Waker};
use std::time::Duration;

use futures_core::Stream;
use futures_lite::future::{block_on, poll_once};
use sse_channel::{Channel, Cut, Entry, Frame, Framing, Gap, History, Lag, Replay, Subscription};

use wakes::Wakes;

/// The next block, which must be there already.
fn now(events: &mut Subscription) -> String {
    match events.try_next() {
        Poll::Ready(Some(Ok(block))) => String::from_utf8(block.to_vec()).unwrap(),
        other => panic!("no block: {other:?}"),
    }
}

fn publish(channel: &Channel, numbers: std::ops::Range<u64>) {
    for number in numbers {
        channel.publish(&Frame::message(&number.to_string()));
    }
}

/// The data of all events in a text.
fn data(text: &str) -> Vec<&str> {
    text.lines().filter_map(|line| line.strip_prefix("data: ")).collect()
}

#[test]
fn position_then_live_then_the_end() {
    let channel = Channel::default();
    let mut events = channel.subscribe(None, Replay::Live);
    assert_eq!(channel.stats().subscribers, 1);
    assert_eq!(now(&mut events), format!("id: {}\n\n", channel.last_event_id()));
    assert!(events.try_next().is_pending());
    let id = channel.publish(&Frame::message("hello"));
    assert_eq!(now(&mut events), format!("id: {id}\ndata: hello\n\n"));
    publish(&channel, 0..3);
    drop(channel);
    assert_eq!(data(&now(&mut events)), ["0", "1", "2"], "joined");
    for _ in 0..2 {
        assert!(matches!(events.try_next(), Poll::Ready(None)));
    }
}

#[test]
fn what_is_published_after_subscribing_is_not_missed() {
    let channel = Channel::default();
    let mut events = channel.subscribe(None, Replay::Live);
    publish(&channel, 0..1);
    assert!(now(&mut events).ends_with("-0\n\n"), "its position is that of the beginning");
    assert_eq!(data(&now(&mut events)), ["0"]);
}

#[test]
fn replay_and_resuming() {
    let channel = Channel::default();
    let before = channel.last_event_id();
    publish(&channel, 0..5);
    let last = channel.last_event_id();
    for (id, replay, expected) in [
        (None, Replay::All, vec!["0", "1", "2", "3", "4"]),
        (None, Replay::Last(2), vec!["3", "4"]),
        (Some(""), Replay::Last(1), vec!["4"]),
        (Some(&*before), Replay::Live, vec!["0", "1", "2", "3", "4"]),
    ] {
        let mut events = channel.subscribe(id, replay);
        if id.is_none_or(str::is_empty) {
            assert!(now(&mut events).starts_with("id: "));
        }
        assert_eq!(data(&now(&mut events)), expected, "{id:?}, {replay:?}");
        assert!(events.try_next().is_pending());
    }
    assert!(channel.subscribe(Some(&last), Replay::All).try_next().is_pending());
}

#[test]
fn a_gap_is_told_first_and_everything_held_follows() {
    let channel = Channel::new(History { events: 2, ..History::default() });
    let before = channel.last_event_id();
    publish(&channel, 0..5);
    for (id, reason) in [
        (&*before, r#"{"reason":"evicted","missed":3}"#),
        ("1-1", r#"{"reason":"other-epoch","missed":null}"#),
        ("x", r#"{"reason":"unknown-id","missed":null}"#),
    ] {
        let mut events = channel.subscribe(Some(id), Replay::Live);
        let (epoch, _) = before.split_once('-').unwrap();
        let gap = format!("event: gap\nid: {epoch}-3\ndata: {reason}\n\n");
        assert_eq!(now(&mut events), gap);
        assert_eq!(data(&now(&mut events)), ["3", "4"]);
    }
    assert_eq!(channel.stats().gaps, 3);
}

#[test]
fn a_gap_event_cannot_be_forged_by_its_type() {
    let channel = Channel::new(History { gap_event: "a\ndata: b".into(), ..History::default() });
    let gap = now(&mut channel.subscribe(Some("x"), Replay::Live));
    assert!(gap.starts_with("event: gap\n"), "{gap}");
}

#[test]
fn who_lags_is_cut_or_told() {
    for lag in [Lag::Disconnect, Lag::Skip] {
        let channel = Channel::new(History { events: 2, lag, ..History::default() });
        let mut events = channel.subscribe(None, Replay::Live);
        now(&mut events);
        publish(&channel, 0..5);
        match lag {
            Lag::Disconnect => {
                let missed = Some(3);
                let cut = events.try_next();
                let Poll::Ready(Some(Err(Cut::Lagged(gap)))) = cut else { panic!("{cut:?}") };
                assert_eq!(gap, Gap::Lagged { missed });
                assert!(matches!(events.try_next(), Poll::Ready(None)));
            }
            Lag::Skip => {
                assert_eq!(data(&now(&mut events)), [r#"{"reason":"lagged","missed":3}"#]);
                assert_eq!(data(&now(&mut events)), ["3", "4"]);
            }
        }
        assert_eq!(channel.stats().lagged, 1);
    }
}

#[test]
fn a_filter_leaves_out_and_the_cursor_moves_all_the_same() {
    let channel = Channel::default();
    let events = channel.subscribe(None, Replay::Live);
    let even = |entry: &Entry| entry.data().is_some_and(|data| data.ends_with(['0', '2', '4']));
    let mut events = events.with_filter(even);
    now(&mut events);
    publish(&channel, 0..5);
    assert_eq!(data(&now(&mut events)), ["0", "2", "4"]);
    channel.publish(&Frame::message("5"));
    assert!(events.try_next().is_pending());
    let cursor = format!("id: {}\n\n", channel.last_event_id());
    assert_eq!(*events.heartbeat(), *cursor.as_bytes());
    assert_eq!(&*events.heartbeat(), b":\n\n", "told once");
    assert_eq!(events.farewell().map(|block| block.to_vec()), None);
    channel.publish(&Frame::message("7"));
    drop(channel.clone());
    let last = channel.last_event_id();
    drop(channel);
    while events.try_next().is_pending() {}
    // Taken by the loop: it is what comes last.
    assert!(matches!(events.try_next(), Poll::Ready(None)), "after the cursor at {last}");
}

#[test]
fn a_filtered_client_is_told_its_place_before_a_proper_end() {
    let channel = Channel::default();
    let mut events = channel.subscribe(None, Replay::Live).with_filter(|_| false);
    now(&mut events);
    publish(&channel, 0..3);
    let last = channel.last_event_id();
    channel.close();
    assert!(events.try_next().is_pending(), "none of it is wanted");
    assert_eq!(now(&mut events), format!("id: {last}\n\n"));
    assert!(matches!(events.try_next(), Poll::Ready(None)));
}

#[test]
fn the_reconnection_time_comes_with_the_position() {
    let channel = Channel::default();
    let time = Duration::from_millis(1500);
    let id = channel.publish(&Frame::message("x"));
    let first = |id| now(&mut channel.subscribe(id, Replay::Live).with_reconnection_time(time));
    assert_eq!(first(None), format!("id: {id}\nretry: 1500\n\n"));
    assert_eq!(first(Some(&*id)), "retry: 1500\n\n");
    let gap = first(Some("x"));
    assert!(gap.starts_with("retry: 1500\n\nevent: gap\n"), "{gap}");
}

#[test]
fn framed_as_chunks() {
    let channel = Channel::default();
    let events = channel.subscribe(Some("x"), Replay::Live);
    let mut events = events.with_framing(Framing::Chunked);
    publish(&channel, 0..2);
    let mut body = now(&mut events) + &now(&mut events);
    body += std::str::from_utf8(&events.heartbeat()).unwrap();
    let mut rest = body.as_str();
    let mut blocks = Vec::new();
    while let Some((size, after)) = rest.split_once("\r\n") {
        let size = usize::from_str_radix(size, 16).unwrap();
        blocks.push(&after[..size]);
        rest = after[size..].strip_prefix("\r\n").unwrap();
    }
    assert_eq!((blocks.len(), data(&blocks.concat()).len(), rest), (4, 3, ""), "{body}");
}

#[test]
fn a_burst_is_joined_within_bounds_and_a_single_event_is_shared() {
    let channel = Channel::default();
    let [mut one, mut two] = [(); 2].map(|()| channel.subscribe(None, Replay::Live));
    now(&mut one);
    now(&mut two);
    channel.publish(&Frame::message(&"x".repeat(100_000)));
    let blocks = [&mut one, &mut two].map(|events| events.try_next());
    let [Poll::Ready(Some(Ok(first))), Poll::Ready(Some(Ok(second)))] = blocks else { panic!() };
    assert!(first.as_ptr() == second.as_ptr() && first.clone().as_ptr() == first.as_ptr());
    for _ in 0..1000 {
        channel.publish(&Frame::message(&"x".repeat(100)));
    }
    let mut count = 0;
    while let Poll::Ready(Some(Ok(block))) = one.try_next() {
        assert!(block.len() <= 16 * 1024);
        count += 1;
    }
    assert!(count < 12, "{count} blocks");
}

#[test]
fn who_waits_is_woken_once_and_dropping_loses_nothing() {
    let channel = Channel::default();
    let mut events = channel.subscribe(None, Replay::Live);
    now(&mut events);
    let wakes = Arc::new(Wakes::default());
    let waker = Waker::from(wakes.clone());
    let mut cx = Context::from_waker(&waker);
    for _ in 0..3 {
        assert!(std::pin::Pin::new(&mut events).poll_next(&mut cx).is_pending());
        assert!(block_on(poll_once(events.next())).is_none(), "polled once, and dropped");
        assert!(std::pin::Pin::new(&mut events).poll_next(&mut cx).is_pending());
    }
    publish(&channel, 0..1);
    assert_eq!(wakes.count(), 1);
    assert_eq!(data(&now(&mut events)), ["0"]);
    // Nobody waits any longer.
    assert!(std::pin::Pin::new(&mut events).poll_next(&mut cx).is_pending());
    events.rest();
    publish(&channel, 1..2);
    assert_eq!(wakes.count(), 1);
    drop(events);
    assert_eq!((Arc::strong_count(&wakes), channel.stats().subscribers), (2, 0));
}

/// A clock that a test advances: who sleeps is woken when its time has come.
#[derive(Clone, Default)]
struct Clock(Arc<Mutex<(Duration, Vec<Waker>)>>);

impl Clock {
    fn advance(&self, time: Duration) {
        let mut state = self.0.lock().unwrap();
        state.0 += time;
        state.1.drain(..).for_each(Waker::wake);
    }

    fn sleep(&self, time: Duration) -> impl Future<Output = ()> + Send + use<> {
        let clock = self.0.clone();
        let end = clock.lock().unwrap().0 + time;
        std::future::poll_fn(move |cx| {
            let mut state = clock.lock().unwrap();
            if state.0 >= end {
                return Poll::Ready(());
            }
            state.1.push(cx.waker().clone());
            Poll::Pending
        })
    }
}

#[test]
fn heartbeats_come_while_nothing_else_does() {
    const TICK: Duration = Duration::from_millis(100);
    let (channel, clock) = (Channel::default(), Clock::default());
    let sleeper = clock.clone();
    let events = channel.subscribe(None, Replay::Live);
    let mut events = events.with_heartbeat(TICK * 10, move |time| sleeper.sleep(time));
    now(&mut events);
    let mut next = || {
        let block = block_on(poll_once(events.next()))??.ok()?;
        Some(String::from_utf8(block.to_vec()).unwrap())
    };
    let (mut silence, mut beats) = (0, 0);
    for tick in 0..1000_u64 {
        // Busy for a while, then silent.
        if tick / 100 % 2 == 0 {
            channel.publish(&Frame::message("x"));
        }
        clock.advance(TICK);
        silence += 1;
        while let Some(block) = next() {
            if block == ":\n\n" {
                assert!(silence >= 5, "a heartbeat after {silence} ticks of silence");
                beats += 1;
            }
            silence = 0;
        }
        assert!(silence <= 10, "silent for {silence} ticks");
    }
    assert!((50..=100).contains(&beats), "{beats}");
}

/// Several tasks on threads of their own, against publishers that never pause.
#[test]
fn nobody_sleeps_through_an_event() {
    const EVENTS: u64 = 20_000;
    let history = History { events: EVENTS as usize, bytes: 1 << 30, ..History::default() };
    let channel = Channel::new(history);
    std::thread::scope(|scope| {
        for _ in 0..4 {
            let mut events = channel.subscribe(None, Replay::Live);
            scope.spawn(move || {
                let mut seen = 0;
                while seen < EVENTS {
                    let block = block_on(events.next()).unwrap().unwrap();
                    for number in data(std::str::from_utf8(&block).unwrap()) {
                        assert_eq!(number, seen.to_string());
                        seen += 1;
                    }
                }
            });
        }
        publish(&channel, 0..EVENTS);
    });
}
