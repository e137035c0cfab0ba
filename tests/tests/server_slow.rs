//! Law 9: a client that stops reading costs a bounded amount of memory and delays nobody. A test
//! program of its own, because it measures the memory of its process.

mod server_support;

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Instant;

use server_support::{Running, live};
use sse_server::{Channel, Frame, History, Response, Server};
use testkit::raw::{Peer, find};
use testkit::wait::PATIENCE;

/// Ten of eighteen clients stop reading; the others get everything, in order, and what the
/// server keeps for those who stopped is bounded by the log.
#[test]
fn clients_that_stop_reading_cost_a_bounded_amount_and_delay_nobody() {
    let channel = Channel::new(History { events: 200, bytes: 2 << 20, ..History::default() });
    let shared = channel.clone();
    let server =
        Running::start(Server::new(move |request| Response::events(live(&shared, request))));
    let stalled: Vec<Peer> = (0..10).map(|_| Peer::subscribe(server.addr, "/", None)).collect();
    let counts: Arc<Vec<AtomicU64>> = Arc::new((0..8).map(|_| AtomicU64::new(0)).collect());
    let readers: Vec<_> = (0..8)
        .map(|reader| {
            let counts = counts.clone();
            let mut peer = Peer::subscribe(server.addr, "/", None);
            std::thread::spawn(move || {
                while let Some(data) = peer.data() {
                    let number = data.split(' ').next().and_then(|n| n.parse().ok());
                    let expected = counts[reader].fetch_add(1, Ordering::SeqCst);
                    assert_eq!(number, Some(expected), "reader {reader}");
                    if expected == 5999 {
                        return;
                    }
                }
                panic!("reader {reader} was cut");
            })
        })
        .collect();
    let before = resident();
    let padding = "x".repeat(10_000);
    for number in 0..6000_u64 {
        channel.publish(&Frame::message(&format!("{number} {padding}")));
        // At the pace of the slowest of those who read.
        let began = Instant::now();
        while counts.iter().any(|count| count.load(Ordering::SeqCst) + 100 < number) {
            assert!(began.elapsed() < PATIENCE, "who reads waits for those who do not: {counts:?}");
            std::thread::yield_now();
        }
    }
    for reader in readers {
        reader.join().unwrap();
    }
    // 60 MB went by. The log holds 2 MB, each stalled client a batch of 16 KiB at most; the rest is
    // what this process's own clients hold.
    let grown = resident().saturating_sub(before);
    assert!(grown < 24 << 20, "{} KiB more than before", grown >> 10);
    let mut first = stalled.into_iter().next().unwrap();
    while first.fill() && find(&first.buffer, b"data: 5 ").is_none() {}
    assert!(find(&first.buffer, b"data: 5 ").is_some(), "what it had before it stopped is there");
}

/// Bytes of this process that are in memory.
fn resident() -> usize {
    let statm = std::fs::read_to_string("/proc/self/statm").unwrap_or_default();
    statm.split(' ').nth(1).and_then(|pages| pages.parse::<usize>().ok()).unwrap_or(0) * 4096
}
