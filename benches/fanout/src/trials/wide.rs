//! As many connections as one process may have here, one event a second; and the arithmetic of
//! what more would take.

use report::{Cell, Report, Spread, Table};
use servers::Burst;

use super::figures::faults;
use crate::plan::Plan;
use crate::process::kernel_memory;
use crate::run::{Measured, Run};
use crate::subject::Subject;

/// Both servers take turns so often.
const ROUNDS: usize = 2;

/// What was seen of one server in one round.
#[derive(Clone, Copy)]
struct Round {
    measured: Measured,
    /// Bytes for each connection: of the server, of the kernel for both ends.
    own: f64,
    kernel: f64,
    connecting: f64,
}

pub(crate) fn measure(
    plan: &Plan,
    subjects: &[Subject],
    report: &mut Report,
) -> anyhow::Result<()> {
    let (connections, burst) = plan.wide;
    let wanted = |it: &Subject| matches!(it, Subject::Ours | Subject::Limit);
    let subjects: Vec<Subject> = subjects.iter().copied().filter(wanted).collect();
    let mut rounds = vec![Vec::new(); subjects.len()];
    for _ in 0..plan.rounds.min(ROUNDS) {
        for (subject, rounds) in subjects.iter().zip(&mut rounds) {
            println!("{}, {connections} connections", subject.name());
            rounds.push(Round::measure(*subject, connections, burst)?);
        }
    }
    let mut table = Table::new(
        format!(
            "{connections} connections, {} events of 100 B, {} a second",
            burst.count, burst.rate
        ),
        [
            "CPU us per delivery",
            "last client p50 ms",
            "to the limit",
            "latest ms",
            "to the limit",
            "memory per idle connection B",
            "kernel's, both ends, B",
            "connecting all s",
            "missing or out of order",
        ],
    );
    let limit = subjects.iter().position(|it| *it == Subject::Limit).map(|it| &rounds[it]);
    for (subject, rounds) in subjects.iter().zip(&rounds) {
        table.row(subject.name(), cells(rounds, limit));
    }
    report.table(table);
    let ours = subjects.iter().position(|it| *it == Subject::Ours);
    if let Some(rounds) = ours.map(|it| &rounds[it]) {
        report.table(arithmetic(rounds));
    }
    Ok(())
}

impl Round {
    fn measure(subject: Subject, connections: usize, burst: Burst) -> anyhow::Result<Round> {
        let before = kernel_memory();
        let mut run = Run::open(subject, connections, &[])?;
        Ok(Round {
            own: run.memory_per_connection(),
            kernel: kernel_memory().saturating_sub(before) as f64 / connections as f64,
            connecting: run.connecting.as_secs_f64(),
            measured: run.burst(burst, connections)?,
        })
    }

    fn microseconds(&self) -> f64 {
        self.measured.microseconds_per_delivery()
    }

    /// Milliseconds until the last client has an event: the median event.
    fn last(&self) -> f64 {
        self.measured.time_to_last.map_or(f64::NAN, |it| it.p50)
    }

    /// The same, for the event that took longest.
    fn latest(&self) -> f64 {
        self.measured.time_to_last.map_or(f64::NAN, |it| it.most)
    }
}

fn spread(rounds: &[Round], value: impl Fn(&Round) -> f64) -> Option<Spread> {
    Spread::of(rounds.iter().map(value))
}

fn cells(rounds: &[Round], limit: Option<&Vec<Round>>) -> [Cell; 9] {
    let runs: Vec<Measured> = rounds.iter().map(|it| it.measured).collect();
    let ratio = |value: fn(&Round) -> f64| {
        let pairs = rounds.iter().zip(limit?);
        Spread::of(pairs.map(|(round, limit)| value(round) / value(limit)))
    };
    let median = |value: fn(&Round) -> f64| Cell::from(spread(rounds, value).map(|it| it.median));
    [
        Cell::spread(spread(rounds, Round::microseconds)).with_detail(&runs),
        Cell::spread(spread(rounds, Round::last)),
        Cell::spread(ratio(Round::last)),
        Cell::spread(spread(rounds, Round::latest)),
        Cell::spread(ratio(Round::latest)),
        median(|it| it.own),
        median(|it| it.kernel),
        median(|it| it.connecting),
        faults(&runs),
    ]
}

/// Bytes on the wire for an event of 100 B: `data: `, the blank line, an ID of 30 B with its name,
/// the framing of a chunk, and the heads of TCP, IP and Ethernet.
const WIRE_BYTES: f64 = 100.0 + 8.0 + 35.0 + 6.0 + 66.0;

/// What more connections would take if each delivery and each connection costs what was measured.
fn arithmetic(rounds: &[Round]) -> Table {
    let median = |value: fn(&Round) -> f64| spread(rounds, value).map_or(f64::NAN, |it| it.median);
    let microseconds = median(Round::microseconds);
    // One of the two ends that the kernel holds.
    let (own, kernel) = (median(|it| it.own), median(|it| it.kernel) / 2.0);
    let columns = ["cores", "memory of the server MiB", "memory of the kernel MiB", "Mbit/s"];
    let title = "ours, computed from the above: one event of 100 B a second to each";
    let mut table = Table::new(title, columns);
    for connections in [100_000.0, 1_000_000.0] {
        let cells = [
            connections * microseconds / 1e6,
            connections * own / f64::from(1 << 20),
            connections * kernel / f64::from(1 << 20),
            connections * WIRE_BYTES * 8.0 / 1e6,
        ];
        table.row(format!("{connections} connections"), cells.map(Cell::number));
    }
    table
}
