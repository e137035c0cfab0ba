//! One event at a time, and 16 in flight: every server in turn, in several rounds.

use anyhow::Context;
use report::{Bars, Cell, Group, Report, Spread, Table, number};

use super::figures::{bar, faults, ratio, spread, user_space, user_space_cell};
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

/// The rounds of one server among all.
fn rounds_of(subject: Subject, subjects: &[Subject], all: &[Rounds]) -> Option<usize> {
    subjects.iter().position(|it| *it == subject).filter(|it| *it < all.len())
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
            "to ours",
            "to axum",
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
    let cost = Measured::microseconds_per_delivery;
    let base = |subject| Some(&all[rounds_of(subject, subjects, all)?].one_at_a_time);
    for (subject, rounds) in subjects.iter().zip(all) {
        let runs = &rounds.one_at_a_time;
        let percentiles = |field: fn(&Measured) -> Option<Percentiles>| {
            let rounds: Vec<Percentiles> = runs.iter().filter_map(field).collect();
            Percentiles::median(&rounds)
        };
        let latency = percentiles(|it| it.latency);
        let last = percentiles(|it| it.time_to_last);
        let cells = [
            Cell::spread(spread(runs, cost)).with_detail(runs),
            Cell::spread(ratio(runs, base(Subject::Limit), cost)),
            Cell::spread(ratio(runs, base(Subject::Ours), cost)),
            Cell::spread(ratio(runs, base(Subject::Axum), cost)),
            user_space_cell(runs),
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
    let bars = subjects.iter().zip(all).map(|(subject, rounds)| {
        let runs = &rounds.one_at_a_time;
        let whole = spread(runs, cost);
        let user = user_space(runs).map_or(0.0, |it| it.0);
        let parts = whole.map_or_else(Vec::new, |it| vec![user, it.median - user]);
        bar(*subject, parts, whole)
    });
    let plot = Bars {
        title: format!("CPU time for one delivery, {} connections", number(connections as f64)),
        about: "µs of the server, shorter is better; one event of 100 B at a time; \
            median and quartiles"
            .to_owned(),
        parts: vec!["user space".to_owned(), "kernel".to_owned()],
        groups: vec![Group { name: String::new(), bars: bars.collect() }],
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
            "to ours",
            "to axum",
            "user space us",
            "missing or out of order",
        ],
    );
    let cost = Measured::microseconds_per_delivery;
    let base = |subject| Some(&all[rounds_of(subject, subjects, all)?].in_flight);
    for (subject, rounds) in subjects.iter().zip(all) {
        let runs = &rounds.in_flight;
        let cells = [
            Cell::spread(spread(runs, Measured::deliveries_per_second)).with_detail(runs),
            Cell::spread(spread(runs, cost)),
            Cell::spread(ratio(runs, base(Subject::Limit), cost)),
            Cell::spread(ratio(runs, base(Subject::Ours), cost)),
            Cell::spread(ratio(runs, base(Subject::Axum), cost)),
            user_space_cell(runs),
            faults(runs),
        ];
        table.row(subject.name(), cells);
    }
    report.table(table);
    let bars = subjects.iter().zip(all).map(|(subject, rounds)| {
        let speed = spread(&rounds.in_flight, Measured::deliveries_per_second);
        bar(*subject, speed.iter().map(|it| it.median).collect(), speed)
    });
    let plot = Bars {
        title: format!(
            "Deliveries with 16 events in flight, {} connections",
            number(connections as f64)
        ),
        about: "per second, longer is better; the server on one core; median and quartiles"
            .to_owned(),
        parts: Vec::new(),
        groups: vec![Group { name: String::new(), bars: bars.collect() }],
    };
    report.plot("fanout-in-flight", plot.svg()?);
    Ok(())
}

fn memory(rounds: &[f64]) -> Cell {
    Spread::of(rounds.iter().copied())
        .map_or_else(Cell::none, |it| Cell::number(it.median).shown_as(format!("{:.0}", it.median)))
}
