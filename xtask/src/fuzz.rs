//! `cargo xtask fuzz`: runs the fuzz targets, each for a while.
//!
//! They need a nightly compiler; where there is none, nothing is checked and the reason says how to
//! get it. cargo-fuzz is installed below `target/` if it is missing, and a C++ compiler, where it can be.

use std::ffi::OsString;
use std::fs;
use std::path::PathBuf;
use std::process::Command;

use anyhow::Context;

use crate::requirements::{CARGO_FUZZ, CXX, search_path};
use crate::steps::{Report, Selection, Step};
use crate::workspace::workspace;

/// Where the targets are built, from their workspace.
const TARGET: &str = "../target/fuzz";

/// Run every fuzz target for some seconds
///
/// Needs a nightly compiler (`rustup toolchain install nightly`); cargo-fuzz and a C++ compiler are
/// installed if missing.
/// What is found on the way is kept below target/fuzz/corpus and used again.
#[derive(clap::Args)]
pub(crate) struct Args {
    /// How long to run each target
    #[arg(long, value_name = "N", default_value_t = 60)]
    seconds: u64,
    #[command(flatten)]
    selection: Selection,
}

impl Args {
    pub(crate) fn run(self) -> anyhow::Result<()> {
        let seconds = self.seconds;
        let steps = targets()?.into_iter().map(|target| {
            let about = format!("{seconds} s of fuzzing");
            Step::new(target.clone(), about, move |report| run(report, &target, seconds))
        });
        self.selection.run(steps.collect())
    }
}

/// A run of all targets that is short enough to be one of the tests.
pub(crate) fn step() -> Step {
    const SECONDS: u64 = 3;
    Step::new("fuzz", format!("every fuzz target for {SECONDS} s"), |report| {
        targets()?.iter().try_for_each(|target| run(report, target, SECONDS))
    })
}

/// The names of the programs in `fuzz/fuzz_targets`.
fn targets() -> anyhow::Result<Vec<String>> {
    let entries = fs::read_dir(workspace().join("fuzz/fuzz_targets"))
        .context("the folder of the fuzz targets cannot be read")?;
    let mut names: Vec<String> = entries
        .filter_map(|entry| Some(entry.ok()?.path()))
        .filter(|path| path.extension().is_some_and(|it| it == "rs"))
        .filter_map(|path| Some(path.file_stem()?.to_str()?.to_owned()))
        .collect();
    names.sort();
    Ok(names)
}

fn run(report: &mut Report, target: &str, seconds: u64) -> anyhow::Result<()> {
    if report.quietly(&mut nightly(["rustc", "--version"])?).is_err() {
        report.not_checked("`rustup toolchain install nightly` makes it checkable");
        return Ok(());
    }
    CXX.ensure(report)?;
    CARGO_FUZZ.ensure(report)?;
    // All of them, the first time: side by side, and a failure is told from a find.
    report.run(&mut nightly(["cargo", "fuzz", "build", "--target-dir", TARGET])?)?;
    // New finds go into the first corpus, which is not part of the repository.
    let found = workspace().join("target/fuzz/corpus").join(target);
    fs::create_dir_all(&found)?;
    let mut fuzz = nightly(["cargo", "fuzz", "run", "--target-dir", TARGET, target])?;
    fuzz.arg(found);
    fuzz.args(kept()?);
    let mut dictionary = OsString::from("-dict=");
    dictionary.push(workspace().join("fuzz/words.dict"));
    fuzz.arg("--").arg(dictionary);
    fuzz.args([&format!("-max_total_time={seconds}"), "-timeout=10"]);
    let before = report.output().len();
    report.run(&mut fuzz).with_context(|| format!("{target} has found something"))?;
    let output = report.output()[before..].to_owned();
    for line in output.lines().filter(|line| line.starts_with("Done ")) {
        report.note(format_args!("{target}: {}", line.to_lowercase()));
    }
    Ok(())
}

/// The folders of the corpus that is part of the repository. Every target reads all of them:
/// a stream is no request, but not far from one.
fn kept() -> anyhow::Result<Vec<PathBuf>> {
    let folder = workspace().join("fuzz/corpus");
    let entries = fs::read_dir(folder).context("the corpus cannot be read")?;
    Ok(entries.filter_map(|entry| Some(entry.ok()?.path())).collect())
}

/// A command of the nightly toolchain, in the workspace of the fuzz targets.
fn nightly<const N: usize>(words: [&str; N]) -> anyhow::Result<Command> {
    let mut command = Command::new("rustup");
    command.current_dir(workspace().join("fuzz")).args(["run", "nightly"]).args(words);
    command.env("PATH", std::env::join_paths(search_path())?);
    Ok(command)
}
