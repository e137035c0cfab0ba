//! `cargo xtask soak`: clients of every manner against a server that keeps going away, ours or axum.

use std::process::Command;

use anyhow::{Context, ensure};
use testkit::Child;

use crate::pages::programs::executables;
use crate::steps::Step;
use crate::workspace::{cargo, workspace};

const PROGRAM: [&str; 6] = ["run", "--quiet", "--package", "tests", "--bin", "soak"];

/// Run clients that join, leave, stall and reset while the server restarts
///
/// In the end each client has every event in order, or was told of the gap where events are missing;
/// the memory is recorded, and may not grow past a bound.
#[derive(clap::Args)]
pub(crate) struct Args {
    /// How long to run
    #[arg(long, value_name = "N", default_value_t = 10)]
    minutes: u64,
    /// Where the random numbers begin: the same number brings the same choices, but not the same
    /// timing
    #[arg(long, value_name = "N", default_value_t = 1)]
    seed: u64,
    /// Who serves the channel
    #[arg(long, value_enum, default_value_t = Server::Ours)]
    server: Server,
}

#[derive(Clone, Copy, clap::ValueEnum)]
enum Server {
    /// sse-server
    Ours,
    /// axum, with the channel alone
    Axum,
}

impl Server {
    fn command(self) -> Command {
        match self {
            Self::Ours => cargo(PROGRAM),
            Self::Axum => {
                let mut command = cargo(["run", "--quiet", "--locked", "--example", "soak"]);
                let folder = workspace().join("examples/frameworks");
                command.current_dir(folder);
                command.env("CARGO_TARGET_DIR", workspace().join("target/frameworks"));
                command
            }
        }
    }
}

impl Args {
    pub(crate) fn run(self) -> anyhow::Result<()> {
        let mut soak = self.server.command();
        soak.args(["--", "--seconds", &(self.minutes * 60).to_string()]);
        soak.args(["--seed", &self.seed.to_string()]);
        let status = Child::spawn(&mut soak)?.wait()?;
        ensure!(status.success(), "the soak has found something: see above");
        Ok(())
    }
}

/// A run that is short enough to be one of the tests.
pub(crate) fn step() -> Step {
    const SECONDS: &str = "20";
    let about = format!("clients of every manner, a server that restarts, for {SECONDS} s");
    Step::new("soak", about, |report| {
        let program = executables(report)?.get("soak").context("no program soak")?;
        let summary = report.run(Command::new(program).args(["--seconds", SECONDS]))?;
        summary.lines().for_each(|line| report.note(line));
        Ok(())
    })
}
