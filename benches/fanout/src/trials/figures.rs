//! What the tables and plots of several parts show of their runs.

use report::{Bar, Cell, Spread};

use crate::run::Measured;
use crate::subject::Subject;

pub(super) fn spread(runs: &[Measured], value: fn(&Measured) -> f64) -> Option<Spread> {
    Spread::of(runs.iter().map(value))
}

/// The ratios to another server, taken in each round.
pub(super) fn ratio(
    runs: &[Measured],
    base: Option<&Vec<Measured>>,
    value: fn(&Measured) -> f64,
) -> Option<Spread> {
    let pairs = runs.iter().zip(base?);
    Spread::of(pairs.map(|(run, base)| value(run) / value(base)))
}

/// Microseconds of user space for each delivery, and their standard error: all rounds together,
/// since the share of user space is a count of clock ticks.
pub(super) fn user_space(runs: &[Measured]) -> Option<(f64, f64)> {
    let sum = |value: fn(&Measured) -> u64| runs.iter().map(value).sum::<u64>() as f64;
    let (user, all) = (sum(|it| it.ticks.user), sum(|it| it.ticks.all));
    let deliveries = sum(|it| it.deliveries);
    let microseconds = runs.iter().map(|it| it.cpu_seconds).sum::<f64>() * 1e6;
    let tick = microseconds / all / deliveries;
    (all > 0.0 && deliveries > 0.0).then(|| (user * tick, user.sqrt() * tick))
}

pub(super) fn user_space_cell(runs: &[Measured]) -> Cell {
    user_space(runs).map_or_else(Cell::none, |(value, error)| {
        Cell::number(value).with_detail(error).shown_as(format!("{value:.3} ± {error:.3}"))
    })
}

/// What did not arrive as it should, over all rounds.
pub(super) fn faults(runs: &[Measured]) -> Cell {
    let missing: u64 = runs.iter().map(|it| it.expected.saturating_sub(it.deliveries)).sum();
    let disordered: u64 = runs.iter().map(|it| it.disordered).sum();
    match (runs.is_empty(), missing + disordered) {
        (true, _) => Cell::none(),
        (_, 0) => Cell::number(0.0).shown_as("none"),
        (_, sum) => Cell::number(sum as f64).shown_as(format!("{missing}, {disordered}")),
    }
}

/// A bar of `parts` for one server.
pub(super) fn bar(subject: Subject, parts: Vec<f64>, spread: Option<Spread>) -> Bar {
    Bar {
        name: subject.name().to_owned(),
        role: subject.role(),
        parts,
        quartiles: spread.map(|it| (it.lower_quartile, it.upper_quartile)),
    }
}
