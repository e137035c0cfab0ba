//! A load generator for servers that publish to many connections: one thread that never sleeps
//! while it measures, on one core; the server on the other. `cluster` is another benchmark with the same clients.

mod cluster;
mod connection;
mod cores;
mod courier;
mod part;
mod plan;
mod process;
mod recorder;
mod run;
mod subject;
mod swarm;
mod trials;

use std::path::PathBuf;

use anyhow::ensure;
use clap::Parser;
use report::Report;

use crate::part::Part;
use crate::plan::Plan;
use crate::subject::Subject;

/// Measures servers that publish to many connections
#[derive(Parser)]
#[command(args_conflicts_with_subcommands = true)]
struct Cli {
    #[command(subcommand)]
    command: Option<cluster::Command>,
    /// Servers, for instance `ours,limit`; all that are installed if none is named
    #[arg(long, value_delimiter = ',')]
    server: Vec<String>,
    /// Parts of the benchmark; all if none is named
    #[arg(long, value_delimiter = ',')]
    part: Vec<Part>,
    /// A tenth of the events and connections, one round; nothing is written
    #[arg(long)]
    quick: bool,
    /// Build nothing: the other servers are as they were built last, and ours is this program
    #[arg(long, value_name = "BENCH_SERVER")]
    built: Option<PathBuf>,
    /// Interleaved rounds of each measurement
    #[arg(long)]
    rounds: Option<usize>,
    /// Write the results into this folder, whatever was measured
    #[arg(long, value_name = "FOLDER")]
    write: Option<PathBuf>,
}

fn main() -> anyhow::Result<()> {
    let cli = Cli::parse();
    if let Some(command) = cli.command {
        return command.run();
    }
    let subjects = Subject::prepare(&cli.server, cli.built)?;
    ensure!(!subjects.is_empty(), "no server to measure");
    let plan = Plan::new(cli.quick, cli.rounds);
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let arguments = arguments.join(" ");
    let separator = if arguments.is_empty() { "" } else { " -- " };
    let mut report =
        Report::new("fanout", format!("cargo xtask bench fanout{separator}{arguments}"));
    let generator_core = cores::split()?;
    report.note(format!(
        "The server runs on core {}, the load generator on core {generator_core}; the generator never sleeps \
         while it measures. TCP_NODELAY is set by every server. {} interleaved rounds; cells show medians \
         and quartiles, ratios are taken in each round, the JSON file has all. CPU time is that of all \
         threads of the server, from the scheduler. How much of it is user space the kernel only samples, at \
         its clock ticks: that figure is over all rounds and has the standard error of the count of ticks.",
        cores::SERVER, plan.rounds
    ));
    let versions = subjects.iter().map(Subject::version);
    report.note(format!("Versions: {}.", versions.collect::<Vec<_>>().join(", ")));
    let is_whole =
        cli.server.is_empty() && cli.part.is_empty() && cli.rounds.is_none() && !cli.quick;
    let parts = if cli.part.is_empty() { &Part::ALL[..] } else { &cli.part };
    for part in parts {
        println!("[{:.0} s] {}", report.elapsed().as_secs_f64(), part.title());
        part.measure(&plan, &subjects, &mut report)?;
    }
    report.finish(is_whole, cli.write)
}
