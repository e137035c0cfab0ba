//! A connection that breaks at random points of random streams: what arrives is what was sent, in
//! order, none of it twice. A few seconds in the suite; `SSE_BREAK_SECONDS=1800` breaks for longer,
//! `SSE_BREAK_SEED` repeats a run.

use sse_client::{ErrorKind, Item};
use std::sync::Arc;
use std::time::{Duration, Instant};
use tests::fault::{Request, Script, Server};
use tests::source::quick;
use tests::streams::Random;

/// One event: its block on the wire, and what it means.
struct Sent {
    block: String,
    event_type: String,
    data: String,
}

fn number(variable: &str, default: u64) -> u64 {
    std::env::var(variable).map_or(default, |value| value.parse().expect("a number"))
}

#[test]
fn what_was_sent_arrives_once_and_in_order_however_often_it_breaks() {
    let limit = Duration::from_secs(number("SSE_BREAK_SECONDS", 3));
    let mut seed = number("SSE_BREAK_SEED", 1);
    let begun = Instant::now();
    let (mut rounds, mut events, mut connections) = (0, 0, 0);
    while rounds == 0 || begun.elapsed() < limit {
        let (sent, connected) = round(seed);
        (rounds, events, connections) = (rounds + 1, events + sent, connections + connected);
        seed += 1;
    }
    println!(
        "{rounds} streams, {events} events, {connections} connections, last seed {}",
        seed - 1
    );
    assert!(connections > rounds * 3, "the connections have to break");
}

/// One stream, from its first event to its last. How many events and connections it took.
fn round(seed: u64) -> (usize, usize) {
    let mut random = Random::new(seed);
    let count = 20 + random.below(200);
    let sent: Arc<Vec<Sent>> = Arc::new((1..=count).map(|id| event(&mut random, id)).collect());
    let stream = Arc::clone(&sent);
    let server = Server::start(move |request| answer(&stream, seed, request));
    let mut source = quick(&server).build().expect("a source");
    let received = async_io::block_on(async {
        let mut received = Vec::new();
        let deadline = Instant::now() + Duration::from_secs(60);
        while received.len() < count {
            assert!(Instant::now() < deadline, "seed {seed}: stuck at {}", received.len());
            match source.next().await.expect("not closed") {
                Item::Event(event) => received.push(event),
                Item::Error(error) => {
                    assert!(!error.is_final(), "seed {seed}: {error}");
                    assert_ne!(error.kind(), ErrorKind::Malformed, "seed {seed}");
                }
                _ => {}
            }
        }
        received
    });
    for (at, (received, sent)) in received.iter().zip(sent.iter()).enumerate() {
        assert_eq!(received.last_event_id, (at + 1).to_string(), "seed {seed}");
        assert_eq!(
            (&*received.event_type, &received.data),
            (&*sent.event_type, &sent.data),
            "seed {seed}"
        );
    }
    (count, server.requests().len())
}

/// What comes after the client's last event ID, framed, cut and broken at random.
fn answer(stream: &[Sent], seed: u64, request: &Request) -> Script {
    let seen: usize = request.header("last-event-id").map_or(0, |id| id.parse().expect("an ID"));
    let mut random = Random::new(seed.wrapping_mul(1_000_003).wrapping_add(request.index as u64));
    let mut rest: String = stream[seen..].iter().map(|sent| &*sent.block).collect();
    rest.insert(0, '\u{feff}');
    let chunked = random.below(2) == 0;
    let mut script = Script::new().pieces(random.pick(&[1, 3, 17, 1400, 100_000]));
    script = script.append(if chunked { Script::stream() } else { Script::body("") });
    if chunked {
        for piece in rest.as_bytes().chunks(1 + random.below(400)) {
            script = script.chunk(piece);
        }
    } else {
        script = script.raw(&rest);
    }
    // Early, so that there is no progress; anywhere; or at the end, where nothing is missing.
    let script = match random.below(6) {
        0 => script.cut_at(random.below(200)),
        5 => script,
        _ => script.cut_at(random.below(rest.len() + 1)),
    };
    match random.below(3) {
        0 => script.reset(),
        _ => script,
    }
}

fn event(random: &mut Random, id: usize) -> Sent {
    let end = random.pick(&["\n", "\r", "\r\n"]);
    let lines: Vec<String> = (0..1 + random.below(3)).map(|_| line(random)).collect();
    let event_type = random.pick(&["message", "delta", "流"]);
    let mut block = String::new();
    for line in &lines {
        block.push_str(&format!("data: {line}{end}"));
    }
    if event_type != "message" {
        block.push_str(&format!("event: {event_type}{end}"));
    }
    if random.below(5) == 0 {
        block.push_str(&format!(": heartbeat{end}retry: 0{end}"));
    }
    block.push_str(&format!("id: {id}{end}{end}"));
    Sent { block, event_type: event_type.to_owned(), data: lines.join("\n") }
}

fn line(random: &mut Random) -> String {
    let length = random.pick(&[0, 1, 20, 300]);
    (0..random.below(length + 1))
        .map(|_| random.pick(&['a', ':', ' ', 'é', '流', '😀', '\0']))
        .collect()
}
