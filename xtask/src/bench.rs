//! `cargo xtask bench`: runs the benchmarks, which are a workspace of their own.

use std::process::Command;

use anyhow::{Context, ensure};
use testkit::Child;

use crate::pages::programs::executables;
use crate::requirements::REDIS;
use crate::steps::{Report, Step};
use crate::workspace::{UNOPTIMIZED, cargo, workspace};

/// Measure decoders, encoders, servers and clients beside their peers
///
/// A whole run writes `benches/results`: JSON, Markdown and plots. What `--` is followed by goes
/// to the benchmark, for instance `cargo xtask bench decode -- --corpus llm --peer ours,sse-core`.
#[derive(clap::Args)]
pub(crate) struct Args {
    /// The benchmarks to run; all if none is named
    benchmark: Vec<Benchmark>,
    /// Fewer and shorter rounds, to see that everything runs; nothing is written
    #[arg(long)]
    quick: bool,
    /// Arguments for the benchmark itself
    #[arg(last = true)]
    arguments: Vec<String>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum)]
enum Benchmark {
    /// Event streams to events
    Decode,
    /// Events to bytes
    Encode,
    /// One server, many connections
    Fanout,
    /// Several nodes on one Redis, more clients than one process may have
    Cluster,
    /// One client: throughput, many streams, latency
    Client,
    /// Crates, lines, build time and size of programs
    Footprint,
}

impl Benchmark {
    const ALL: [Benchmark; 6] = [
        Benchmark::Decode,
        Benchmark::Encode,
        Benchmark::Fanout,
        Benchmark::Cluster,
        Benchmark::Client,
        Benchmark::Footprint,
    ];

    /// The package of `benches` that it is in, and its first argument there.
    fn place(self) -> (&'static str, Option<&'static str>) {
        match self {
            Benchmark::Decode => ("codec", Some("decode")),
            Benchmark::Encode => ("codec", Some("encode")),
            Benchmark::Fanout => ("fanout", None),
            Benchmark::Cluster => ("fanout", Some("cluster")),
            Benchmark::Client => ("client", None),
            Benchmark::Footprint => ("footprint", None),
        }
    }

    /// Builds and runs it.
    fn command(self) -> Command {
        let (package, argument) = self.place();
        let mut command = cargo(["run", "--quiet", "--release", "--locked"]);
        command.arg("--manifest-path").arg(workspace().join("benches/Cargo.toml"));
        command.args(["--package", package, "--bin", package, "--"]);
        command.args(argument);
        command
    }
}

/// The packages of `benches` that have programs. Built by one command they share what they depend on, which one by one they
/// would build with other features each.
const PACKAGES: [&str; 5] = ["client", "codec", "fanout", "footprint", "servers"];

/// The step that runs every benchmark in short, to see that it runs, on a server that was not built for speed.
pub(crate) fn step() -> Step {
    let about = "every benchmark in short, not for its numbers";
    Step::new("benches", about, run_all).after("build").after("programs/tests")
}

fn run_all(report: &mut Report) -> anyhow::Result<()> {
    REDIS.ensure(report)?;
    let folder = workspace().join("benches");
    let mut build = cargo(["build", "--release", "--locked", "--bins"]);
    build.args(PACKAGES.iter().flat_map(|name| ["--package", name]));
    report.run(build.current_dir(&folder).envs(UNOPTIMIZED))?;
    let ours = executables(report)?.get("bench_server").context("there is no bench_server")?;
    for benchmark in Benchmark::ALL {
        let (package, argument) = benchmark.place();
        let mut program = Command::new(folder.join("target/release").join(package));
        program.current_dir(workspace()).args(argument).arg("--quick").envs(UNOPTIMIZED);
        match benchmark {
            Benchmark::Fanout => {
                program.arg("--built").arg(ours);
            }
            Benchmark::Client => {
                program.arg("--built");
            }
            _ => {}
        }
        report.run(&mut program)?;
    }
    Ok(())
}

impl Args {
    pub(crate) fn run(self) -> anyhow::Result<()> {
        let all = self.benchmark.is_empty();
        ensure!(
            self.arguments.is_empty() || self.benchmark.len() == 1,
            "arguments after `--` need the name of one benchmark before them"
        );
        let wanted = |it: &Benchmark| all || self.benchmark.contains(it);
        for benchmark in Benchmark::ALL.into_iter().filter(wanted) {
            self.run_one(benchmark)?;
        }
        Ok(())
    }

    fn run_one(&self, benchmark: Benchmark) -> anyhow::Result<()> {
        let mut command = benchmark.command();
        command.args(self.quick.then_some("--quick"));
        command.args(&self.arguments);
        let status = Child::spawn(&mut command)?
            .wait()
            .with_context(|| format!("the benchmark {benchmark:?} cannot be run"))?;
        ensure!(status.success(), "the benchmark {benchmark:?} ended with {status}");
        Ok(())
    }
}
