//! The tests of the workspace, several programs at a time: most of them wait for timers and sockets.

use std::cmp::Reverse;
use std::fs;
use std::path::PathBuf;
use std::process::Command;
use std::sync::{Mutex, PoisonError};
use std::thread;

use anyhow::ensure;
use serde_json::Value;
use testkit::process::{computed, count};

use crate::requirements::search_path;
use crate::steps::Report;
use crate::workspace::cargo;

/// How many tests run at a time in a program, for each core; and as many programs as there are cores.
const FOR_EACH_CORE: usize = 2;

/// A program that cargo has made of tests.
struct Binary {
    name: String,
    path: PathBuf,
    /// The folder of its package, where cargo would run it.
    folder: PathBuf,
}

/// Builds all tests of the workspace and runs them; with `documentation`, those in it too.
pub(super) fn run(report: &mut Report, documentation: bool) -> anyhow::Result<()> {
    let all = ["test", "--workspace", "--no-run", "--message-format", "json-render-diagnostics"];
    let messages = report.quietly(&mut cargo(all))?;
    let mut binaries: Vec<Binary> = messages.lines().filter_map(binary).collect();
    ensure!(!binaries.is_empty(), "cargo has built no tests");
    // The longest program runs longest, more or less: nothing waits for it alone at the end.
    binaries.sort_by_key(|it| Reverse(fs::metadata(&it.path).map_or(0, |file| file.len())));
    let mut failed = run_all(report, &binaries)?;
    if documentation {
        let documented = cargo(["test", "--workspace", "--doc", "--no-fail-fast"]);
        if test(report, documented).is_err() {
            failed.push("the documentation".to_owned());
        }
    }
    ensure!(failed.is_empty(), "tests have failed: {}", failed.join(", "));
    Ok(())
}

/// The program of tests that a message of cargo says it has built.
fn binary(message: &str) -> Option<Binary> {
    let message: Value = serde_json::from_str(message).ok()?;
    if message["profile"]["test"] != true {
        return None;
    }
    let mut folder = PathBuf::from(message["manifest_path"].as_str()?);
    folder.pop();
    let package = folder.file_name()?.to_string_lossy().into_owned();
    let target = message["target"]["name"].as_str()?;
    let name = format!("{package}/{target}");
    Some(Binary { name, path: message["executable"].as_str()?.into(), folder })
}

/// Runs all of them and says which failed; what each has written stays together.
fn run_all(report: &mut Report, binaries: &[Binary]) -> anyhow::Result<Vec<String>> {
    let path = std::env::join_paths(search_path())?;
    let next = Mutex::new(binaries.iter());
    let results = Mutex::new((report, Vec::new()));
    let cores = thread::available_parallelism().map_or(1, usize::from);
    let threads = (FOR_EACH_CORE * cores).to_string();
    let work = || {
        loop {
            let binary = next.lock().unwrap_or_else(PoisonError::into_inner).next();
            let Some(binary) = binary else { return computed() };
            let mut own = Report::quiet();
            let mut program = Command::new(&binary.path);
            program.current_dir(&binary.folder).env("PATH", &path);
            program.env("CARGO_MANIFEST_DIR", &binary.folder).env("RUST_TEST_THREADS", &threads);
            let passed = test(&mut own, program).is_ok();
            let mut results = results.lock().unwrap_or_else(PoisonError::into_inner);
            results.0.log(own.output());
            own.notes().iter().for_each(|it| results.0.note(format_args!("{}: {it}", binary.name)));
            if !passed {
                results.1.push(binary.name.clone());
            }
        }
    };
    thread::scope(|scope| {
        let workers: Vec<_> = (0..cores).map(|_| scope.spawn(work)).collect();
        workers.into_iter().for_each(|worker| count(worker.join().unwrap_or_default()));
    });
    Ok(results.into_inner().unwrap_or_else(PoisonError::into_inner).1)
}

/// Runs tests; the line with which a runner closes is shown unless it had no tests.
pub(super) fn test(report: &mut Report, mut command: Command) -> anyhow::Result<()> {
    let before = report.output().len();
    let result = report.run(&mut command);
    let output = report.output()[before..].to_owned();
    for line in output
        .lines()
        .filter(|line| line.starts_with("test result:"))
        .filter(|line| !line.contains(" 0 passed; 0 failed; 0 ignored;"))
    {
        report.note(line);
    }
    result.map(drop)
}
