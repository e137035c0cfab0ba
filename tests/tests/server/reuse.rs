//! Law 13: what is published to a channel reaches its own subscribers and nobody else, however
//! connections are reused. Streams of several channels follow each other on one connection.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread::{self, JoinHandle};
use std::time::{Duration, Instant};

use crate::server_support::Running;
use sse_server::{
    Channel, Events, Frame, History, Lag, Replay, Request, Response, Server, Sink, sleep,
};
use testkit::raw::{Peer, field};
use tests::streams::Random;

/// A server of channels: `/0`, `/1` and so on, until the milliseconds of `?until=` have passed.
fn serve(channels: &[Channel], threads: usize) -> Running {
    let channels = channels.to_vec();
    let server = Server::new(move |request: &Request| {
        let number = |name| request.query(name).and_then(|value| value.parse().ok());
        let channel = request.path().trim_start_matches('/').parse().ok();
        let Some(channel) = channel.and_then(|index: usize| channels.get(index)) else {
            return stray();
        };
        let mut all = channel.subscribe(request.last_event_id(), Replay::All);
        if request.query("filter").is_some() {
            all = all.with_filter(|_| true);
        }
        let heartbeat = Duration::from_millis(number("heartbeat").unwrap_or(20));
        let events = Events::from(all).with_heartbeat(heartbeat);
        Response::events(match number("until") {
            Some(end) => events.with_end(sleep(Duration::from_millis(end))),
            None => events,
        })
    });
    Running::start(server.threads(threads))
}

/// A stream whose sink is used by somebody else long after its end.
fn stray() -> Response {
    Response::stream(async |mut sink: Sink| {
        sink.send(&Frame::message("known")).await?;
        thread::spawn(move || {
            async_io::block_on(async {
                while sink.send(&Frame::message("STRAY")).await.is_ok() {}
            });
        });
        Ok(())
    })
}

/// Asks for a stream on a connection that has had others.
fn ask(peer: &mut Peer, target: &str, last_event_id: Option<&str>) {
    let id = last_event_id.map(|id| format!("Last-Event-ID: {id}\r\n")).unwrap_or_default();
    peer.ended = false;
    peer.send(format!("GET {target} HTTP/1.1\r\nHost: a\r\n{id}\r\n"));
    let head = peer.head();
    assert!(head.starts_with("HTTP/1.1 200"), "{head}");
}

/// Reads a stream to its proper end; its blocks.
fn read(peer: &mut Peer) -> Vec<String> {
    let blocks = std::iter::from_fn(|| peer.block()).collect();
    assert!(peer.ended, "the last chunk is missing");
    blocks
}

fn publish(channel: &Channel, name: &str, numbers: std::ops::RangeInclusive<u64>) {
    for number in numbers {
        channel.publish(&Frame::message(&format!("{name} {number}")));
    }
}

/// Both are at the same position when the connection goes from one to the other.
#[test]
fn a_stream_that_has_ended_gets_no_more() {
    let (a, b) = (Channel::default(), Channel::default());
    let server = serve(&[a.clone(), b.clone()], 1);
    let mut peer = server.connect();
    ask(&mut peer, "/0?until=50", None);
    read(&mut peer);
    ask(&mut peer, "/1", None);
    publish(&a, "a", 1..=1);
    publish(&b, "b", 1..=2);
    assert_eq!(peer.data().as_deref(), Some("b 1"));
    assert_eq!(peer.data().as_deref(), Some("b 2"));
}

/// The channel that was left catches up with the position of the other.
#[test]
fn nor_does_it_when_the_positions_meet_later() {
    let (a, b) = (Channel::default(), Channel::default());
    let server = serve(&[a.clone(), b.clone()], 1);
    publish(&b, "b", 1..=4);
    let mut peer = server.connect();
    ask(&mut peer, "/0?until=50", None);
    read(&mut peer);
    ask(&mut peer, "/1", None);
    for number in 1..=4 {
        assert_eq!(peer.data(), Some(format!("b {number}")));
    }
    for number in 1..=8 {
        publish(&a, "a", number..=number);
        thread::sleep(Duration::from_millis(5));
    }
    for number in 5..=10 {
        publish(&b, "b", number..=number);
        assert_eq!(peer.data(), Some(format!("b {number}")));
    }
}

#[test]
fn heartbeats_do_not_multiply_when_a_client_subscribes_again() {
    const INTERVAL: Duration = Duration::from_millis(200);
    let channel = Channel::default();
    let server = serve(&[channel], 1);
    let mut peer = server.connect();
    for _ in 0..20 {
        ask(&mut peer, "/0?heartbeat=200&until=10", None);
        read(&mut peer);
    }
    let began = Instant::now();
    ask(&mut peer, "/0?heartbeat=200", None);
    let mut beats = 0;
    while beats < 5 {
        beats += u32::from(peer.block().expect("the stream goes on") == ":");
    }
    // The first may come early: the pump was there before.
    assert!(began.elapsed() > INTERVAL * 3, "five in {:?}", began.elapsed());
}

#[test]
fn a_sink_that_outlives_its_stream_writes_nothing_into_the_next() {
    let channel = Channel::default();
    let server = serve(std::slice::from_ref(&channel), 1);
    let mut peer = server.connect();
    for _ in 0..20 {
        ask(&mut peer, "/stray", None);
        let known = |block: &String| block == "data: known" || block == "data: STRAY";
        assert!(read(&mut peer).iter().all(known));
        ask(&mut peer, "/0?until=5", None);
        let blocks = read(&mut peer);
        assert!(!blocks.iter().any(|block| block.contains("STRAY")), "{blocks:?}");
    }
}

/// What a client knows of one channel.
#[derive(Default)]
struct Record {
    last_event_id: Option<String>,
    /// Number of the newest event that it has seen, or has been told to be behind a gap.
    seen: u64,
    events: u64,
    gaps: u64,
}

impl Record {
    /// Checks that a block belongs here, and follows on what has been seen.
    fn take(&mut self, name: usize, block: &str) {
        let Some(id) = field(block, "id") else {
            assert_eq!(block, ":", "channel {name}");
            return;
        };
        let (_, sequence) = id.split_once('-').expect("a number of the log");
        let sequence: u64 = sequence.parse().expect("digits");
        match (field(block, "event"), field(block, "data")) {
            (Some("gap"), _) => {
                assert!(sequence > self.seen, "channel {name}: nothing is missing: {block}");
                self.gaps += 1;
            }
            (_, Some(data)) => {
                assert_eq!(data, format!("{name} {sequence}"), "somebody else's");
                assert_eq!(sequence, self.seen + 1, "channel {name}: lost or twice");
                self.events += 1;
            }
            // Its position.
            _ => assert!(sequence >= self.seen, "channel {name}: back from {}: {block}", self.seen),
        }
        self.seen = sequence;
        self.last_event_id = Some(id.to_owned());
    }
}

/// Publishes without rest, to one channel more often than to the other, until it is told to stop.
fn publisher(channels: &[Channel], done: &Arc<AtomicBool>, seed: u64) -> JoinHandle<()> {
    let (channels, done) = (channels.to_vec(), done.clone());
    thread::spawn(move || {
        let mut random = Random::new(seed);
        let mut numbers = vec![0; channels.len()];
        while !done.load(Ordering::Relaxed) {
            let index = random.below(channels.len());
            for _ in 0..random.below(4) {
                numbers[index] += 1;
                publish(&channels[index], &index.to_string(), numbers[index]..=numbers[index]);
            }
            thread::sleep(Duration::from_micros(random.below(3000) as u64));
        }
    })
}

/// One connection after the other, each with many streams, of channels and of sinks that are not
/// given back, while all channels are busy.
fn wander(server: &Running, channels: usize, seed: u64, streams: usize) -> Vec<Record> {
    let mut random = Random::new(seed);
    let mut records: Vec<Record> = (0..channels).map(|_| Record::default()).collect();
    let mut peer = server.connect();
    for stream in 0..streams {
        if random.below(40) == 0 {
            peer = server.connect();
        }
        if random.below(10) == 0 {
            ask(&mut peer, "/stray", None);
            read(&mut peer);
        }
        let channel = random.below(channels);
        let (until, kind) = (random.below(30), ["", "&filter", ""][random.below(3)]);
        let record = &mut records[channel];
        let target = format!("/{channel}?until={until}{kind}");
        ask(&mut peer, &target, record.last_event_id.as_deref());
        for block in read(&mut peer) {
            record.take(channel, &block);
        }
        if stream % 10 == 0 {
            // Others go on meanwhile, and their logs are short.
            thread::sleep(Duration::from_millis(random.below(40) as u64));
        }
    }
    records
}

fn every_event_is_its_own(threads: usize, history: &History) -> Vec<Record> {
    const CHANNELS: usize = 4;
    let channels: Vec<_> = (0..CHANNELS).map(|_| Channel::new(history.clone())).collect();
    let server = serve(&channels, threads);
    let done = Arc::new(AtomicBool::new(false));
    let publisher = publisher(&channels, &done, 1);
    let records: Vec<Record> = thread::scope(|scope| {
        let client = |seed| {
            let server = &server;
            scope.spawn(move || wander(server, CHANNELS, seed, 120))
        };
        let clients: Vec<_> = (2..6).map(client).collect();
        clients.into_iter().flat_map(|client| client.join().expect("own events only")).collect()
    });
    done.store(true, Ordering::Relaxed);
    publisher.join().expect("published");
    let seen: u64 = records.iter().map(|record| record.events).sum();
    assert!(seen > 1000, "{seen} events are too few to show anything");
    records
}

#[test]
fn every_event_is_its_own_once_and_in_order() {
    let records = every_event_is_its_own(1, &History::default());
    assert!(records.iter().all(|record| record.gaps == 0), "the log holds everything");
}

#[test]
fn also_with_several_threads() {
    let records = every_event_is_its_own(2, &History::default());
    assert!(records.iter().all(|record| record.gaps == 0), "the log holds everything");
}

#[test]
fn or_it_is_told_as_a_gap() {
    let history = History { events: 8, lag: Lag::Skip, ..History::default() };
    let records = every_event_is_its_own(1, &history);
    assert!(records.iter().any(|record| record.gaps > 0), "so short a log has gaps");
}
