//! The example `cluster`: nodes that are processes, with nginx before them and Redis behind, killed under clients whose records
//! are checked. Linux, for the list of processes.
#![cfg(target_os = "linux")]

use std::collections::BTreeMap;
use std::future::pending;
use std::net::TcpListener;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Mutex, PoisonError};
use std::thread;
use std::time::{Duration, Instant};

use async_executor::Executor;
use async_io::Timer;
use futures_lite::future::{block_on, or};
use sse_client::{Event, EventSource, Item};
use testkit::process::send;
use testkit::raw::{get, post};
use testkit::{Served, Signal, descriptors};
use tests::program::{command, start};

/// Longest time that anything may take.
const PATIENCE: Duration = Duration::from_secs(120);
/// What a process has open besides the connections.
const OTHER_DESCRIPTORS: u64 = 100;

/// What a client has seen, over all its connections.
#[derive(Clone, Debug, Default)]
struct Client {
    opened: usize,
    node: String,
    number: u64,
    said: usize,
}

/// What all clients have seen.
#[derive(Debug, Default)]
struct Seen {
    clients: Vec<Client>,
    /// The processes of the nodes, as the newest number tells them.
    nodes: BTreeMap<String, Option<u64>>,
    newest: u64,
    wrong: Vec<String>,
}

impl Seen {
    fn item(&mut self, index: usize, item: Item) {
        let client = &mut self.clients[index];
        match item {
            Item::Open(open) => {
                client.opened += 1;
                client.node = open.head().header("X-Node").unwrap_or_default().to_owned();
            }
            Item::Event(event) => self.event(index, &event),
            Item::Error(error) if error.retry_in().is_none() => {
                self.wrong.push(format!("client {index} has given up: {error}"));
            }
            _ => {}
        }
    }

    fn event(&mut self, index: usize, event: &Event) {
        let client = &mut self.clients[index];
        match &*event.event_type {
            "message" => {
                let data: serde_json::Value = serde_json::from_str(&event.data).expect("JSON");
                let number = data["number"].as_u64().expect("a number");
                if client.number != 0 && number != client.number + 1 {
                    let before = client.number;
                    self.wrong.push(format!("client {index}: {number} after {before}"));
                }
                client.number = number;
                if number > self.newest {
                    let nodes = data["nodes"].as_object().expect("nodes");
                    self.nodes = nodes.iter().map(|(it, id)| (it.clone(), id.as_u64())).collect();
                    self.newest = number;
                }
            }
            "said" => client.said += 1,
            "node" if event.data == client.node => {}
            _ => self.wrong.push(format!("client {index}: {event:?}")),
        }
    }

    /// How many clients each node has.
    fn shares(&self) -> BTreeMap<&str, usize> {
        let mut shares = BTreeMap::new();
        self.clients.iter().for_each(|it| *shares.entry(it.node.as_str()).or_default() += 1);
        shares
    }
}

/// Waits for a state of the clients.
fn wait(seen: &Mutex<Seen>, what: &str, is_there: impl Fn(&Seen) -> bool) {
    let deadline = Instant::now() + PATIENCE;
    loop {
        let seen = seen.lock().expect("no panic while locked");
        let Seen { clients, nodes, newest, wrong } = &*seen;
        assert!(wrong.is_empty(), "{what}: {wrong:?}");
        if is_there(&seen) {
            return;
        }
        let last = clients.iter().map(|it| it.number).min();
        assert!(
            Instant::now() < deadline,
            "{what}: {nodes:?}, {newest}, {last:?}, {:?}",
            seen.shares()
        );
        drop(seen);
        thread::sleep(Duration::from_millis(20));
    }
}

/// Kills each node in turn under so many clients.
fn kill_each(clients: usize) {
    descriptors::allow(2 * clients as u64 + OTHER_DESCRIPTORS).expect("descriptors");
    let program = start("cluster");
    let seen = Seen { clients: vec![Client::default(); clients], ..Seen::default() };
    let (seen, done) = (Mutex::new(seen), AtomicBool::new(false));
    let follow = async |index: usize| {
        let mut source = EventSource::new(&program.url("/events")).expect("a URL");
        while let Some(item) = source.next().await {
            seen.lock().unwrap_or_else(PoisonError::into_inner).item(index, item);
        }
    };
    thread::scope(|scope| {
        let executor = Executor::new();
        (0..clients).for_each(|index| executor.spawn(follow(index)).detach());
        let until_done = async {
            while !done.load(Ordering::Relaxed) {
                Timer::after(Duration::from_millis(20)).await;
            }
        };
        scope.spawn(move || block_on(or(executor.run(pending()), until_done)));
        // Also when something is wrong: nobody else ends the clients.
        let ended = EndsClients(&done);
        let everybody = |it: &Seen| it.clients.iter().all(|it| it.number > 0);
        wait(&seen, "all follow", everybody);
        ["a", "b", "c"].iter().for_each(|name| kill(name, &seen));
        publish(&program, "from any node");
        wait(&seen, "it was said to all", |it| it.clients.iter().all(|it| it.said == 1));
        drop(ended);
    });
    let seen = seen.into_inner().expect("no panic while locked");
    println!("{clients} clients, {} numbers, at last {:?}", seen.newest, seen.shares());
    assert!(seen.wrong.is_empty(), "{:?}", seen.wrong);
}

struct EndsClients<'a>(&'a AtomicBool);

impl Drop for EndsClients<'_> {
    fn drop(&mut self) {
        self.0.store(true, Ordering::Relaxed);
    }
}

/// Kills a node: its clients go to the others and have everything, and nobody else notices.
fn kill(name: &str, seen: &Mutex<Seen>) {
    wait(seen, "all nodes run", |it| it.nodes.values().flatten().count() == 3);
    let (id, before) = {
        let seen = seen.lock().expect("no panic while locked");
        (seen.nodes[name].expect("it runs"), seen.clients.clone())
    };
    let its_own = before.iter().filter(|it| it.node == name).count();
    assert!(its_own > 0, "nobody is at node {name}");
    send(u32::try_from(id).expect("an ID of a process"), Signal::KILL).expect("it runs");
    let moved = |it: &Seen| {
        let mut both = it.clients.iter().zip(&before);
        both.all(|(now, before)| now.opened == before.opened + usize::from(before.node == name))
    };
    wait(seen, "its clients, and no others, have connected again", moved);
    let newest = seen.lock().expect("no panic while locked").newest;
    wait(seen, "all go on", |it| it.clients.iter().all(|it| it.number > newest));
    // It is started again, as another process.
    wait(seen, "it runs again", |it| it.nodes[name].is_some_and(|now| now != id));
}

/// Publishes on whichever node nginx chooses.
fn publish(program: &Served, text: &str) {
    assert_eq!(post(program.address(), "/say", "", text).status, 204);
}

#[test]
fn each_node_is_killed_and_every_record_is_complete() {
    kill_each(200);
}

/// `cargo test -p tests --test redis cluster:: -- --ignored --nocapture`
#[test]
#[ignore = "takes a minute: the same with a thousand clients"]
fn each_node_is_killed_under_a_thousand_clients() {
    kill_each(1000);
}

#[test]
fn nothing_is_left_however_the_cluster_ends() {
    for signal in [Signal::INT, Signal::TERM, Signal::KILL] {
        let mut program = start("cluster");
        let stream = get(program.address(), "/events", "");
        assert!(stream.header("X-Node").is_some());
        let id = program.process().id();
        let below = program.process().family().into_iter().skip(1);
        // With the time at which each began: its number may be another's later.
        let parts: Vec<(u32, u64)> = below.filter_map(|id| Some((id, began_at(id)?))).collect();
        // Two that keep, Redis, nginx and its worker, three nodes.
        assert!(parts.len() >= 8, "{parts:?}");
        program.signal(signal).expect("it runs");
        let status = program.ended(PATIENCE).expect("it ends");
        assert_eq!(status.success(), signal != Signal::KILL, "{signal:?}: {status}");
        let deadline = Instant::now() + PATIENCE;
        let left = || parts.iter().filter(|(id, began)| began_at(*id) == Some(*began)).count();
        while left() > 0 || folders(id) > 0 {
            assert!(Instant::now() < deadline, "{signal:?}: {} of {parts:?} are left", left());
            thread::sleep(Duration::from_millis(20));
        }
    }
}

/// When a process began; `None` if there is none, or only its end has not been asked for.
fn began_at(id: u32) -> Option<u64> {
    stat(id, 19)
}

/// A number of what the system tells of a process that has not ended, counted from its state.
fn stat(id: u32, index: usize) -> Option<u64> {
    let stat = std::fs::read_to_string(format!("/proc/{id}/stat")).ok()?;
    // The name stands in parentheses and may contain some itself.
    let fields: Vec<&str> = stat.rsplit_once(')')?.1.split_whitespace().collect();
    (fields[0] != "Z").then(|| fields[index].parse().ok()).flatten()
}

/// Folders that a cluster has made and that are there.
fn folders(cluster: u32) -> usize {
    let name = format!("sse-cluster-{cluster}-");
    let entries = std::fs::read_dir(std::env::temp_dir()).expect("a folder");
    entries.flatten().filter(|it| it.file_name().to_string_lossy().starts_with(&name)).count()
}

#[test]
fn what_is_missing_or_taken_is_said_with_the_remedy() {
    let missing = command("cluster").env("PATH", "").args(["--addr", "127.0.0.1:0"]).output();
    let missing = missing.expect("it runs");
    assert_eq!(missing.status.code(), Some(1));
    let message = String::from_utf8_lossy(&missing.stderr);
    assert!(message.contains("apt-get install redis-server"), "{message}");
    let taken = TcpListener::bind("127.0.0.1:0").expect("a free port");
    let address = taken.local_addr().expect("an address").to_string();
    let output = command("cluster").args(["--addr", &address]).output().expect("it runs");
    assert_eq!(output.status.code(), Some(1));
    let message = String::from_utf8_lossy(&output.stderr);
    assert!(message.contains(&address) && message.contains("--addr"), "{message}");
    let wrong = command("cluster").arg("--port").output().expect("it runs");
    assert_eq!(wrong.status.code(), Some(2));
}
