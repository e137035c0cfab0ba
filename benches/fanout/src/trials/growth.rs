//! How the cost of a delivery grows with the connections and with the size of the events.

use report::{Cell, Lines, Point, Report, Scale, Series, Table};
use servers::Burst;

use super::figures::{faults, spread};
use crate::plan::Plan;
use crate::run::{Measured, Run};
use crate::subject::Subject;

const CONNECTIONS: [usize; 6] = [100, 300, 1_000, 3_000, 10_000, 19_000];

/// From 32 B, since time and number of an event alone take more than 16.
const SIZES: [usize; 7] = [32, 128, 512, 2 << 10, 8 << 10, 32 << 10, 64 << 10];

/// Deliveries a second while connections are varied: about a third of what one core can do.
const DELIVERIES: f64 = 80_000.0;

/// Connections while sizes are varied.
const FEW: usize = 200;

/// One of the two curves.
struct Curve<'a> {
    title: &'static str,
    file: &'static str,
    horizontal: &'static str,
    is_bytes: bool,
    positions: &'a [usize],
}

pub(crate) fn measure(
    plan: &Plan,
    subjects: &[Subject],
    report: &mut Report,
) -> anyhow::Result<()> {
    let wanted = |it: &&Subject| matches!(it, Subject::Ours | Subject::Limit | Subject::Axum);
    let subjects: Vec<Subject> = subjects.iter().copied().filter(|it| wanted(&it)).collect();
    let most = plan.wide.0;
    let connections = CONNECTIONS.into_iter().step_by(plan.every).filter(|it| *it <= most);
    let connections: Vec<usize> = connections.collect();
    let sizes: Vec<usize> = SIZES.into_iter().step_by(plan.every).collect();
    let burst = |rate: f64, size| Burst { rate, count: (rate * plan.point).ceil() as u64, size };
    let by_connections = Curve {
        title: "CPU time for one delivery of 100 B, by number of connections",
        file: "fanout-over-connections",
        horizontal: "connections",
        is_bytes: false,
        positions: &connections,
    };
    by_connections.measure(plan, &subjects, report, |subject, connections| {
        let burst = burst(DELIVERIES / connections as f64, 100);
        Run::open(subject, connections, &[])?.burst(burst, connections)
    })?;
    let by_size = Curve {
        title: "CPU time for one delivery to 200 connections, by size of event",
        file: "fanout-over-event-size",
        horizontal: "data of an event",
        is_bytes: true,
        positions: &sizes,
    };
    by_size.measure(plan, &subjects, report, |subject, size| {
        // At most 400 MB a second, so that the generator can keep up.
        let rate = (400e6 / (FEW * size) as f64).min(DELIVERIES / FEW as f64);
        Run::open(subject, FEW, &[])?.burst(burst(rate, size), FEW)
    })
}

impl Curve<'_> {
    fn measure(
        &self,
        plan: &Plan,
        subjects: &[Subject],
        report: &mut Report,
        measure: impl Fn(Subject, usize) -> anyhow::Result<Measured>,
    ) -> anyhow::Result<()> {
        let mut runs = vec![vec![Vec::new(); self.positions.len()]; subjects.len()];
        for _ in 0..plan.rounds.min(3) {
            for (index, position) in self.positions.iter().enumerate() {
                for (subject, runs) in subjects.iter().zip(&mut runs) {
                    match measure(*subject, *position) {
                        Ok(measured) => runs[index].push(measured),
                        Err(error) => {
                            report.note(format!("{}, {position}: {error:#}.", subject.name()));
                        }
                    }
                }
            }
        }
        let title = format!("{}, us", self.title);
        let mut table = Table::new(title, self.positions.iter().map(usize::to_string));
        for (subject, runs) in subjects.iter().zip(&runs) {
            table.row(subject.name(), runs.iter().map(|it| cell(it)));
        }
        report.table(table);
        report.plot(self.file, self.plot(subjects, &runs)?);
        Ok(())
    }

    fn plot(&self, subjects: &[Subject], runs: &[Vec<Vec<Measured>>]) -> anyhow::Result<String> {
        let point = |(position, runs): (&usize, &Vec<Measured>)| {
            let cost = spread(runs, Measured::microseconds_per_delivery)?;
            let quartiles = Some((cost.lower_quartile, cost.upper_quartile));
            Some(Point { x: *position as f64, y: cost.median, quartiles })
        };
        let series = subjects.iter().zip(runs).map(|(subject, runs)| Series {
            name: subject.name().to_owned(),
            role: subject.role(),
            values: self.positions.iter().zip(runs).filter_map(point).collect(),
        });
        Lines {
            title: self.title.to_owned(),
            about: "µs of the server, lower is better; median and quartiles".to_owned(),
            horizontal: self.horizontal.to_owned(),
            is_bytes: self.is_bytes,
            vertical: Scale::Linear,
            series: series.collect(),
        }
        .svg()
    }
}

fn cell(runs: &[Measured]) -> Cell {
    let cell = Cell::spread(spread(runs, Measured::microseconds_per_delivery)).with_detail(runs);
    if runs.iter().all(Measured::is_complete) {
        return cell;
    }
    let words = format!("{}, lost {}", cell.words(), faults(runs).words());
    cell.shown_as(words)
}
