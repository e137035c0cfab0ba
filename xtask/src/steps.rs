//! The steps of a task: a progress line for each, a summary at the end, and what went wrong in full.
//!
//! Output of a passing step is hidden, except with `--verbose` and for what it chose to
//! [note](Report::note). On a terminal the running step's line is kept up to date; elsewhere
//! there are neither colours nor carriage returns.

mod report;

use std::io::{IsTerminal, Write};
use std::sync::mpsc::{self, RecvTimeoutError};
use std::thread;
use std::time::{Duration, Instant};

use anstream::println;
use anyhow::bail;

pub(crate) use report::Report;

/// Something that passes or fails, in a list of such.
pub(crate) struct Step {
    /// What the user calls it; `group/name` can be selected by `group` too.
    pub(crate) name: String,
    /// What it does, in a few words.
    pub(crate) about: String,
    run: Box<Run>,
}

type Run = dyn Fn(&mut Report) -> anyhow::Result<()>;

impl Step {
    pub(crate) fn new(
        name: impl Into<String>,
        about: impl Into<String>,
        run: impl Fn(&mut Report) -> anyhow::Result<()> + 'static,
    ) -> Step {
        Step { name: name.into(), about: about.into(), run: Box::new(run) }
    }

    /// Runs it, outside of a list of steps.
    pub(crate) fn attempt(&self, report: &mut Report) -> anyhow::Result<()> {
        (self.run)(report)
    }

    fn is_called(&self, selected: &str) -> bool {
        let group = self.name.split_once('/').map(|(group, _)| group);
        self.name == selected || group == Some(selected)
    }
}

/// Which steps to run, and how much to show of them.
#[derive(clap::Args)]
pub(crate) struct Selection {
    /// Run this step only (may be repeated; GROUP selects every GROUP/...)
    #[arg(long, value_name = "STEP")]
    only: Vec<String>,
    /// Leave this step out (may be repeated)
    #[arg(long, value_name = "STEP")]
    skip: Vec<String>,
    /// List the steps and end
    #[arg(long)]
    list: bool,
    /// Show the output of passing steps too
    #[arg(long, short)]
    verbose: bool,
}

impl Selection {
    /// Runs the selected ones of `steps`, all of them even after a failure.
    ///
    /// # Errors
    ///
    /// When a step has failed, or a name is not that of a step.
    pub(crate) fn run(&self, steps: Vec<Step>) -> anyhow::Result<()> {
        for name in self.only.iter().chain(&self.skip) {
            if !steps.iter().any(|step| step.is_called(name)) {
                bail!("there is no step {name:?}; --list shows those there are");
            }
        }
        let called = |names: &[String], step: &Step| names.iter().any(|name| step.is_called(name));
        let chosen: Vec<Step> = steps
            .into_iter()
            .filter(|step| self.only.is_empty() || called(&self.only, step))
            .filter(|step| !called(&self.skip, step))
            .collect();
        if self.list {
            for step in &chosen {
                println!("{:<36} {}", step.name, step.about);
            }
            return Ok(());
        }
        summarize(chosen.iter().map(|step| run_step(step, self.verbose)).collect())
    }
}

struct Outcome {
    name: String,
    verdict: Verdict,
    elapsed: Duration,
}

enum Verdict {
    Passed,
    NotChecked(String),
    Failed,
}

fn run_step(step: &Step, verbose: bool) -> Outcome {
    let started = Instant::now();
    let mut report = Report::new(verbose);
    let line = ProgressLine::begin(&step.name, &step.about, verbose);
    let result = (step.run)(&mut report);
    line.end();
    let elapsed = started.elapsed();
    let verdict = match (&result, report.not_checked_because()) {
        (Err(_), _) => Verdict::Failed,
        (Ok(()), Some(reason)) => Verdict::NotChecked(reason.to_owned()),
        (Ok(()), None) => Verdict::Passed,
    };
    let name = &step.name;
    println!("{} {name:<36} {}", mark(&verdict), seconds(elapsed));
    for note in report.notes() {
        println!("       {note}");
    }
    if let Err(error) = result {
        if !verbose {
            println!("{}", report.output().trim_end());
        }
        println!("\x1b[1;31m{name} failed\x1b[0m: {error:#}\n");
    }
    Outcome { name: name.clone(), verdict, elapsed }
}

fn summarize(outcomes: Vec<Outcome>) -> anyhow::Result<()> {
    let total: Duration = outcomes.iter().map(|outcome| outcome.elapsed).sum();
    let mut failed = Vec::new();
    println!("\nsummary");
    for Outcome { name, verdict, elapsed } in &outcomes {
        let reason = match verdict {
            Verdict::NotChecked(reason) => reason,
            _ => "",
        };
        println!("{} {name:<36} {:>8}  {reason}", mark(verdict), seconds(*elapsed));
        if matches!(verdict, Verdict::Failed) {
            failed.push(name.as_str());
        }
    }
    let count = outcomes.len();
    println!("{count} steps in {}", seconds(total));
    if !failed.is_empty() {
        bail!("{} of {count} steps failed: {}", failed.len(), failed.join(", "));
    }
    Ok(())
}

fn mark(verdict: &Verdict) -> &'static str {
    match verdict {
        Verdict::Passed => "\x1b[32mok    \x1b[0m",
        Verdict::NotChecked(_) => "\x1b[33mnot   \x1b[0m",
        Verdict::Failed => "\x1b[1;31mFAILED\x1b[0m",
    }
}

fn seconds(elapsed: Duration) -> String {
    format!("{:.1} s", elapsed.as_secs_f32())
}

/// The line of the running step; on a terminal it counts the seconds.
struct ProgressLine {
    running: Option<(mpsc::Sender<()>, thread::JoinHandle<()>)>,
}

impl ProgressLine {
    fn begin(name: &str, about: &str, verbose: bool) -> ProgressLine {
        let text = format!("...    {name:<36} {about}");
        if verbose || !std::io::stdout().is_terminal() {
            println!("{text}");
            return ProgressLine { running: None };
        }
        let (stop, stopped) = mpsc::channel();
        let started = Instant::now();
        let thread = thread::spawn(move || {
            loop {
                print(&format!("\r\x1b[2K{text}  {} s", started.elapsed().as_secs()));
                let second = stopped.recv_timeout(Duration::from_secs(1));
                if second != Err(RecvTimeoutError::Timeout) {
                    return print("\r\x1b[2K");
                }
            }
        });
        ProgressLine { running: Some((stop, thread)) }
    }

    fn end(self) {
        if let Some((stop, thread)) = self.running {
            drop(stop);
            let _ = thread.join();
        }
    }
}

/// Writes a part of a line. A terminal that has gone away is no reason to fail.
fn print(text: &str) {
    let mut stdout = std::io::stdout().lock();
    let _ = stdout.write_all(text.as_bytes()).and_then(|()| stdout.flush());
}
