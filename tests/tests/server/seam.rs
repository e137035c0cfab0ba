//! Law 7 under stress: no seam between replay and live. Clients join at any moment of a channel that is
//! hardly ever quiet, so that catching up ends while the next event is being published.

use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread::{self, JoinHandle};
use std::time::{Duration, Instant};

use crate::server_support::{Running, live, sequence};
use sse_server::{Channel, Events, Frame, History, Response, Server};
use testkit::raw::{Peer, field};

/// Clients at the same time, each on a thread of its own.
const CLIENTS: usize = 4;
/// Connections of each, one after the other.
const CONNECTIONS: usize = 150;

/// A server whose channel holds everything that a test publishes.
fn serve(threads: usize) -> (Running, Channel) {
    let channel = Channel::new(History { events: 1 << 22, bytes: 1 << 30, ..History::default() });
    let shared = channel.clone();
    let server = Server::new(move |request| match request.path() {
        "/filtered" => Response::events(live(&shared, request).with_filter(|_| true)),
        _ => Response::events(live(&shared, request)),
    });
    (Running::start(server.threads(threads)), channel)
}

/// Connects again and again, every other time with the last event ID, and leaves after a few events:
/// what follows what is known is always the next event.
fn join_and_leave(server: SocketAddr, path: &str, client: usize) {
    let mut last = None::<String>;
    for connection in 0..CONNECTIONS {
        let resumes = connection % 2 == 1;
        let mut peer = Peer::subscribe(server, path, last.as_deref().filter(|_| resumes));
        if !resumes {
            // Its position, which it has to be told before anything else.
            last = peer.block().and_then(|block| field(&block, "id").map(str::to_owned));
        }
        for number in 0..=(connection + client) % 20 {
            let block = peer.block().expect("the stream goes on");
            let before = format!("id: {}", last.as_deref().expect("known from before"));
            let context =
                format!("{path}, client {client}, connection {connection}, event {number}");
            assert!(block.contains("\ndata: "), "{context}: {block:?}");
            assert_eq!(sequence(&block), sequence(&before) + 1, "{context}");
            last = field(&block, "id").map(str::to_owned);
        }
    }
}

/// Publishes one to three events at once, with hardly a pause, until all clients are done.
fn publish_without_rest(channel: &Channel, working: &AtomicUsize) {
    let mut number = 0_u64;
    while working.load(Ordering::Acquire) > 0 {
        for _ in 0..=number % 3 {
            channel.publish(&Frame::message("x"));
        }
        number += 1;
        spin(Duration::from_micros(40 * (number % 5)));
    }
}

/// Waits without giving up the processor: a sleep is longer than what is wanted here.
fn spin(duration: Duration) {
    let began = Instant::now();
    while began.elapsed() < duration {
        std::hint::spin_loop();
    }
}

/// Counts a client out, also when it has panicked.
struct Done(Arc<AtomicUsize>);

impl Drop for Done {
    fn drop(&mut self) {
        self.0.fetch_sub(1, Ordering::Release);
    }
}

/// Starts all clients; how many are still at work, and their threads.
fn start_clients(addr: SocketAddr, path: &'static str) -> (Arc<AtomicUsize>, Vec<JoinHandle<()>>) {
    let working = Arc::new(AtomicUsize::new(CLIENTS));
    let start = |client| {
        let done = Done(working.clone());
        thread::spawn(move || {
            let _done = done;
            join_and_leave(addr, path, client);
        })
    };
    let clients = (0..CLIENTS).map(start).collect();
    (working, clients)
}

fn stress(threads: usize, path: &'static str) {
    let (server, channel) = serve(threads);
    let (working, clients) = start_clients(server.addr, path);
    publish_without_rest(&channel, &working);
    for client in clients {
        client.join().expect("nothing lost, nothing twice");
    }
}

#[test]
fn joining_a_busy_channel_loses_and_doubles_nothing() {
    stress(1, "/");
}

#[test]
fn nor_does_it_with_several_threads() {
    stress(2, "/");
}

#[test]
fn nor_with_a_filter() {
    stress(1, "/filtered");
}

/// So many clients that the server does not write to all in one go: others join in the middle.
#[test]
fn joining_in_the_middle_of_a_batch_loses_and_doubles_nothing() {
    const CROWD: usize = 200;
    let (server, channel) = serve(1);
    let mut crowd: Vec<Peer> =
        (0..CROWD).map(|_| Peer::subscribe(server.addr, "/", None)).collect();
    for peer in &mut crowd {
        peer.block().expect("its position");
    }
    let (working, clients) = start_clients(server.addr, "/");
    let mut published = 0;
    while working.load(Ordering::Acquire) > 0 {
        let before = published;
        for _ in 0..20 {
            channel.publish(&Frame::message("x"));
            published += 1;
            spin(Duration::from_micros(published % 7 * 50));
        }
        for peer in &mut crowd {
            for number in before + 1..=published {
                assert_eq!(peer.block().map(|block| sequence(&block)), Some(number));
            }
        }
    }
    for client in clients {
        client.join().expect("nothing lost, nothing twice");
    }
}

/// A second event follows the first at every moment of what the server does about it, the one in which it
/// goes to sleep again included: there is no heartbeat, and no third event, that would wake it up.
#[test]
fn no_event_waits_for_another_to_wake_the_server() {
    let channel = Channel::default();
    let shared = channel.clone();
    let server = Running::start(Server::new(move |request| {
        let events = match request.path() {
            "/filtered" => live(&shared, request).with_filter(|_| true),
            _ => live(&shared, request),
        };
        Response::events(Events::from(events).with_heartbeat(None))
    }));
    // The second kind sleeps in a place where hardly anything happens between looking and listening.
    for (path, rounds) in [("/", 2_000), ("/filtered", 10_000)] {
        let mut peer = Peer::subscribe(server.addr, path, None);
        peer.block().expect("its position");
        for round in 0..rounds {
            let first = channel.publish(&Frame::message("x")).to_string();
            spin(Duration::from_nanos(round % 1000 * 100));
            let second = channel.publish(&Frame::message("x")).to_string();
            for id in [first, second] {
                let block = peer.block().expect("the stream goes on");
                assert_eq!(field(&block, "id"), Some(id.as_str()), "{path}, round {round}");
            }
        }
    }
}
