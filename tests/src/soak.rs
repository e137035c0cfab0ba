//! Clients join, leave, stall and reset while a server restarts, with the same channel or another.
//!
//! In the end the record of each client is complete and in order, or holds a gap that it was told of exactly
//! where events are missing; and the memory of this process has not grown past a bound. Who serves is a
//! [`Host`]: `cargo xtask soak` has ours and axum. Needs sse-channel and sse-client.

mod clients;
mod memory;
mod record;
mod site;

use std::process::ExitCode;
use std::sync::{Arc, mpsc};
use std::thread;
use std::time::{Duration, Instant};

use crate::streams::Random;
use async_executor::Executor;

pub use site::{Current, Host};

use clients::{Aim, Manner};
use memory::Memory;
use record::Record;
use site::Site;

const CLIENTS: usize = 96;
/// What clients may take, once nothing is published any more, to get to the end.
const PATIENCE: Duration = Duration::from_secs(60);

/// A program: `soak [--seconds N] [--seed N]`.
pub fn main(host: impl Host) -> ExitCode {
    let Some((seconds, seed)) = arguments() else {
        eprintln!("usage: soak [--seconds N] [--seed N]");
        return ExitCode::FAILURE;
    };
    match soak(host, Duration::from_secs(seconds), seed) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("error: {error}; to try again: --seconds {seconds} --seed {seed}");
            ExitCode::FAILURE
        }
    }
}

fn arguments() -> Option<(u64, u64)> {
    let (mut seconds, mut seed) = (600, 1);
    let mut words = std::env::args().skip(1);
    while let Some(word) = words.next() {
        let value = words.next().and_then(|value| value.parse().ok());
        match word.as_str() {
            "--seconds" => seconds = value?,
            "--seed" => seed = value?,
            _ => return None,
        }
    }
    Some((seconds, seed))
}

fn soak(host: impl Host, length: Duration, seed: u64) -> Result<(), String> {
    println!("{CLIENTS} clients for {} s, seed {seed}", length.as_secs());
    let mut site = Site::open(host, seed);
    let aim = Arc::new(Aim::new(site.address()));
    let outcomes = start_clients(&aim, seed);
    let mut memory = Memory::default();
    let began = Instant::now();
    let mut minute = 1;
    while began.elapsed() < length {
        site.live_on();
        memory.look(began.elapsed(), length);
        if let Ok(Err(failure)) = outcomes.try_recv() {
            return Err(failure);
        }
        if began.elapsed().as_secs() >= 60 * minute {
            println!("{minute} min: {}; {memory}", site.summary());
            minute += 1;
        }
    }
    aim.set(site.last_word());
    let mut records = Vec::new();
    for _ in 0..CLIENTS {
        let outcome = outcomes.recv_timeout(PATIENCE);
        records.push(outcome.map_err(|_| "a client does not get to the end".to_owned())??);
    }
    println!("{}\n{}\n{memory}", site.summary(), summary(&records));
    site.has_seen_everything()?;
    memory.is_bounded()
}

/// Runs the clients on a thread of their own; each reports how it ended.
fn start_clients(aim: &Arc<Aim>, seed: u64) -> mpsc::Receiver<Result<Record, String>> {
    let (sender, outcomes) = mpsc::channel();
    let aim = Arc::clone(aim);
    thread::spawn(move || {
        let executor = Executor::new();
        for number in 0..CLIENTS {
            let (aim, sender) = (Arc::clone(&aim), sender.clone());
            let random = Random::new(seed.wrapping_mul(1000).wrapping_add(number as u64));
            let client = async move {
                let outcome = clients::run(&aim, Manner::of(number), random).await;
                let outcome = outcome.map_err(|error| format!("client {number}: {error}"));
                // Nobody listens any more only once another client has failed.
                let _ = sender.send(outcome);
            };
            executor.spawn(client).detach();
        }
        async_io::block_on(executor.run(std::future::pending::<()>()));
    });
    outcomes
}

fn summary(records: &[Record]) -> String {
    let sum = |what: fn(&Record) -> u64| records.iter().map(what).sum::<u64>();
    format!(
        "records: all of {} complete; {} connections, {} events received; told of {} gaps with {} \
         events missing, and {} times of another epoch",
        records.len(),
        sum(|it| it.connections),
        sum(|it| it.events),
        sum(|it| it.gaps),
        sum(|it| it.missed),
        sum(|it| it.epochs),
    )
}
