//! Times several pieces of work in interleaved rounds, so that what disturbs the machine
//! disturbs all of them alike.

use std::time::{Duration, Instant};

/// How much is measured.
#[derive(Clone, Copy)]
pub(crate) struct Plan {
    pub(crate) rounds: usize,
    /// The least time of one sample; short work is repeated to fill it.
    pub(crate) sample: Duration,
    /// How long a stream is, to within one event.
    pub(crate) length: usize,
    /// Who needs longer than this for a part of a stream is not timed on the whole of it. The parts double, so that a
    /// quadratic decoder is found out within a few times this.
    pub(crate) patience: Duration,
}

impl Plan {
    pub(crate) fn new(quick: bool) -> Plan {
        if quick {
            let (sample, patience) = (Duration::from_millis(1), Duration::from_millis(30));
            Plan { rounds: 2, sample, length: 8 << 10, patience }
        } else {
            let (sample, patience) = (Duration::from_millis(4), Duration::from_millis(300));
            Plan { rounds: 25, sample, length: 1 << 20, patience }
        }
    }
}

/// For each piece of work the seconds that it took once, in every round.
pub(crate) fn measure(plan: Plan, works: &mut [Box<dyn FnMut() + '_>]) -> Vec<Vec<f64>> {
    let repeats: Vec<u32> = works.iter_mut().map(|work| repeats(plan, work)).collect();
    let mut seconds = vec![Vec::with_capacity(plan.rounds); works.len()];
    for round in 0..plan.rounds {
        // Each round begins with another one, so that nobody always follows the same neighbour.
        for step in 0..works.len() {
            let index = (round + step) % works.len();
            let start = Instant::now();
            for _ in 0..repeats[index] {
                works[index]();
            }
            let taken = start.elapsed() / repeats[index];
            seconds[index].push(taken.as_secs_f64());
        }
    }
    seconds
}

fn repeats(plan: Plan, work: &mut Box<dyn FnMut() + '_>) -> u32 {
    let start = Instant::now();
    work();
    let once = start.elapsed().max(Duration::from_nanos(100));
    plan.sample.div_duration_f64(once).ceil() as u32
}
