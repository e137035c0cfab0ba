//! Random event streams, raw to a browser's EventSource and to our decoder: do they agree?
//!
//! `differential --streams 5000 --seed 7 --known firefox` says where it listens; a browser that opens that page
//! follows all streams. What is compared: type, data and last event ID of each event, that the source
//! comes back, and the Last-Event-ID with which it does. A disagreement is shrunk and printed as a
//! vector for `tests/vectors`; the exit status is 1 then. `--known` names an engine whose known
//! deviations (`known.rs`) explain a disagreement.

mod case;
mod engine;
mod known;
mod shrink;

use std::process::ExitCode;

use case::{Case, Disagreement};
use engine::Engine;
use known::Known;
use tests::streams::Random;

/// How many streams a page follows at a time. All wait for their reconnection time together.
const BATCH: usize = 400;
/// How many disagreements are shrunk and shown; the others are counted.
const SHOWN: usize = 5;

struct Options {
    streams: usize,
    seed: u64,
    known: Known,
}

fn main() -> ExitCode {
    let Some(options) = options() else {
        eprintln!("usage: differential [--streams N] [--seed N] [--known ENGINE]");
        return ExitCode::from(2);
    };
    match run(&options) {
        Ok(true) => ExitCode::SUCCESS,
        Ok(false) => ExitCode::FAILURE,
        Err(error) => {
            println!("{error}");
            ExitCode::FAILURE
        }
    }
}

/// `None` when the command line is not understood.
fn options() -> Option<Options> {
    let mut options = Options { streams: 5000, seed: 1, known: Known::default() };
    let mut arguments = std::env::args().skip(1);
    while let Some(argument) = arguments.next() {
        let value = arguments.next()?;
        match argument.as_str() {
            "--streams" => options.streams = value.parse().ok()?,
            "--seed" => options.seed = value.parse().ok()?,
            "--known" => options.known = Known::of(&value)?,
            _ => return None,
        }
    }
    Some(options)
}

/// Whether all streams agreed, or disagreed in a way that is known.
fn run(options: &Options) -> Result<bool, String> {
    let engine = Engine::start().map_err(|error| error.to_string())?;
    println!("Open http://{}/", engine.address());
    let mut random = Random::new(options.seed);
    let (mut agreed, mut explained) = (0, Vec::<(&str, usize)>::new());
    let mut wrong: Vec<(Case, Disagreement)> = Vec::new();
    let mut done = 0;
    while done < options.streams {
        let count = BATCH.min(options.streams - done);
        let cases: Vec<Case> = (0..count).map(|_| Case::random(&mut random)).collect();
        for (case, disagreement) in cases.iter().zip(engine.compare(&cases)?) {
            match disagreement {
                None => agreed += 1,
                Some(disagreement) => match options.known.explains(case) {
                    Some(why) => count_up(&mut explained, why),
                    None => wrong.push((case.clone(), disagreement)),
                },
            }
        }
        done += count;
        println!("{done} of {} streams, {agreed} agreed, {} did not", options.streams, wrong.len());
    }
    for (why, count) in &explained {
        println!("{count} differ as known: {why}");
    }
    for (case, disagreement) in wrong.iter().take(SHOWN) {
        let (case, disagreement) = shrink::shrink(&engine, &options.known, case, disagreement)?;
        println!("\n# {}\n{}", disagreement.text(), case.vector());
    }
    println!("seed {}: {agreed} agreed, {} did not", options.seed, wrong.len());
    engine.finish();
    Ok(wrong.is_empty() && agreed > 0)
}

fn count_up(counts: &mut Vec<(&'static str, usize)>, why: &'static str) {
    match counts.iter_mut().find(|(known, _)| *known == why) {
        Some((_, count)) => *count += 1,
        None => counts.push((why, 1)),
    }
}
