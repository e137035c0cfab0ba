//! What an event costs its publisher, encoded and put into the log, in a channel that is full:
//! `cargo run --release -p sse-channel --example publish_speed`.

use std::time::Instant;

use sse_channel::{Channel, Frame, History};

/// Events in a run, and runs of which the median is told.
const EVENTS: usize = 1_000;
const RUNS: usize = 1_001;

fn main() {
    println!("data   ID            ns for an event: median (quartiles)");
    for length in [20, 200, 2000] {
        let data = "x".repeat(length);
        let frame = Frame::message(&data);
        let numbered = Channel::default();
        tell(length, "the log's", || drop(numbered.publish(&frame)));
        let own = Channel::default();
        let mut number = 0_u64;
        tell(length, "its own", || {
            number += 1;
            let id = format!("own-{number}");
            own.publish(&frame.with_id(&id).expect("it may stand in a request"));
        });
    }
    let History { events, bytes, .. } = History::default();
    println!("The log held {events} events, or {bytes} bytes.");
}

fn tell(length: usize, id: &str, mut publish: impl FnMut()) {
    let mut run = || {
        let begin = Instant::now();
        (0..EVENTS).for_each(|_| publish());
        begin.elapsed().as_nanos() / EVENTS as u128
    };
    run();
    let mut runs: Vec<_> = (0..RUNS).map(|_| run()).collect();
    runs.sort_unstable();
    let (low, median, high) = (runs[RUNS / 4], runs[RUNS / 2], runs[RUNS * 3 / 4]);
    println!("{length:<6} {id:<12} {median:>5} ({low} to {high})");
}
