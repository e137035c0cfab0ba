//! Nodes, Redis and the wires between them fail at random, while publishers try again and clients move from node to node.
//!
//! In the end each client has everything, once and in order, or was told of a gap where something is missing. Needs
//! `redis`.

#![expect(clippy::missing_panics_doc, reason = "a panic is a failed test")]

use std::fmt;
use std::ops::Range;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Mutex, RwLock};
use std::thread;
use std::time::{Duration, Instant};

use futures_lite::future::{block_on, or};
use sse_channel::{Block, Cut, Frame, History, Replay, Subscription};
use sse_redis::Options;
use testkit::raw::field;

use crate::redis::{Node, Redis, Wire};
use crate::streams::Random;

const NODES: usize = 3;
const CHANNELS: usize = 3;
/// Clients of each channel.
const CLIENTS: usize = 8;
/// The last channel's stream is cut down to so many events now and then: those who are away too long miss some.
const TRIMMED: u64 = 100;
/// What clients may take, once everything is whole again, to get to the end.
const PATIENCE: Duration = Duration::from_secs(60);

/// What came of a run.
#[derive(Debug, Default)]
pub struct Outcome {
    /// Events that were published.
    pub published: u64,
    /// Events that clients received.
    pub received: u64,
    /// Times that a client connected to a node.
    pub connections: u64,
    /// Gaps that clients were told of.
    pub gaps: u64,
    /// Times that something was broken.
    pub faults: u64,
    /// Attempts to publish that failed, or whose outcome was not known.
    pub tried_again: u64,
}

impl fmt::Display for Outcome {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "{} faults; {} events published ({} attempts failed), {} received over {} connections, {} gaps told",
            self.faults,
            self.published,
            self.tried_again,
            self.received,
            self.connections,
            self.gaps
        )
    }
}

/// Everything that runs.
struct Site {
    redis: Mutex<Redis>,
    nodes: Vec<(Wire, RwLock<Node>)>,
    /// Events published, by channel.
    published: [AtomicU64; CHANNELS],
    is_over: AtomicBool,
    outcome: Mutex<Outcome>,
}

/// Runs for this long, and then until every client has everything.
pub fn run(time: Duration, seed: u64) -> Outcome {
    let redis = Redis::start(&["--appendonly", "yes", "--appendfsync", "always"]);
    let nodes = (0..NODES).map(|_| {
        let wire = Wire::to(redis.port());
        let node = Node::start(&wire.url(), options());
        (wire, RwLock::new(node))
    });
    let site = Site {
        nodes: nodes.collect(),
        redis: Mutex::new(redis),
        published: [const { AtomicU64::new(0) }; CHANNELS],
        is_over: AtomicBool::new(false),
        outcome: Mutex::default(),
    };
    thread::scope(|scope| {
        let site = &site;
        let publishers: Vec<_> =
            (0..CHANNELS).map(|channel| scope.spawn(move || site.publish(channel, seed))).collect();
        let each =
            (0..CHANNELS).flat_map(|channel| (0..CLIENTS).map(move |client| (channel, client)));
        let clients: Vec<_> = each
            .map(|(channel, client)| {
                scope.spawn(move || site.follow(channel, client as u64 + seed))
            })
            .collect();
        site.break_things(time, seed);
        site.is_over.store(true, Ordering::SeqCst);
        publishers.into_iter().for_each(|it| it.join().expect("publishers go on"));
        clients.into_iter().for_each(|it| it.join().expect("clients go on"));
    });
    let mut outcome = std::mem::take(&mut *site.outcome.lock().expect("whole"));
    outcome.published = site.published.iter().map(|it| it.load(Ordering::SeqCst)).sum();
    outcome
}

fn options() -> Options {
    Options {
        // Little, so that Redis is asked for the rest. Who falls further behind than a node remembers is cut, as is the
        // default, and finds everything in Redis when it comes back; `Lag::Skip` would tell a gap.
        history: History { events: 30, ..History::default() },
        prefill: 10,
        answer_timeout: Duration::from_millis(500),
        connect_timeout: Duration::from_millis(500),
        open_timeout: Duration::from_secs(2),
        ..Options::default()
    }
}

impl Site {
    /// Publishes numbers, each until it is certainly there.
    fn publish(&self, channel: usize, seed: u64) {
        let mut random = Random::of(format!("publisher {channel} {seed}").as_bytes());
        let key = key(channel);
        let mut number = 1;
        while !self.is_over.load(Ordering::SeqCst) {
            let node = self.nodes[random.below(NODES)].1.read().expect("whole").hub.channel(&key);
            let text = number.to_string();
            match block_on(node.publish_once(&Frame::message(&text), &text)) {
                Ok(_) => {
                    self.published[channel].store(number, Ordering::SeqCst);
                    if channel == CHANNELS - 1 && number % (2 * TRIMMED) == 0 {
                        self.trim(&key);
                    }
                    number += 1;
                    thread::sleep(Duration::from_micros(random.below(6000) as u64));
                }
                Err(_) => {
                    self.outcome.lock().expect("whole").tried_again += 1;
                    thread::sleep(Duration::from_millis(20));
                }
            }
        }
    }

    /// Drops all but the newest events of a stream, if Redis runs.
    fn trim(&self, key: &str) {
        if let Ok(redis) = self.redis.try_lock() {
            redis.cli(&["XTRIM", key, "MAXLEN", &TRIMMED.to_string()]);
        }
    }

    /// Follows a channel, now on this node and now on that, and checks what comes.
    fn follow(&self, channel: usize, seed: u64) {
        let mut random = Random::of(format!("client {channel} {seed}").as_bytes());
        let mut record = Record::default();
        let mut deadline = None;
        loop {
            let is_over = self.is_over.load(Ordering::SeqCst);
            let last = self.published[channel].load(Ordering::SeqCst);
            if is_over && record.seen >= last {
                break;
            }
            if is_over {
                let deadline = *deadline.get_or_insert_with(|| Instant::now() + PATIENCE);
                assert!(Instant::now() < deadline, "channel {channel} at {record:?} of {last}");
            }
            let until = random.below(40) + 1;
            let room =
                self.nodes[random.below(NODES)].1.read().expect("whole").hub.channel(&key(channel));
            let events = block_on(room.subscribe(record.last_event_id.as_deref(), Replay::All));
            record.connections += 1;
            match events {
                Ok(mut events) => record.read(&mut events, until),
                Err(_) => thread::sleep(Duration::from_millis(20)),
            }
            thread::sleep(Duration::from_millis(random.below(60) as u64));
        }
        // Redis writes down what it acknowledges, so nothing is missing but what was trimmed.
        assert!(record.gaps == 0 || channel == CHANNELS - 1, "channel {channel}: {record:?}");
        let mut outcome = self.outcome.lock().expect("whole");
        outcome.received += record.received;
        outcome.connections += record.connections;
        outcome.gaps += record.gaps;
    }

    /// Breaks one thing after the other, and mends everything at the end.
    fn break_things(&self, time: Duration, seed: u64) {
        let mut random = Random::of(format!("faults {seed}").as_bytes());
        let end = Instant::now() + time;
        let sleep = |range: Range<usize>, random: &mut Random| {
            let time = range.start + random.below(range.len());
            thread::sleep(Duration::from_millis(time as u64));
        };
        while Instant::now() < end {
            sleep(100..800, &mut random);
            self.outcome.lock().expect("whole").faults += 1;
            let (wire, node) = &self.nodes[random.below(NODES)];
            match random.below(4) {
                0 => {
                    let mut redis = self.redis.lock().expect("whole");
                    redis.kill();
                    sleep(0..600, &mut random);
                    redis.restart();
                }
                1 => {
                    wire.cut();
                    sleep(0..600, &mut random);
                    wire.heal();
                }
                2 => {
                    wire.stall();
                    sleep(0..1500, &mut random);
                    wire.heal();
                }
                _ => *node.write().expect("whole") = Node::start(&wire.url(), options()),
            }
        }
    }
}

fn key(channel: usize) -> String {
    format!("chaos:{channel}")
}

/// What a client knows, over all its connections.
#[derive(Debug, Default)]
struct Record {
    last_event_id: Option<String>,
    seen: u64,
    may_jump: bool,
    gaps: u64,
    received: u64,
    connections: u64,
}

impl Record {
    /// Reads blocks until the stream ends, there is nothing for a while, or there were so many.
    fn read(&mut self, events: &mut Subscription, blocks: usize) {
        for _ in 0..blocks {
            let quiet = async {
                async_io::Timer::after(Duration::from_millis(300)).await;
                None::<Result<Block, Cut>>
            };
            let Some(Ok(block)) = block_on(or(events.next(), quiet)) else { return };
            let text = std::str::from_utf8(&block).expect("text");
            text.split_terminator("\n\n").for_each(|block| self.take(block));
        }
    }

    fn take(&mut self, block: &str) {
        if let Some(id) = field(block, "id") {
            self.last_event_id = Some(id.to_owned());
        }
        let Some(data) = field(block, "data") else { return };
        if field(block, "event") == Some("gap") {
            (self.may_jump, self.gaps) = (true, self.gaps + 1);
            return;
        }
        let number: u64 = data.parse().unwrap_or_else(|_| panic!("{block:?}"));
        assert!(number > self.seen, "{number} after {}: {block:?}", self.seen);
        let is_next = number == self.seen + 1 || (self.seen == 0 && self.received == 0);
        assert!(is_next || self.may_jump, "{number} after {}, not told why: {block:?}", self.seen);
        (self.seen, self.may_jump) = (number, false);
        self.received += 1;
    }
}
