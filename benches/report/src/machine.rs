//! Where and when a run took place. Reads `/proc`, asks `git`, `rustc` and `date`.

use std::fs;
use std::process::Command;

use serde::Serialize;

/// The machine, the versions and the load of a run.
#[derive(Serialize)]
pub struct Machine {
    date: String,
    commit: String,
    rustc: String,
    kernel: String,
    processor: String,
    cores: usize,
    memory_mib: u64,
    /// The load averages of 1, 5 and 15 minutes when the run began.
    load_at_start: String,
    /// The same when it ended; the benchmark itself is in it.
    load_at_end: String,
}

impl Machine {
    pub(crate) fn observe() -> Machine {
        let field = |file: &str, name: &str| {
            let text = fs::read_to_string(file).unwrap_or_default();
            let line = text.lines().find(|line| line.starts_with(name));
            let value = line.and_then(|line| line.split_once(':'));
            value.map_or_else(String::new, |(_, value)| value.trim().to_owned())
        };
        let memory = field("/proc/meminfo", "MemTotal");
        let kib: u64 = memory.trim_end_matches(" kB").parse().unwrap_or(0);
        // The results are left out: a run of all benchmarks writes them on its way.
        let changes = ["status", "--porcelain", "--", ":/", ":(top,exclude)benches/results"];
        let dirty = !output("git", &changes).is_empty();
        let commit = output("git", &["rev-parse", "--short=12", "HEAD"]);
        Machine {
            date: output("date", &["-u", "+%FT%TZ"]),
            commit: commit + if dirty { " with changes" } else { "" },
            rustc: output("rustc", &["--version"]),
            kernel: output("uname", &["-sr"]),
            processor: field("/proc/cpuinfo", "model name"),
            cores: cores(),
            memory_mib: kib / 1024,
            load_at_start: load(),
            load_at_end: String::new(),
        }
    }

    pub(crate) fn observe_end(&mut self) {
        self.load_at_end = load();
    }

    pub(crate) fn markdown(&self) -> String {
        format!(
            "{}, commit {}. {}, {} cores, {} MiB, {}, {}. Load at the start {}, at the end {}.",
            self.date,
            self.commit,
            self.processor,
            self.cores,
            self.memory_mib,
            self.kernel,
            self.rustc,
            self.load_at_start,
            self.load_at_end
        )
    }
}

/// All that the machine has: how many this process may use changes while it measures.
fn cores() -> usize {
    let text = fs::read_to_string("/proc/cpuinfo").unwrap_or_default();
    text.lines().filter(|line| line.starts_with("processor")).count()
}

fn load() -> String {
    let text = fs::read_to_string("/proc/loadavg").unwrap_or_default();
    text.split(' ').take(3).collect::<Vec<_>>().join(" ")
}

/// What a program prints, or nothing if it cannot be run.
fn output(program: &str, arguments: &[&str]) -> String {
    let output =
        Command::new(program).current_dir(env!("CARGO_MANIFEST_DIR")).args(arguments).output();
    output.map_or_else(
        |_| String::new(),
        |output| String::from_utf8_lossy(&output.stdout).trim().to_owned(),
    )
}
