//! Clients join, leave, stall and reset while events are published and the server restarts; in the
//! end each client's record is complete, or it has been told of every gap in it.
//!
//! `SOAK_SECONDS=600 cargo test --release -p tests --test server_soak -- --nocapture` is the long run.

mod server_support;

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use server_support::{Peer, Running, field};
use sse_server::{Channel, Frame, History, Limits, Response, Server, Shutdown};

const CLIENTS: u64 = 40;

/// What a client has seen: the next sequence number it expects, and what it was told is missing.
#[derive(Debug, Default)]
struct Record {
    last_event_id: Option<String>,
    next: u64,
    seen: u64,
    missed: u64,
    gaps: u64,
    connections: u64,
}

impl Record {
    fn take(&mut self, block: &str) {
        let Some(id) = field(block, "id") else { return };
        let sequence: u64 = id
            .rsplit('-')
            .next()
            .and_then(|n| n.parse().ok())
            .expect("a sequence");
        if field(block, "event") == Some("gap") {
            let data = field(block, "data").expect("data");
            let missed: u64 = data
                .split_once(r#""missed":"#)
                .and_then(|(_, rest)| rest.trim_end_matches('}').parse().ok())
                .unwrap_or_else(|| panic!("the channel is the same all the time: {data}"));
            assert_eq!(sequence + 1, self.next + missed, "{block}");
            (self.missed, self.gaps) = (self.missed + missed, self.gaps + 1);
            self.next = sequence + 1;
        } else if block.contains("data: ") {
            assert_eq!(
                sequence, self.next,
                "an event is missing without a word, or came twice: {self:?}"
            );
            (self.seen, self.next) = (self.seen + 1, sequence + 1);
        } else {
            // The position at the beginning, which fires nothing.
            assert!(
                self.next == 0 || self.next == sequence + 1,
                "{block}: {self:?}"
            );
            self.next = sequence + 1;
        }
        self.last_event_id = Some(id.to_owned());
    }
}

/// A small generator of numbers (xorshift), so that a run can be repeated.
struct Chance(u64);

impl Chance {
    fn below(&mut self, bound: u64) -> u64 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        self.0 % bound
    }
}

#[test]
fn every_record_is_complete_or_says_what_is_missing() {
    let seconds = std::env::var("SOAK_SECONDS")
        .ok()
        .and_then(|text| text.parse().ok())
        .unwrap_or(8);
    let channel = Channel::new(History {
        events: 1000,
        bytes: 3 << 20,
        ..History::default()
    });
    let serve = |channel: &Channel, threads| {
        let channel = channel.clone();
        let limits = Limits {
            write_deadline: Duration::from_secs(2),
            ..Limits::default()
        };
        Server::new(move |request| {
            let response = Response::channel(&channel).heartbeat(Duration::from_millis(500));
            // Every third client goes without the pump.
            if request.path() == "/0" {
                response.filter(|_| true)
            } else {
                response
            }
        })
        .limits(limits)
        .threads(threads)
    };
    let mut server = Running::start(serve(&channel, 1));
    let addr = server.addr;
    let (over, last) = (
        Arc::new(AtomicBool::new(false)),
        Arc::new(AtomicU64::new(u64::MAX)),
    );
    let clients: Vec<_> = (0..CLIENTS)
        .map(|client| {
            let (over, last) = (over.clone(), last.clone());
            thread::spawn(move || run_client(addr, client, &over, &last))
        })
        .collect();

    let (began, mut chance, mut restarts) = (Instant::now(), Chance(7), 0);
    let mut restart_at = Instant::now() + Duration::from_secs(3);
    while began.elapsed() < Duration::from_secs(seconds) {
        for _ in 0..chance.below(20) {
            channel.publish(&Frame::message(
                &"x".repeat(1 + chance.below(8_000) as usize),
            ));
        }
        thread::sleep(Duration::from_millis(chance.below(40)));
        if Instant::now() > restart_at {
            // Now politely, now as if it had been killed.
            let deadline = Duration::from_millis(500 * chance.below(2));
            server.stop(Shutdown {
                deadline,
                ..Shutdown::default()
            });
            restarts += 1;
            server = Running::start_on(serve(&channel, 1 + restarts % 3), addr);
            restart_at = Instant::now() + Duration::from_secs(2 + chance.below(4));
        }
    }
    last.store(channel.stats().published, Ordering::SeqCst);
    over.store(true, Ordering::SeqCst);
    let records: Vec<Record> = clients
        .into_iter()
        .map(|client| client.join().unwrap())
        .collect();
    let published = channel.stats().published;
    for record in &records {
        assert_eq!(record.next, published + 1, "{record:?}");
    }
    let sum = |what: fn(&Record) -> u64| records.iter().map(what).sum::<u64>();
    println!(
        "{seconds} s, {published} events, {restarts} restarts, {CLIENTS} clients: {} connections, \
         {} deliveries, {} gaps told with {} events; server: {:?}",
        sum(|r| r.connections),
        sum(|r| r.seen),
        sum(|r| r.gaps),
        sum(|r| r.missed),
        channel.stats()
    );
    assert!(restarts > 0 && sum(|r| r.connections) > CLIENTS);
}

/// Reads, stalls, leaves and resets at random until the last event has come.
fn run_client(
    addr: std::net::SocketAddr,
    client: u64,
    over: &AtomicBool,
    last: &AtomicU64,
) -> Record {
    let mut chance = Chance(client + 1);
    let mut record = Record::default();
    while record.next <= last.load(Ordering::SeqCst) {
        let Some(mut peer) = connect(addr, client, &record) else {
            thread::sleep(Duration::from_millis(20));
            continue;
        };
        record.connections += 1;
        let stay = 1 + chance.below(400);
        for count in 0.. {
            if record.next > last.load(Ordering::SeqCst) {
                break;
            }
            let Some(block) = peer.block() else { break };
            record.take(&block);
            let leaves = count >= stay && !over.load(Ordering::SeqCst);
            if leaves {
                break;
            }
            if chance.below(150) == 0 && !over.load(Ordering::SeqCst) {
                thread::sleep(Duration::from_millis(chance.below(3_000)));
            }
        }
        // Dropping a socket with unread bytes resets the connection; without, it ends.
    }
    record
}

/// A subscribed peer; nothing while the server restarts.
fn connect(addr: std::net::SocketAddr, client: u64, record: &Record) -> Option<Peer> {
    drop(std::net::TcpStream::connect(addr).ok()?);
    let mut peer = Peer::try_connect(addr)?;
    let id = record
        .last_event_id
        .as_ref()
        .map(|id| format!("Last-Event-ID: {id}\r\n"))
        .unwrap_or_default();
    let path = client % 3;
    peer.try_send(format!("GET /{path} HTTP/1.1\r\nHost: a\r\n{id}\r\n"))?;
    let head = peer.try_head()?;
    assert!(head.starts_with("HTTP/1.1 200"), "{head}");
    Some(peer)
}
