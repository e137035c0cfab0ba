//! One corpus cut in one way: which decoders are right, and how long those take.

use std::panic::{self, AssertUnwindSafe};
use std::time::Instant;

use report::{Role, Spread};

use crate::allocations;
use crate::corpus::Corpus;
use crate::decoders::{Decoder, Input};
use crate::rounds::{self, Plan};
use crate::sink::Sink;

/// What came of one decoder on one input.
pub(crate) enum Outcome {
    Timed(Timing),
    /// Its events are not those of the corpus; what was seen instead.
    Wrong(String),
    /// It needed more than the plan's [patience](Plan::patience) for the first so many bytes.
    TooSlow(usize),
}

pub(crate) struct Timing {
    /// Seconds for the whole corpus, one for each round.
    pub(crate) seconds: Vec<f64>,
    /// Allocations in the second half of the corpus, for each of its blocks.
    pub(crate) allocations: f64,
}

impl Timing {
    pub(crate) fn spread(&self) -> Option<Spread> {
        Spread::of(self.seconds.iter().copied())
    }
}

/// The outcome of every decoder, in their order. A chunk of 0 is the whole corpus.
pub(crate) fn run(
    plan: Plan,
    corpus: &Corpus,
    chunk: usize,
    decoders: &[&Decoder],
) -> Vec<Outcome> {
    let chunk = if chunk == 0 { corpus.bytes.len() } else { chunk };
    let input = Input { bytes: corpus.bytes, chunk };
    let faults: Vec<Option<Outcome>> =
        decoders.iter().map(|decoder| judge(plan, decoder, input, corpus)).collect();
    let mut works: Vec<Box<dyn FnMut()>> = Vec::new();
    for (decoder, fault) in decoders.iter().zip(&faults) {
        if fault.is_none() {
            let decode = decoder.decode;
            works.push(Box::new(move || {
                let outcome = decode(input, &mut Sink::counting());
                debug_assert!(outcome.is_ok());
            }));
        }
    }
    let mut seconds = rounds::measure(plan, &mut works).into_iter();
    let outcome = |(decoder, fault): (&&Decoder, Option<Outcome>)| {
        fault.unwrap_or_else(|| {
            Outcome::Timed(Timing {
                seconds: seconds.next().unwrap_or_default(),
                allocations: allocations(decoder, input, corpus.blocks),
            })
        })
    };
    decoders.iter().zip(faults).map(outcome).collect()
}

/// What is wrong with a decoder on this input, if anything is.
fn judge(plan: Plan, decoder: &Decoder, input: Input, corpus: &Corpus) -> Option<Outcome> {
    let mut length = 16 << 10;
    loop {
        let part = input.first(length);
        length = part.bytes.len();
        let mut sink = Sink::hashing();
        let start = Instant::now();
        let outcome = panic::catch_unwind(AssertUnwindSafe(|| (decoder.decode)(part, &mut sink)));
        let whole = length == input.bytes.len();
        match outcome {
            Err(_) => return Some(Outcome::Wrong("panics".to_owned())),
            // Some object to an end within a block, which a whole corpus does not have.
            Ok(Err(error)) if part.ends_with_block() => return Some(Outcome::Wrong(error)),
            Ok(_) if start.elapsed() > plan.patience => return Some(Outcome::TooSlow(length)),
            Ok(_) if whole && decoder.role != Role::Limit && sink != corpus.expected => {
                let (found, expected) = (sink.events, corpus.expected.events);
                return Some(Outcome::Wrong(if found == expected {
                    "other contents".to_owned()
                } else {
                    format!("{found} events of {expected}")
                }));
            }
            Ok(_) if whole => return None,
            Ok(_) => length *= 2,
        }
    }
}

/// Allocations per block once all buffers have grown: those of the whole without those of the
/// first half.
fn allocations(decoder: &Decoder, input: Input, blocks: usize) -> f64 {
    let half = input.first(input.bytes.len() / 2);
    let count = |input: Input| {
        allocations::during(|| {
            let _ = (decoder.decode)(input, &mut Sink::counting());
        })
    };
    count(input).saturating_sub(count(half)) as f64 / (blocks as f64 / 2.0)
}

pub(crate) fn megabytes_per_second(corpus: &Corpus, timing: &Timing) -> Option<f64> {
    Some(corpus.bytes.len() as f64 / timing.spread()?.least / 1e6)
}
