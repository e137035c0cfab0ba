//! Several channels over one connection, and a state before its changes, through the server: heartbeats, slow clients,
//! shutdown and the access log are those of any stream.

use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use crate::server_support::Running;
use sse_server::{
    Access, Channel, Channels, Entry, Events, Frame, History, Lag, Outcome, Replay, Request,
    Response, Server, Shutdown, StateChannel,
};
use testkit::raw::{Peer, field, status};
use testkit::wait::eventually;

/// Channels that a server's clients follow together.
fn channels(count: usize, history: &History) -> Vec<Channel> {
    (0..count).map(|_| Channel::new(history.clone())).collect()
}

fn together(channels: &[Channel]) -> Channels {
    (0..).zip(channels).fold(Channels::new(), |together, (number, channel): (u32, _)| {
        together.with(format!("c{number}"), channel.log(), Replay::Live)
    })
}

fn follow(followed: &Channels, request: &Request) -> Response {
    match followed.subscribe(request.last_event_id()) {
        Ok(events) => Response::events(events),
        Err(error) => Response::new(500).with_body(error.to_string()),
    }
}

fn say(channel: &Channel, text: &str) {
    channel.publish(&Frame::message(text));
}

#[test]
fn as_many_as_fit_in_an_id_come_back() {
    let channels = channels(120, &History::default());
    let followed = together(&channels);
    let server = Running::start(Server::new(move |request: &Request| follow(&followed, request)));
    let mut peer = Peer::subscribe(server.addr, "/", None);
    let start = peer.block().expect("its position");
    for channel in &channels {
        say(channel, "x");
    }
    let mut last = String::new();
    for _ in &channels {
        last = peer.event().expect("an event");
    }
    drop(peer);
    for channel in &channels {
        say(channel, "y");
    }
    for (block, expected) in [(&last, &["y"][..]), (&start, &["x", "y"])] {
        let id = field(block, "id").expect("an ID");
        assert!(id.len() > 1500, "{}", id.len());
        let mut peer = Peer::subscribe(server.addr, "/", Some(id));
        let events = expected.len() * channels.len();
        let mut texts: Vec<String> = (0..events).filter_map(|_| peer.data()).collect();
        texts.sort_unstable();
        assert_eq!(texts, expected.iter().flat_map(|text| vec![*text; 120]).collect::<Vec<_>>());
    }
}

#[test]
fn heartbeats_tell_the_place_in_all_of_them() {
    let channels = channels(2, &History::default());
    let followed = together(&channels).with_filter(|name, _| name == "c0");
    let server = Running::start(Server::new(move |request: &Request| {
        let events = Events::from(followed.subscribe(request.last_event_id()).expect("two"));
        Response::events(events.with_heartbeat(Duration::from_millis(40)))
    }));
    let mut peer = Peer::subscribe(server.addr, "/", None);
    let first = peer.block().expect("its position");
    assert_eq!(peer.block().as_deref(), Some(":"));
    say(&channels[1], "unwanted");
    let mut told = peer.block().expect("a heartbeat");
    while told == ":" {
        told = peer.block().expect("a heartbeat");
    }
    let id = field(&told, "id").expect("an ID").to_owned();
    assert_ne!(field(&first, "id"), Some(&*id));
    say(&channels[0], "a");
    say(&channels[1], "unwanted");
    let mut again = Peer::subscribe(server.addr, "/", Some(&id));
    assert_eq!(again.data().as_deref(), Some("a"));
}

#[test]
fn a_shutdown_tells_where_each_stands_and_ends_whole() {
    let channels = channels(3, &History::default());
    let looks = Arc::<AtomicU64>::default();
    let seen = looks.clone();
    let followed = together(&channels).with_filter(move |name, _| {
        seen.fetch_add(u64::from(name == "c2"), Ordering::Relaxed);
        name != "c2"
    });
    let serve = {
        let followed = followed.clone();
        move |request: &Request| follow(&followed, request)
    };
    let mut server = Running::start(Server::new(serve.clone()));
    let mut peers: Vec<Peer> = (0..10).map(|_| Peer::subscribe(server.addr, "/", None)).collect();
    for peer in &mut peers {
        peer.block().expect("its position");
    }
    say(&channels[0], "a");
    say(&channels[2], "unwanted");
    let mut ids = Vec::new();
    for peer in &mut peers {
        let event = peer.event().expect("an event");
        ids.push(field(&event, "id").expect("an ID").to_owned());
    }
    say(&channels[2], "unwanted");
    eventually("they have passed both", || looks.load(Ordering::Relaxed) == 20);
    server.stop(Shutdown::default());
    for (peer, id) in peers.iter_mut().zip(&mut ids) {
        let blocks: Vec<String> = std::iter::from_fn(|| peer.block()).collect();
        assert!(peer.ended, "cut");
        let told = blocks.iter().find_map(|block| field(block, "id")).expect("where it stands");
        assert_ne!(told, id, "{blocks:?}");
        told.clone_into(id);
        assert!(blocks.last().is_some_and(|block| block.starts_with("retry: ")), "{blocks:?}");
    }
    let server = Running::start(Server::new(serve));
    say(&channels[1], "b");
    for id in ids {
        let mut peer = Peer::subscribe(server.addr, "/", Some(&id));
        assert_eq!(peer.data().as_deref(), Some("b"));
    }
}

#[test]
fn who_is_too_slow_for_one_of_them_is_cut_and_told_which() {
    let history = History { events: 4, bytes: 1 << 30, lag: Lag::Disconnect, ..History::default() };
    let channels = channels(2, &history);
    let followed = together(&channels);
    let logged = Arc::<Mutex<Vec<Access>>>::default();
    let log = logged.clone();
    let server = Server::new(move |request: &Request| follow(&followed, request));
    let server = server.on_access(move |access| log.lock().unwrap().push(access.clone()));
    let server = Running::start(server);
    let mut peer = Peer::subscribe(server.addr, "/", None);
    let first = peer.block().expect("its position");
    let large = "x".repeat(1 << 20);
    for _ in 0..60 {
        say(&channels[1], &large);
    }
    // It reads again, too late.
    let mut id = field(&first, "id").expect("an ID").to_owned();
    while let Some(block) = peer.block() {
        id = field(&block, "id").expect("an ID").to_owned();
    }
    assert!(!peer.ended, "a cut must not look like an end");
    eventually("it is logged", || !logged.lock().unwrap().is_empty());
    assert_eq!(logged.lock().unwrap()[0].outcome, Outcome::Failed);
    say(&channels[0], "a");
    let mut peer = Peer::subscribe(server.addr, "/", Some(&id));
    let gap = peer.event().expect("a gap");
    assert_eq!(field(&gap, "event"), Some("gap"));
    let told = field(&gap, "data").expect("data");
    assert!(told.starts_with(r#"{"channel":"c1","reason":"evicted","missed":"#), "{told}");
}

#[test]
fn over_http_1_0_too_and_what_cannot_be_followed_is_said() {
    let channels = channels(2, &History::default());
    let followed = together(&channels);
    let server = Running::start(Server::new(move |request: &Request| match request.path() {
        "/" => follow(&followed, request),
        _ => follow(&Channels::new(), request),
    }));
    let mut peer = server.connect();
    peer.send("GET / HTTP/1.0\r\n\r\n");
    assert!(!peer.head().contains("chunked"));
    peer.block().expect("its position");
    say(&channels[0], "a");
    assert_eq!(peer.data().as_deref(), Some("a"));
    let answer = server.exchange("GET /none HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n");
    assert!(
        status(&answer) == 500 && answer.ends_with("there is no channel to follow"),
        "{answer}"
    );
}

fn sum(sum: &u64) -> Vec<Entry> {
    let text = sum.to_string();
    vec![Entry::new(&Frame::message(&text).with_event_type("sum").expect("one line"))]
}

fn add(channel: &StateChannel<u64>, padding: &str) {
    channel.update(|sum, changes| {
        *sum += 1;
        changes.publish(&Frame::message(&format!("1{padding}")));
    });
}

#[test]
fn a_state_and_then_every_change_whoever_reads_when() {
    let history = History { events: 4, bytes: 1 << 30, lag: Lag::Skip, ..History::default() };
    let channel = StateChannel::new(0, history);
    let shared = channel.clone();
    let server = Running::start(
        Server::new(move |request: &Request| {
            Response::events(shared.subscribe(request.last_event_id(), sum))
        })
        .threads(2),
    );
    let mut peers: Vec<Peer> = (0..4).map(|_| Peer::subscribe(server.addr, "/", None)).collect();
    // More than sockets hold: who reads late has missed something, and gets the state in its place.
    let padding = " ".repeat(1 << 20);
    let publisher = std::thread::spawn({
        let channel = channel.clone();
        move || (0..60).for_each(|_| add(&channel, &padding))
    });
    let mut states = 0;
    for (number, peer) in peers.iter_mut().enumerate() {
        if number == 1 {
            eventually("all is published", || channel.read(|sum| *sum) == 60);
        }
        let mut here = 0_u64;
        while here < 60 {
            let event = peer.event().expect("an event");
            let data =
                field(&event, "data").expect("data").trim().parse::<u64>().expect("a number");
            match field(&event, "event") {
                Some("sum") => (here, states) = (data, states + 1),
                None => here += data,
                other => panic!("{other:?}"),
            }
            assert!(here <= 60, "twice");
        }
    }
    assert!(states >= 4, "{states}");
    assert!(channel.stats().gaps > 0, "nobody was too slow: {:?}", channel.stats());
    publisher.join().expect("it does not panic");
    // Now all of them are with the pump.
    for _ in 0..3 {
        add(&channel, "");
        for peer in &mut peers {
            assert_eq!(peer.data().as_deref(), Some("1"));
        }
    }
}
