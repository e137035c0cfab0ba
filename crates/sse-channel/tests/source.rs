//! A log that is fed from outside, with a source for what it has dropped. Another log stands for the
//! database behind it.

use std::io;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::task::{Context, Poll, Waker};

use futures_core::Stream;
use sse_channel::{
    Channel, Cut, Entry, EventId, Feed, Frame, Gap, History, Log, PageFuture, Read, Replay, Source,
    Subscription,
};

/// A node: the database, and a log that holds three of its events.
struct Node {
    past: Channel,
    feed: Feed,
    fed: u64,
    asked: Arc<Asked>,
}

/// A source that counts, and fails if it is told to.
struct Asked {
    log: Log,
    pages: AtomicUsize,
    fails: AtomicBool,
}

impl Source for Asked {
    fn page(self: Arc<Self>, after: Option<EventId>, max_bytes: usize) -> PageFuture {
        self.pages.fetch_add(1, Ordering::Relaxed);
        if self.fails.load(Ordering::Relaxed) {
            return Box::pin(async { Err(io::Error::other("gone")) });
        }
        let page = Arc::new(self.log.clone()).page(after, max_bytes);
        Box::pin(async move {
            // What takes time does so here.
            futures_lite::future::yield_now().await;
            page.await
        })
    }
}

impl Node {
    fn new(past: History) -> Self {
        let past = Channel::new(past);
        let (pages, fails) = (AtomicUsize::new(0), AtomicBool::new(false));
        let asked = Arc::new(Asked { log: past.log().clone(), pages, fails });
        let history = History { events: 3, ..History::default() };
        let feed = Feed::new(history, &past.last_event_id(), asked.clone());
        Self { past, feed, fed: 1, asked }
    }

    /// Publishes elsewhere: the node has not heard of it yet.
    fn publish(&self, numbers: std::ops::Range<u64>) {
        for number in numbers {
            self.past.publish(&Frame::message(&number.to_string()));
        }
    }

    /// Hears of everything.
    fn feed(&mut self) {
        while let Read::Entries(entries) = self.past.log().read(self.fed, 1000) {
            self.fed += entries.len() as u64;
            entries.into_iter().for_each(|entry| self.feed.push(entry));
        }
    }

    fn subscribe(&self, last_event_id: Option<&str>, replay: Replay) -> Subscription {
        self.feed.log().subscribe(last_event_id, replay)
    }
}

/// All that comes without waiting for anything new, up to an error.
fn all(events: &mut Subscription) -> (String, Option<Cut>) {
    let mut cx = Context::from_waker(Waker::noop());
    let (mut text, mut idle) = (String::new(), 0);
    while idle < 10 {
        match std::pin::Pin::new(&mut *events).poll_next(&mut cx) {
            Poll::Ready(Some(Ok(block))) => {
                text += std::str::from_utf8(&block).unwrap();
                idle = 0;
            }
            Poll::Ready(Some(Err(cut))) => return (text, Some(cut)),
            Poll::Ready(None) => return (text, None),
            Poll::Pending => idle += 1,
        }
    }
    (text, None)
}

fn data(text: &str) -> String {
    let lines: Vec<_> = text.lines().filter_map(|line| line.strip_prefix("data: ")).collect();
    lines.join(" ")
}

#[test]
fn who_comes_back_late_reads_pages_until_they_meet_the_log() {
    let mut node = Node::new(History::default());
    let start = node.past.last_event_id();
    node.publish(0..1000);
    node.feed();
    let mut events = node.subscribe(Some(&start), Replay::Live);
    assert_eq!(events.position(), None);
    let expected: Vec<String> = (0..1000).map(|number| number.to_string()).collect();
    assert_eq!(data(&all(&mut events).0), expected.join(" "));
    let pages = node.asked.pages.load(Ordering::Relaxed);
    assert!((2..10).contains(&pages), "{pages} pages");
    assert_eq!(events.position(), Some(node.feed.log().end()), "live again");
    node.publish(1000..1002);
    node.feed();
    assert_eq!(data(&all(&mut events).0), "1000 1001");
    assert_eq!(node.asked.pages.load(Ordering::Relaxed), pages);
}

#[test]
fn everything_can_be_replayed() {
    let mut node = Node::new(History::default());
    node.publish(0..10);
    node.feed();
    let mut events = node.subscribe(None, Replay::All);
    assert_eq!(data(&all(&mut events).0), "0 1 2 3 4 5 6 7 8 9");
}

#[test]
fn who_is_too_slow_goes_on_from_the_source() {
    let mut node = Node::new(History::default());
    let mut events = node.subscribe(None, Replay::Live);
    all(&mut events);
    node.publish(0..5);
    node.feed();
    assert_eq!(data(&all(&mut events).0), "0 1 2 3 4", "nobody is cut");
    assert_eq!(node.feed.log().stats().lagged, 0);
}

#[test]
fn a_client_that_has_seen_more_than_this_node_waits_for_it() {
    let mut node = Node::new(History::default());
    node.publish(0..5);
    let seen_elsewhere = node.past.last_event_id();
    let mut events = node.subscribe(Some(&seen_elsewhere), Replay::Live);
    assert_eq!(all(&mut events).0, "");
    node.feed();
    assert_eq!(all(&mut events).0, "");
    node.publish(5..7);
    node.feed();
    assert_eq!(data(&all(&mut events).0), "5 6");
}

#[test]
fn what_the_source_has_lost_is_a_gap() {
    let mut node = Node::new(History { events: 6, ..History::default() });
    let start = node.past.last_event_id();
    for number in 0..10 {
        node.publish(number..number + 1);
        node.feed();
    }
    for (id, reason) in [
        (&*start, Gap::Evicted { missed: Some(4) }),
        ("1-1", Gap::OtherEpoch),
        ("x", Gap::UnknownId),
    ] {
        let mut events = node.subscribe(Some(id), Replay::Live);
        let (text, _) = all(&mut events);
        assert_eq!(data(&text), format!("{reason} 4 5 6 7 8 9"));
        assert!(text.starts_with("event: gap\nid: "), "{text}");
    }
}

#[test]
fn a_gap_before_nothing_ends_in_the_log() {
    let node = Node::new(History::default());
    let mut events = node.subscribe(Some("x"), Replay::Live);
    let expected =
        format!("event: gap\nid: {}\ndata: {}\n\n", node.past.last_event_id(), Gap::UnknownId);
    assert_eq!(all(&mut events).0, expected);
    assert_eq!(events.position(), Some(1));
}

#[test]
fn a_gap_in_the_feed_is_told_to_everybody_at_its_place() {
    let mut node = Node::new(History::default());
    let mut events = node.subscribe(None, Replay::Live).with_filter(|_| false);
    all(&mut events);
    node.publish(0..1);
    node.feed();
    let gap = Gap::Evicted { missed: None };
    node.feed.tell_gap(gap, &"7-1".into());
    node.feed.push(Entry::new(&Frame::message("after").with_id("7-2").unwrap()));
    assert_eq!(all(&mut events).0, format!("event: gap\nid: 7-1\ndata: {gap}\n\n"));
    assert_eq!(node.feed.log().last_event_id(), "7-2");
}

#[test]
fn a_source_that_fails_cuts_and_nothing_looks_complete() {
    let mut node = Node::new(History::default());
    let start = node.past.last_event_id();
    node.publish(0..10);
    node.feed();
    node.asked.fails.store(true, Ordering::Relaxed);
    let mut events = node.subscribe(Some(&start), Replay::Live);
    let (text, cut) = all(&mut events);
    assert!(text.is_empty() && matches!(cut, Some(Cut::Source(_))), "{text} {cut:?}");
}

#[test]
fn a_feed_that_is_dropped_ends_its_subscriptions() {
    let node = Node::new(History::default());
    let mut live = node.subscribe(None, Replay::Live);
    all(&mut live);
    let mut waiting = node.subscribe(Some("x"), Replay::Live);
    drop(node.feed);
    assert!(matches!(live.try_next(), Poll::Ready(None)));
    all(&mut waiting);
    assert!(matches!(waiting.try_next(), Poll::Ready(None)));
}

#[test]
fn a_farewell_is_an_id_that_the_source_knows() {
    let mut node = Node::new(History::default());
    let mut events = node.subscribe(None, Replay::Live).with_filter(|_| false);
    all(&mut events);
    node.publish(0..2);
    node.feed();
    all(&mut events);
    // So much comes that the log has forgotten where the client stands.
    node.publish(2..20);
    node.feed();
    if let Some(farewell) = events.farewell() {
        let text = String::from_utf8(farewell.to_vec()).unwrap();
        let id = text.trim().strip_prefix("id: ").unwrap();
        assert!(node.past.log().after(id).is_ok(), "{id} means nothing there");
    }
}

#[test]
fn who_only_looks_gets_what_the_source_has() {
    let mut node = Node::new(History::default());
    let start = node.past.last_event_id();
    node.publish(0..10);
    node.feed();
    let mut events = node.subscribe(Some(&start), Replay::Live);
    let mut text = String::new();
    for _ in 0..10 {
        while let Poll::Ready(Some(block)) = events.try_next() {
            text += std::str::from_utf8(&block.unwrap()).unwrap();
        }
    }
    assert_eq!(data(&text), "0 1 2 3 4 5 6 7 8 9");
}
