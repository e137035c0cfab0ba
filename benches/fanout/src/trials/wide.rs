//! As many connections as one process may have here, one event a second; and the arithmetic of
//! what more would take.

use std::fs;

use report::{Cell, Report, Table};

use super::steady::faults;
use crate::plan::Plan;
use crate::run::Run;
use crate::subject::Subject;

pub(crate) fn measure(
    plan: &Plan,
    subjects: &[Subject],
    report: &mut Report,
) -> anyhow::Result<()> {
    let (connections, burst) = plan.wide;
    let mut table = Table::new(
        format!("{connections} connections, {} events of 100 B, one a second", burst.count),
        [
            "CPU us per delivery",
            "last client p50 ms",
            "p99 ms",
            "latest ms",
            "memory per idle connection B",
            "kernel's, both ends, B",
            "connecting all s",
            "missing or out of order",
        ],
    );
    let wanted = |it: &&Subject| matches!(it, Subject::Ours | Subject::Limit);
    let mut ours = None;
    for subject in subjects.iter().filter(wanted) {
        let kernel_before = kernel_memory();
        let mut run = Run::open(*subject, connections, &[])?;
        let memory = run.memory_per_connection();
        let kernel = kernel_memory().saturating_sub(kernel_before) as f64 / connections as f64;
        let measured = run.burst(burst, connections)?;
        let last = measured.time_to_last;
        let cells = [
            Cell::number(measured.microseconds_per_delivery()).with_detail(measured),
            Cell::from(last.map(|it| it.p50)),
            Cell::from(last.map(|it| it.p99)),
            Cell::from(last.map(|it| it.most)),
            Cell::number(memory),
            Cell::number(kernel),
            Cell::number(run.connecting.as_secs_f64()),
            faults(&[measured]),
        ];
        table.row(subject.name(), cells);
        if *subject == Subject::Ours {
            ours = Some((measured.microseconds_per_delivery(), memory, kernel / 2.0));
        }
    }
    report.table(table);
    if let Some((microseconds, own, kernel)) = ours {
        report.table(arithmetic(microseconds, own, kernel));
    }
    Ok(())
}

/// Bytes on the wire for an event of 100 B: `data: `, the blank line, an ID of 30 B with its name,
/// the framing of a chunk, and the heads of TCP, IP and Ethernet.
const WIRE_BYTES: f64 = 100.0 + 8.0 + 35.0 + 6.0 + 66.0;

/// What more connections would take if each delivery and each connection costs what was measured.
fn arithmetic(microseconds: f64, own: f64, kernel: f64) -> Table {
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

/// What the kernel holds for its own structures, sockets among them, in bytes.
fn kernel_memory() -> u64 {
    let text = fs::read_to_string("/proc/meminfo").unwrap_or_default();
    let line = text.lines().find(|line| line.starts_with("Slab:"));
    let size = line.and_then(|line| line.split_whitespace().nth(1));
    size.and_then(|size| size.parse::<u64>().ok()).unwrap_or(0) * 1024
}
