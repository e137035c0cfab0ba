//! How the cost of a delivery grows with the connections and with the size of the events.

use report::{Cell, Lines, Report, Scale, Series, Table};
use servers::Burst;

use super::steady::faults;
use crate::plan::Plan;
use crate::run::{Measured, Run};
use crate::subject::Subject;

const CONNECTIONS: [usize; 4] = [100, 1_000, 5_000, 19_000];
const SIZES: [usize; 6] = [64, 256, 1 << 10, 4 << 10, 16 << 10, 64 << 10];

/// Deliveries a second while connections are varied: about a third of what one core can do.
const DELIVERIES: f64 = 80_000.0;

/// Connections while sizes are varied.
const FEW: usize = 200;

pub(crate) fn measure(
    plan: &Plan,
    subjects: &[Subject],
    report: &mut Report,
) -> anyhow::Result<()> {
    let wanted = |it: &&Subject| matches!(it, Subject::Ours | Subject::Limit | Subject::Axum);
    let subjects: Vec<Subject> = subjects.iter().copied().filter(|it| wanted(&it)).collect();
    let most = plan.wide.0;
    let connections: Vec<usize> = CONNECTIONS.into_iter().filter(|it| *it <= most).collect();
    curve(
        "CPU us per delivery of 100 B, by number of connections",
        ("fanout-over-connections", "connections"),
        &connections,
        &subjects,
        report,
        |subject, connections| {
            let rate = DELIVERIES / connections as f64;
            let burst = Burst { rate, count: (rate * plan.point).ceil() as u64, size: 100 };
            Run::open(subject, connections, &[])?.burst(burst, connections)
        },
    )?;
    curve(
        "CPU us per delivery to 200 connections, by size of event",
        ("fanout-over-event-size", "bytes of data per event"),
        &SIZES,
        &subjects,
        report,
        |subject, size| {
            // At most 400 MB a second, so that the generator can keep up.
            let rate = (400e6 / (FEW * size) as f64).min(DELIVERIES / FEW as f64);
            let burst = Burst { rate, count: (rate * plan.point).ceil() as u64, size };
            Run::open(subject, FEW, &[])?.burst(burst, FEW)
        },
    )
}

fn curve(
    title: &str,
    (file, horizontal): (&str, &str),
    positions: &[usize],
    subjects: &[Subject],
    report: &mut Report,
    measure: impl Fn(Subject, usize) -> anyhow::Result<Measured>,
) -> anyhow::Result<()> {
    let mut table = Table::new(title, positions.iter().map(usize::to_string));
    let mut series = Vec::new();
    for subject in subjects {
        let mut cells = Vec::new();
        let mut values = Vec::new();
        for position in positions {
            match measure(*subject, *position) {
                Ok(measured) => {
                    let cost = measured.microseconds_per_delivery();
                    values.push((*position as f64, cost));
                    let cell = Cell::number(cost).with_detail(measured);
                    cells.push(if measured.is_complete() {
                        cell
                    } else {
                        let lost = faults(&[measured]).words().to_owned();
                        cell.shown_as(format!("{cost:.2} (lost {lost})"))
                    });
                }
                Err(error) => cells.push(Cell::text("failed").with_detail(format!("{error:#}"))),
            }
        }
        table.row(subject.name(), cells);
        series.push(Series { name: subject.name().to_owned(), values });
    }
    report.table(table);
    let plot = Lines {
        title: title.to_owned(),
        horizontal: horizontal.to_owned(),
        vertical: "us per delivery".to_owned(),
        series,
        scale: Scale::Logarithmic,
    };
    report.plot(file, plot.svg()?);
    Ok(())
}
