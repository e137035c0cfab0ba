//! How long it takes to restore a log of 64 MiB, and how long a publisher waits while a snapshot is taken of it:
//! `cargo run --release -p sse-channel --example snapshot_speed`.

use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use sse_channel::{Channel, Frame, History};

const LOG_BYTES: usize = 64 << 20;
const RUNS: usize = 7;

fn main() -> Result<(), Box<dyn std::error::Error>> {
    println!(
        "data   events   file MiB   restore ms (median, worst)   snapshot ms   publish us at worst: beside a restore, a snapshot"
    );
    for (length, own) in [(100, false), (100, true), (1000, false), (100_000, false)] {
        measure(length, own)?;
    }
    Ok(())
}

fn measure(length: usize, own: bool) -> Result<(), Box<dyn std::error::Error>> {
    let history = History { events: usize::MAX, bytes: LOG_BYTES, ..History::default() };
    let channel = Channel::new(history.clone());
    let data = "x".repeat(length);
    let mut number = 0_u64;
    let full = LOG_BYTES - 2 * length - 1000;
    while channel.stats().held_bytes < full {
        number += 1;
        let frame = Frame::message(&data);
        let id = format!("own-{number}");
        channel.publish(&if own { frame.with_id(&id)? } else { frame });
    }
    let mut bytes = Vec::new();
    channel.snapshot(&mut bytes)?;
    let mut restores = Vec::new();
    for _ in 0..RUNS {
        let begin = Instant::now();
        let again = Channel::restore(history.clone(), &bytes[..])?;
        restores.push(begin.elapsed());
        assert_eq!(again.stats().held_events, channel.stats().held_events + 1);
    }
    restores.sort();
    // Beside a thread that is as busy and touches no lock: what the machine does to publishers in any case.
    let alone = worst_publish(&channel, &data, || {
        for _ in 0..RUNS {
            drop(Channel::restore(history.clone(), &bytes[..]));
        }
    });
    let mut took = Duration::ZERO;
    let beside = worst_publish(&channel, &data, || {
        let begin = Instant::now();
        for _ in 0..RUNS {
            bytes.clear();
            channel.snapshot(&mut bytes).expect("memory takes it");
        }
        took = begin.elapsed() / RUNS as u32;
    });
    let milli = |time: Duration| time.as_secs_f64() * 1e3;
    println!(
        "{length:6}{} {:7} {:8.1} {:12.0}, {:4.0} {:22.0} {:20.0}, {:5.0}",
        if own { " own" } else { "    " },
        channel.stats().held_events,
        bytes.len() as f64 / f64::from(1 << 20),
        milli(restores[RUNS / 2]),
        milli(restores[RUNS - 1]),
        milli(took),
        milli(alone) * 1e3,
        milli(beside) * 1e3,
    );
    Ok(())
}

/// The longest that an event took to be published while something was done.
fn worst_publish(channel: &Channel, data: &str, act: impl FnOnce()) -> Duration {
    let is_over = AtomicBool::new(false);
    std::thread::scope(|scope| {
        let publisher = scope.spawn(|| {
            let mut worst = Duration::ZERO;
            while !is_over.load(Ordering::Relaxed) {
                let begin = Instant::now();
                channel.publish(&Frame::message(data));
                worst = worst.max(begin.elapsed());
                std::thread::sleep(Duration::from_micros(50));
            }
            worst
        });
        act();
        is_over.store(true, Ordering::Relaxed);
        publisher.join().expect("it does not panic")
    })
}
