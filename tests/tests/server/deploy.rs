//! The example `deploy`: servers that are replaced under clients, who are counted. Unix, for signals and the socket.
#![cfg(unix)]

use std::collections::BTreeMap;
use std::future::pending;
use std::sync::Mutex;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use async_executor::Executor;
use async_io::Timer;
use futures_lite::future::{block_on, or};
use sse_client::{ErrorKind, EventSource, Item};
use testkit::process::send;
use testkit::{Scratch, Signal, descriptors};
use tests::program::start_with;

/// Longest time that all clients may take to be back.
const PATIENCE: Duration = Duration::from_secs(120);
/// What a process has open besides the connections.
const OTHER_DESCRIPTORS: u64 = 100;

/// What all clients have seen.
#[derive(Debug, Default)]
struct Seen {
    opened: usize,
    /// Streams that ended as they should.
    ended: usize,
    /// Whatever else went wrong with a connection, in words: refused, reset, cut, without an answer.
    failed: BTreeMap<String, u64>,
    events: u64,
    gaps: u64,
    missing: u64,
    twice: u64,
    /// The newest event of each client that has seen one: epoch and sequence.
    last: BTreeMap<usize, (u64, u64)>,
}

impl Seen {
    fn item(&mut self, client: usize, item: Item) {
        match item {
            Item::Open(_) => self.opened += 1,
            Item::Error(error) if error.kind() == ErrorKind::Ended => self.ended += 1,
            Item::Error(error) => *self.failed.entry(error.to_string()).or_default() += 1,
            Item::Event(event) if event.event_type == "message" => {
                self.event(client, &event.last_event_id);
            }
            Item::Event(_) => self.gaps += 1,
            other => panic!("{other:?}"),
        }
    }

    fn event(&mut self, client: usize, id: &str) {
        let numbers = id
            .split_once('-')
            .and_then(|(epoch, sequence)| Some((epoch.parse().ok()?, sequence.parse().ok()?)));
        let now: (u64, u64) = numbers.unwrap_or_else(|| panic!("no numbers: {id}"));
        self.events += 1;
        match self.last.insert(client, now) {
            Some((epoch, _)) if epoch != now.0 => self.gaps += 1,
            Some((_, before)) if now.1 <= before => self.twice += 1,
            Some((_, before)) => self.missing += now.1 - before - 1,
            None => {}
        }
    }

    /// The oldest and the newest event that somebody saw last.
    fn span(&self) -> (u64, u64) {
        let sequences = self.last.values().map(|(_, sequence)| *sequence);
        (sequences.clone().min().unwrap_or(0), sequences.max().unwrap_or(0))
    }
}

/// Waits for a state of the clients.
fn wait(seen: &Mutex<Seen>, what: &str, is_there: impl Fn(&Seen) -> bool) {
    let deadline = Instant::now() + PATIENCE;
    while !is_there(&seen.lock().expect("no panic while locked")) {
        assert!(Instant::now() < deadline, "{what}: {:?}", seen.lock().map(|it| it.opened));
        thread::sleep(Duration::from_millis(20));
    }
}

/// Has a server replaced so many times under so many clients, all of them attached each time.
fn replace(times: usize, clients: usize) {
    descriptors::allow(clients as u64 + OTHER_DESCRIPTORS).expect("descriptors");
    let folder = Scratch::new("deploy").expect("a folder");
    let state = folder.join("log");
    let state = state.to_str().expect("UTF-8");
    let mut program = start_with("deploy", &["--addr", "127.0.0.1:0", "--state", state]);
    let (seen, done) = (Mutex::new(Seen::default()), AtomicBool::new(false));
    let follow = async |client: usize| {
        let mut source = EventSource::new(&program.url("/events")).expect("a URL");
        while let Some(item) = source.next().await {
            seen.lock().expect("no panic while locked").item(client, item);
        }
    };
    thread::scope(|scope| {
        let executor = Executor::new();
        (0..clients).for_each(|client| executor.spawn(follow(client)).detach());
        let until_done = async {
            while !done.load(Ordering::Relaxed) {
                Timer::after(Duration::from_millis(20)).await;
            }
        };
        scope.spawn(move || block_on(or(executor.run(pending()), until_done)));
        let replaced = (1..=times).try_for_each(|time| {
            wait(&seen, "all are attached", |it| it.opened >= time * clients);
            let line = program.printed("process ").pop().ok_or("it does not say its number")?;
            let number = line.split(' ').nth(1).and_then(|it| it.parse().ok());
            send(number.ok_or("no number")?, Signal::TERM).map_err(|_| "it has gone")
        });
        replaced.expect("each names itself");
        wait(&seen, "all are back", |it| it.opened >= (times + 1) * clients);
        let newest = seen.lock().expect("no panic while locked").span().1;
        wait(&seen, "all have all", |it| it.last.len() == clients && it.span().0 > newest);
        done.store(true, Ordering::Relaxed);
    });
    program.signal(Signal::TERM).expect("it runs");
    assert!(program.ended(PATIENCE).is_ok_and(|status| status.success()));
    let mut seen = seen.into_inner().expect("no panic while locked");
    seen.last.clear();
    println!("{times} times under {clients} clients: {seen:?}");
    assert!(seen.failed.is_empty(), "{seen:?}");
    assert_eq!((seen.gaps, seen.missing, seen.twice), (0, 0, 0), "{seen:?}");
    assert_eq!(seen.ended, times * clients, "{seen:?}");
    assert_eq!(program.printed("process ").len(), times + 1);
}

#[test]
fn a_server_is_replaced_and_no_client_notices() {
    replace(3, 50);
}

/// `cargo test -p tests --test server deploy:: -- --ignored --nocapture`
#[test]
#[ignore = "takes minutes: the same on the scale of a deploy"]
fn a_server_is_replaced_fifty_times_under_a_thousand_clients() {
    replace(50, 1000);
}
