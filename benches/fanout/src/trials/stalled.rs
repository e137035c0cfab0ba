//! A tenth of the clients stop reading while events go on; then they read again.
//!
//! What is asked: how much memory that costs, whether the others notice, and whether those that
//! were stalled are told of what they missed (they are cut off) or silently get less.

use std::fs;
use std::time::Duration;

use report::{Cell, Report, Table};

use crate::plan::Plan;
use crate::recorder::Recorder;
use crate::run::Run;
use crate::subject::Subject;

/// Ours keeps a log of 1 MiB here, so that the clients that stop fall off its tail.
const OPTIONS: [&str; 4] = ["--history", "1024", "--history-bytes", "1048576"];

pub(crate) fn measure(
    plan: &Plan,
    subjects: &[Subject],
    report: &mut Report,
) -> anyhow::Result<()> {
    let (clients, burst) = plan.stalled;
    let stalled = clients / 10;
    let mut table = Table::new(
        format!(
            "{stalled} of {clients} clients stop reading, {} events of {} B, {} a second",
            burst.count, burst.size, burst.rate
        ),
        [
            "server grows by KiB",
            "kernel's sockets grow by KiB",
            "p99 of the others ms",
            "without stalled clients ms",
            "missed by the others",
            "stalled: cut off",
            "stalled: events skipped without a word",
        ],
    );
    for subject in subjects {
        match measure_one(*subject, clients, stalled, plan) {
            Ok(cells) => table.row(subject.name(), cells),
            Err(error) => report.note(format!("{}: {error:#}.", subject.name())),
        }
    }
    report.table(table);
    Ok(())
}

fn measure_one(
    subject: Subject,
    clients: usize,
    stalled: usize,
    plan: &Plan,
) -> anyhow::Result<Vec<Cell>> {
    let (_, burst) = plan.stalled;
    let mut undisturbed = burst;
    undisturbed.count = burst.count.min(3 * burst.rate as u64);
    let without = Run::open(subject, clients, &OPTIONS)?.burst(undisturbed, clients)?;

    let mut run = Run::open(subject, clients, &OPTIONS)?;
    run.swarm.stall(stalled);
    let memory = run.running.server.memory();
    let sockets = socket_memory();
    let with = run.burst(burst, clients - stalled)?;
    let grown = run.running.server.memory().saturating_sub(memory);
    let sockets = socket_memory().saturating_sub(sockets);

    let mut recorder = Recorder::default();
    run.swarm.forget();
    run.swarm.resume(&mut recorder);
    run.swarm.until(&mut recorder, Duration::from_secs(3), |_| false)?;
    Ok(vec![
        Cell::number(grown as f64 / 1024.0).with_detail(with),
        Cell::number(sockets as f64 / 1024.0),
        Cell::from(with.latency.map(|it| it.p99)),
        Cell::from(without.latency.map(|it| it.p99)).with_detail(without),
        Cell::number(with.expected.saturating_sub(with.deliveries) as f64),
        Cell::number(run.swarm.closed() as f64),
        Cell::number(recorder.skipped as f64),
    ])
}

/// What the kernel holds for all TCP sockets of the machine, in bytes.
fn socket_memory() -> u64 {
    let text = fs::read_to_string("/proc/net/sockstat").unwrap_or_default();
    let line = text.lines().find(|line| line.starts_with("TCP:"));
    let pages = line.and_then(|line| line.rsplit_once("mem "));
    let pages: u64 = pages.and_then(|it| it.1.trim().parse().ok()).unwrap_or(0);
    pages * rustix::param::page_size() as u64
}
