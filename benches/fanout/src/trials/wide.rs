//! As many connections as one process may have here, one event a second.

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
        format!(
            "{connections} connections, {} events of 100 B, one a second",
            burst.count
        ),
        [
            "CPU us per delivery",
            "last client p50 ms",
            "p99 ms",
            "latest ms",
            "memory per idle connection B",
            "connecting all s",
            "missing or out of order",
        ],
    );
    let wanted = |it: &&Subject| matches!(it, Subject::Ours | Subject::Limit);
    for subject in subjects.iter().filter(wanted) {
        let mut run = Run::open(*subject, connections, &[])?;
        let memory = run.memory_per_connection();
        let measured = run.burst(burst, connections)?;
        let last = measured.time_to_last;
        let cells = [
            Cell::number(measured.microseconds_per_delivery()).with_detail(measured),
            Cell::from(last.map(|it| it.p50)),
            Cell::from(last.map(|it| it.p99)),
            Cell::from(last.map(|it| it.most)),
            Cell::number(memory),
            Cell::number(run.connecting.as_secs_f64()),
            faults(&[measured]),
        ];
        table.row(subject.name(), cells);
    }
    report.table(table);
    Ok(())
}
