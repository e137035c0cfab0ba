//! `cargo xtask bench`: runs the benchmarks, which are a workspace of their own.

use anyhow::{Context, ensure};

use crate::process::{self, Child, workspace};

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
    /// One client: throughput, many streams, latency
    Client,
    /// Crates, lines, build time and size of programs
    Footprint,
}

impl Benchmark {
    const ALL: [Benchmark; 5] = [
        Benchmark::Decode,
        Benchmark::Encode,
        Benchmark::Fanout,
        Benchmark::Client,
        Benchmark::Footprint,
    ];

    /// The package of `benches` that it is in, and its first argument there.
    fn place(self) -> (&'static str, Option<&'static str>) {
        match self {
            Benchmark::Decode => ("codec", Some("decode")),
            Benchmark::Encode => ("codec", Some("encode")),
            Benchmark::Fanout => ("fanout", None),
            Benchmark::Client => ("client", None),
            Benchmark::Footprint => ("footprint", None),
        }
    }
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
        let (package, argument) = benchmark.place();
        let manifest = workspace().join("benches/Cargo.toml");
        let mut command = process::cargo(["run", "--quiet", "--release", "--locked"]);
        command.arg("--manifest-path").arg(manifest);
        command.args(["--package", package, "--bin", package, "--"]);
        command.args(argument);
        command.args(self.quick.then_some("--quick"));
        command.args(&self.arguments);
        let status = Child::spawn(&mut command)?
            .wait()
            .with_context(|| format!("the benchmark {benchmark:?} cannot be run"))?;
        ensure!(status.success(), "the benchmark {benchmark:?} ended with {status}");
        Ok(())
    }
}
