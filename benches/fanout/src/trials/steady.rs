//! One event at a time, and 16 in flight: every server in turn, in several rounds.

use anyhow::Context;
use report::{Bars, Cell, Report, Scale, Series, Spread, Table};

use crate::plan::Plan;
use crate::recorder::Percentiles;
use crate::run::{Measured, Run};
use crate::subject::Subject;

/// All rounds of one server with one number of connections.
#[derive(Default)]
struct Rounds {
    one_at_a_time: Vec<Measured>,
    in_flight: Vec<Measured>,
    idle_memory: Vec<f64>,
    loaded_memory: Vec<f64>,
    fault: Option<String>,
}

pub(crate) fn measure(
    plan: &Plan,
    subjects: &[Subject],
    report: &mut Report,
) -> anyhow::Result<()> {
    for index in 0..plan.steady.len() {
        let (connections, _) = plan.steady[index];
        let mut all: Vec<Rounds> = subjects.iter().map(|_| Rounds::default()).collect();
        for round in 0..plan.rounds {
            for (subject, rounds) in subjects.iter().zip(&mut all) {
                println!("round {round}: {}, {connections} connections", subject.name());
                if let Err(error) = rounds.add(plan, index, *subject) {
                    rounds.fault = Some(format!("{error:#}"));
                }
            }
        }
        one_at_a_time(connections, subjects, &all, report)?;
        if index == 0 {
            in_flight(connections, subjects, &all, report)?;
        }
        for (subject, rounds) in subjects.iter().zip(&all) {
            if let Some(fault) = &rounds.fault {
                report.note(format!("{}, {connections} connections: {fault}.", subject.name()));
            }
        }
    }
    Ok(())
}

impl Rounds {
    fn add(&mut self, plan: &Plan, index: usize, subject: Subject) -> anyhow::Result<()> {
        let (connections, burst) = plan.steady[index];
        let mut run = Run::open(subject, connections, &[])?;
        self.idle_memory.push(run.memory_per_connection());
        let measured = run.burst(burst, connections).context("one at a time")?;
        self.one_at_a_time.push(measured);
        self.loaded_memory.push(run.memory_per_connection());
        if index == 0 {
            let (burst, times) = plan.in_flight;
            let measured = run.bursts(burst, times).context("in flight")?;
            self.in_flight.push(measured);
        }
        Ok(())
    }
}

fn one_at_a_time(
    connections: usize,
    subjects: &[Subject],
    all: &[Rounds],
    report: &mut Report,
) -> anyhow::Result<()> {
    let mut table = Table::new(
        format!("one event of 100 B at a time, {connections} connections"),
        [
            "CPU us per delivery",
            "to the limit",
            "user space us",
            "latency p50 ms",
            "p99 ms",
            "last client p50 ms",
            "p99 ms",
            "memory per idle connection B",
            "after the run B",
            "missing or out of order",
        ],
    );
    let limit = subjects.iter().position(|it| *it == Subject::Limit);
    let limit = limit.map(|index| all[index].one_at_a_time.clone());
    let cost = Measured::microseconds_per_delivery;
    for (subject, rounds) in subjects.iter().zip(all) {
        let runs = &rounds.one_at_a_time;
        let percentiles = |field: fn(&Measured) -> Option<Percentiles>| {
            let rounds: Vec<Percentiles> = runs.iter().filter_map(field).collect();
            Percentiles::median(&rounds)
        };
        let latency = percentiles(|it| it.latency);
        let last = percentiles(|it| it.time_to_last);
        let cells = [
            Cell::from(median(runs, cost)).with_detail(runs),
            ratio(runs, limit.as_deref(), cost),
            user_space(runs),
            Cell::from(latency.map(|it| it.p50)),
            Cell::from(latency.map(|it| it.p99)),
            Cell::from(last.map(|it| it.p50)),
            Cell::from(last.map(|it| it.p99)),
            memory(&rounds.idle_memory),
            memory(&rounds.loaded_memory),
            faults(runs),
        ];
        table.row(subject.name(), cells);
    }
    report.table(table);
    let plot = Bars {
        title: format!("CPU time of the server for one delivery, {connections} connections"),
        unit: "us per delivery, lower is better".to_owned(),
        groups: vec!["all".to_owned(), "user space".to_owned()],
        series: subjects
            .iter()
            .zip(all)
            .map(|(subject, rounds)| Series {
                name: subject.name().to_owned(),
                values: vec![
                    median(&rounds.one_at_a_time, cost),
                    user_microseconds(&rounds.one_at_a_time),
                ],
            })
            .collect(),
        scale: Scale::Linear,
    };
    report.plot(format!("fanout-cpu-{connections}"), plot.svg()?);
    Ok(())
}

fn in_flight(
    connections: usize,
    subjects: &[Subject],
    all: &[Rounds],
    report: &mut Report,
) -> anyhow::Result<()> {
    let mut table = Table::new(
        format!("16 events of 100 B in flight, {connections} connections"),
        [
            "deliveries per second",
            "CPU us per delivery",
            "to the limit",
            "user space us",
            "missing or out of order",
        ],
    );
    let limit = subjects.iter().position(|it| *it == Subject::Limit);
    let limit = limit.map(|index| all[index].in_flight.clone());
    let cost = Measured::microseconds_per_delivery;
    for (subject, rounds) in subjects.iter().zip(all) {
        let runs = &rounds.in_flight;
        let cells = [
            Cell::from(median(runs, Measured::deliveries_per_second)).with_detail(runs),
            Cell::from(median(runs, cost)),
            ratio(runs, limit.as_deref(), cost),
            user_space(runs),
            faults(runs),
        ];
        table.row(subject.name(), cells);
    }
    report.table(table);
    let plot = Bars {
        title: format!("16 events in flight, {connections} connections, one core"),
        unit: "deliveries per second, higher is better".to_owned(),
        groups: vec![String::new()],
        series: subjects
            .iter()
            .zip(all)
            .map(|(subject, rounds)| Series {
                name: subject.name().to_owned(),
                values: vec![median(&rounds.in_flight, Measured::deliveries_per_second)],
            })
            .collect(),
        scale: Scale::Linear,
    };
    report.plot("fanout-in-flight", plot.svg()?);
    Ok(())
}

fn median(runs: &[Measured], value: fn(&Measured) -> f64) -> Option<f64> {
    Some(Spread::of(runs.iter().map(value))?.median)
}

/// The median of the ratios of each round.
pub(super) fn ratio(
    runs: &[Measured],
    limit: Option<&[Measured]>,
    value: fn(&Measured) -> f64,
) -> Cell {
    let ratios = runs.iter().zip(limit.unwrap_or_default());
    let spread = Spread::of(ratios.map(|(run, limit)| value(run) / value(limit)));
    spread.map_or_else(Cell::none, |it| {
        Cell::number(it.median)
            .with_detail(it)
            .shown_as(format!("{:.2} ({:.2}–{:.2})", it.median, it.least, it.most))
    })
}

/// All rounds together, since the share of user space is sampled.
fn user_microseconds(runs: &[Measured]) -> Option<f64> {
    let shares: Option<f64> = runs.iter().map(|it| Some(it.user_share? * it.cpu_seconds)).sum();
    let deliveries: u64 = runs.iter().map(|it| it.deliveries).sum();
    (deliveries > 0).then_some(shares? * 1e6 / deliveries as f64)
}

fn user_space(runs: &[Measured]) -> Cell {
    Cell::from(user_microseconds(runs))
}

fn memory(rounds: &[f64]) -> Cell {
    Spread::of(rounds.iter().copied())
        .map_or_else(Cell::none, |it| Cell::number(it.median).shown_as(format!("{:.0}", it.median)))
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
