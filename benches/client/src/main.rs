//! Clients of event streams: ours, the peers and a bare read loop, each in a process of its own.

mod child;
mod seen;
mod subject;
mod subjects;
mod task;
mod trials;
mod writer;

use std::path::PathBuf;

use anyhow::ensure;
use clap::{Parser, ValueEnum};
use report::Report;

use crate::subject::Subject;

/// Measures clients beside the peers
#[derive(Parser)]
struct Cli {
    #[command(subcommand)]
    task: Option<task::Args>,
    /// Clients, for instance `ours,read`; all if none is named
    #[arg(long, value_delimiter = ',')]
    client: Vec<Subject>,
    /// Parts of the benchmark; all if none is named
    #[arg(long, value_delimiter = ',')]
    part: Vec<Part>,
    /// A tenth of the events and streams, one round; nothing is written
    #[arg(long)]
    quick: bool,
    /// Build nothing: the server of the many streams is as it was built last
    #[arg(long)]
    built: bool,
    /// Write the results into this folder, whatever was measured
    #[arg(long, value_name = "FOLDER")]
    write: Option<PathBuf>,
}

#[derive(Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Part {
    /// One stream at full speed
    Throughput,
    /// One stream from memory: ours and the decoder, without sockets
    Memory,
    /// From the byte that completes an event to the caller
    Latency,
    /// Many streams in one process
    Many,
}

/// The core of whoever serves, which is this program for the most part.
const SERVER_CORE: usize = 0;

/// The core of the client that is measured.
const CLIENT_CORE: usize = 1;

fn main() -> anyhow::Result<()> {
    let cli = Cli::parse();
    if let Some(task) = cli.task {
        return task.run();
    }
    let cores = std::thread::available_parallelism().map_or(1, usize::from);
    ensure!(cores > CLIENT_CORE, "client and server need a core each");
    let all = cli.client.is_empty();
    let wanted = |it: &&Subject| all || cli.client.contains(it);
    let subjects: Vec<Subject> = Subject::value_variants().iter().filter(wanted).copied().collect();
    let mut report = Report::new("client", "cargo xtask bench client");
    let mut set = rustix::thread::CpuSet::new();
    set.set(SERVER_CORE);
    rustix::thread::sched_setaffinity(None, &set)?;
    report.note(format!(
        "Each client is a process of its own on core {CLIENT_CORE} with one thread of its own; a bare writer, \
         which knows nothing of clients, is on core {SERVER_CORE}."
    ));
    report.note(format!(
        "Versions: sse-client of this commit, eventsource-client {}, reqwest-eventsource {}, reqwest {}.",
        report::version("eventsource-client"),
        report::version("reqwest-eventsource"),
        report::version("reqwest")
    ));
    let runs = |part: Part| cli.part.is_empty() || cli.part.contains(&part);
    if runs(Part::Throughput) {
        trials::throughput::measure(&subjects, cli.quick, &mut report)?;
    }
    if runs(Part::Memory) {
        trials::memory::measure(cli.quick, &mut report)?;
    }
    if runs(Part::Latency) {
        trials::latency::measure(&subjects, cli.quick, &mut report)?;
    }
    if runs(Part::Many) {
        if !cli.built {
            trials::many::build()?;
        }
        trials::many::measure(&subjects, cli.quick, &mut report)?;
    }
    report.finish(all && cli.part.is_empty() && !cli.quick, cli.write)
}
