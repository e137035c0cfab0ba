//! A large event is in memory once, however many clients are about to read it.

mod server_support;

use server_support::Running;
use sse_server::{Channel, Frame, History, Replay, Response, Server};
use testkit::raw::Peer;
use testkit::wait::eventually;

const CLIENTS: usize = 20;
const LENGTH: usize = 16 << 20;

/// Memory of this process, in bytes: clients of the test read nothing, so that they hold nothing.
fn memory() -> usize {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:")).expect("on Linux");
    let kib = line.split_whitespace().next().and_then(|number| number.parse::<usize>().ok());
    kib.expect("a number") * 1024
}

#[test]
fn clients_wait_with_the_same_bytes_live_and_coming_back() {
    let channel = Channel::new(History { bytes: 1 << 30, ..History::default() });
    let shared = channel.clone();
    let server = Running::start(Server::new(move |request| {
        Response::events(shared.subscribe(request.last_event_id(), Replay::Live))
    }));
    let start = channel.last_event_id();
    let subscribe = |id| Peer::subscribe(server.addr, "/", id);
    let mut live: Vec<Peer> = (0..CLIENTS).map(|_| subscribe(None)).collect();
    for peer in &mut live {
        peer.block().expect("its position");
    }
    let before = memory();
    channel.publish(&Frame::message(&"x".repeat(LENGTH)));
    eventually("sent to those who are live", || channel.stats().delivered == CLIENTS as u64);
    let mut back: Vec<Peer> = (0..CLIENTS).map(|_| subscribe(Some(&start))).collect();
    eventually("sent to all", || channel.stats().delivered == 2 * CLIENTS as u64);
    let grown = memory().saturating_sub(before);
    assert!(grown < 4 * LENGTH, "{} MiB for {CLIENTS} clients, twice", grown >> 20);
    // Two of them read all of it.
    for peer in [&mut live[0], &mut back[0]] {
        assert_eq!(peer.data().expect("the event").len(), LENGTH);
    }
}
