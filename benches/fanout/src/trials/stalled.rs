//! A tenth of the clients stop reading: what that costs the server and the others, and whether
//! the clients that were stalled are told of what they missed or silently get less.

use std::fs;
use std::time::Duration;

use report::{Cell, Report, Spread, Table};
use servers::Burst;

use crate::plan::{Plan, Stalled};
use crate::recorder::Recorder;
use crate::run::Run;
use crate::subject::Subject;

/// The bytes that ours keeps in its log here, so that the clients that stop fall off its tail.
const LOG: u64 = 1 << 20;

const OPTIONS: [&str; 4] = ["--history", "1024", "--history-bytes", "1048576"];

/// Ours without the bound on what the kernel keeps unsent for each connection.
const UNBOUNDED: [&str; 6] =
    ["--history", "1024", "--history-bytes", "1048576", "--unsent-bytes", "4294967295"];

pub(crate) fn measure(
    plan: &Plan,
    subjects: &[Subject],
    report: &mut Report,
) -> anyhow::Result<()> {
    report.note(format!(
        "Stalled clients: the log of ours holds {} KiB. What the kernel holds is counted by itself: the bytes \
         that wait in the server's ends of the stalled connections, and the memory of all TCP sockets of the \
         machine, both ends. \"Kernel unbounded\" is ours without `Limits::unsent_bytes`, \
         16 KiB by default. The p99 are medians and quartiles over ten parts of the run.",
        LOG >> 10
    ));
    for Stalled { clients, burst, is_for_all } in &plan.stalled {
        let is_wanted = |it: &Subject| *is_for_all || matches!(it, Subject::Ours | Subject::Limit);
        let mut table = table(*clients, *burst);
        for subject in subjects.iter().copied().filter(is_wanted) {
            let mut row = |name: String, options: &[&str]| {
                println!("{name}, {clients} clients");
                match Trial::run(subject, *clients, *burst, options, plan.afterwards) {
                    Ok(trial) => table.row(name, trial.cells()),
                    Err(error) => report.note(format!("{name}: {error:#}.")),
                }
            };
            row(subject.name().to_owned(), &OPTIONS);
            if subject == Subject::Ours {
                row(format!("{}, kernel unbounded", subject.name()), &UNBOUNDED);
            }
        }
        report.table(table);
    }
    Ok(())
}

fn table(clients: usize, burst: Burst) -> Table {
    let Burst { count, size, rate } = burst;
    let stalled = clients / 10;
    Table::new(
        format!(
            "{stalled} of {clients} clients stop reading, {count} events of {size} B, {rate} a second"
        ),
        [
            "server grows by KiB",
            "kernel: waits for each stalled client, at most KiB",
            "kernel: all sockets grow by KiB",
            "p99 of the others ms",
            "without stalled clients ms",
            "ratio",
            "missed by the others",
            "stalled: cut off",
            "stalled: events skipped without a word",
        ],
    )
}

struct Trial {
    /// Bytes by which the server has grown.
    grown: u64,
    /// The most bytes that wait in the server's end of one connection.
    unsent: u64,
    /// Bytes by which the memory of all sockets has grown.
    sockets: u64,
    with: Option<Spread>,
    without: Option<Spread>,
    missed: u64,
    cut_off: usize,
    skipped: u64,
}

impl Trial {
    fn run(
        subject: Subject,
        clients: usize,
        burst: Burst,
        options: &[&str],
        afterwards: Duration,
    ) -> anyhow::Result<Trial> {
        let (stalled, parts) = (clients / 10, 10);
        let undisturbed = Burst { count: (burst.count / 4).max(1), ..burst };
        let without = Run::open(subject, clients, options)?.record(undisturbed, clients)?;

        let mut run = Run::open(subject, clients, options)?;
        run.swarm.stall(stalled);
        let (memory, sockets) = (run.running.server.memory(), socket_memory());
        let readers = clients - stalled;
        let with = run.record(burst, readers)?;
        let grown = run.running.server.memory().saturating_sub(memory);
        let (_, unsent) = run.running.server.unsent();
        let sockets = socket_memory().saturating_sub(sockets);

        let mut late = Recorder::default();
        run.swarm.resume(&mut late);
        run.swarm.until(&mut late, afterwards, |_| false)?;
        Ok(Trial {
            grown,
            unsent,
            sockets,
            with: with.p99_in_parts(parts),
            without: without.p99_in_parts(parts),
            missed: (burst.count * readers as u64).saturating_sub(with.deliveries),
            cut_off: run.swarm.closed(),
            skipped: late.skipped,
        })
    }

    fn cells(&self) -> [Cell; 9] {
        let kib = |bytes: u64| Cell::number(bytes as f64 / 1024.0);
        let count = |count: u64| Cell::number(count as f64).shown_as(count.to_string());
        let ratio = self.with.zip(self.without).map(|it| it.0.median / it.1.median);
        [
            kib(self.grown),
            kib(self.unsent),
            kib(self.sockets),
            Cell::spread(self.with),
            Cell::spread(self.without),
            Cell::from(ratio),
            count(self.missed),
            count(self.cut_off as u64),
            count(self.skipped),
        ]
    }
}

/// What the kernel holds for all TCP sockets of the machine, in bytes.
fn socket_memory() -> u64 {
    let text = fs::read_to_string("/proc/net/sockstat").unwrap_or_default();
    let line = text.lines().find(|line| line.starts_with("TCP:"));
    let pages = line.and_then(|line| line.rsplit_once("mem "));
    let pages: u64 = pages.and_then(|it| it.1.trim().parse().ok()).unwrap_or(0);
    pages * rustix::param::page_size() as u64
}
