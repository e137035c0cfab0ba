//! The steps of a task: as many at a time as the machine can bear, a summary at the end, and what
//! went wrong in full.
//!
//! To add a step is to make a [`Step`] and to put it into a task's list. The list's order says what
//! comes first; what a step [loads](Step::waiting), what it [uses](Step::uses) and what it comes
//! [after](Step::after) say what may run beside it. Output of a passing step is hidden, except with
//! `--verbose` and for what it chose to [note](Report::note).

mod display;
mod report;
mod schedule;

use std::sync::mpsc;
use std::thread;
use std::time::{Duration, Instant};

use anstream::println;
use anyhow::{anyhow, bail};

use display::Display;
pub(crate) use report::Report;
use schedule::{Next, Schedule};
use testkit::process::computed;

/// The folder `target/`, which one cargo at a time builds in.
pub(crate) const TARGET: &str = "target";

/// Something that passes or fails, in a list of such.
pub(crate) struct Step {
    /// What the user calls it; `group/name` can be selected by `group` too.
    pub(crate) name: String,
    /// What it does, in a few words.
    pub(crate) about: String,
    load: Load,
    uses: Option<&'static str>,
    after: Vec<String>,
    run: Box<Run>,
}

type Run = dyn Fn(&mut Report) -> anyhow::Result<()> + Send + Sync;

/// What a step takes of the machine.
#[derive(Clone, Copy, PartialEq)]
enum Load {
    /// It computes, and would keep all cores busy if it could.
    Works,
    /// It mostly waits, for timers and for others.
    Waits,
}

impl Step {
    /// A step that computes, needs nothing for itself alone, and comes after nothing.
    pub(crate) fn new(
        name: impl Into<String>,
        about: impl Into<String>,
        run: impl Fn(&mut Report) -> anyhow::Result<()> + Send + Sync + 'static,
    ) -> Step {
        Step {
            name: name.into(),
            about: about.into(),
            load: Load::Works,
            uses: None,
            after: Vec::new(),
            run: Box::new(run),
        }
    }

    /// It mostly waits: others may run beside it.
    pub(crate) fn waiting(mut self) -> Step {
        self.load = Load::Waits;
        self
    }

    /// It needs something, such as [`TARGET`], that no two steps may use at a time.
    pub(crate) fn uses(mut self, what: &'static str) -> Step {
        self.uses = Some(what);
        self
    }

    /// It comes after a step, or a group, that stands before it in the list, if that is selected,
    /// and is not run when that fails.
    pub(crate) fn after(mut self, name: impl Into<String>) -> Step {
        self.after.push(name.into());
        self
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
    /// Run one step at a time
    #[arg(long)]
    one_by_one: bool,
    /// Show the output of passing steps too, one step at a time
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
        let cores = thread::available_parallelism().map_or(1, usize::from);
        let cores = if self.one_by_one || self.verbose { 0 } else { cores };
        let started = Instant::now();
        let outcomes = run_all(&chosen, cores, self.verbose);
        summarize(&outcomes, started.elapsed())
    }
}

struct Outcome {
    name: String,
    verdict: Verdict,
    elapsed: Duration,
    /// Processor time of the programs that it ran.
    computed: Duration,
}

enum Verdict {
    Passed,
    NotChecked(String),
    Failed,
    /// It was not run, because this step has failed.
    NotRun(String),
}

/// Runs each step when the schedule says so; the outcomes are in the order of the steps.
fn run_all(steps: &[Step], cores: usize, verbose: bool) -> Vec<Outcome> {
    let display = Display::new(verbose);
    let mut schedule = Schedule::new(steps, cores);
    let mut outcomes: Vec<(usize, Outcome)> = Vec::new();
    let (sender, ended) = mpsc::channel();
    thread::scope(|scope| {
        let _line = display.keep_line(scope);
        loop {
            match schedule.next() {
                Next::Start(index) => {
                    let (step, display, sender) = (&steps[index], &display, sender.clone());
                    scope.spawn(move || {
                        let _ = sender.send((index, run_one(step, display)));
                    });
                }
                Next::NotRun(index, failed) => {
                    let verdict = Verdict::NotRun(format!("{failed} has failed"));
                    let name = steps[index].name.clone();
                    let (elapsed, computed) = (Duration::ZERO, Duration::ZERO);
                    schedule.ended(index, false);
                    outcomes.push((index, Outcome { name, verdict, elapsed, computed }));
                }
                Next::Wait => {
                    // The sender is never gone: this function holds one itself.
                    let Ok((index, outcome)) = ended.recv() else { continue };
                    schedule.ended(index, !matches!(outcome.verdict, Verdict::Failed));
                    outcomes.push((index, outcome));
                }
                Next::Over => return,
            }
        }
    });
    outcomes.sort_by_key(|(index, _)| *index);
    outcomes.into_iter().map(|(_, outcome)| outcome).collect()
}

fn run_one(step: &Step, display: &Display) -> Outcome {
    let (started, before) = (Instant::now(), computed());
    let mut report = Report::new(display.is_verbose());
    display.started(&step.name, &step.about);
    // A step that panics has failed; the others are to be heard nevertheless.
    let run = std::panic::AssertUnwindSafe(|| (step.run)(&mut report));
    let result = std::panic::catch_unwind(run).unwrap_or_else(|_| Err(anyhow!("it panicked")));
    let verdict = match (&result, report.not_checked_because()) {
        (Err(_), _) => Verdict::Failed,
        (Ok(()), Some(reason)) => Verdict::NotChecked(reason.to_owned()),
        (Ok(()), None) => Verdict::Passed,
    };
    let (elapsed, computed) = (started.elapsed(), computed() - before);
    let outcome = Outcome { name: step.name.clone(), verdict, elapsed, computed };
    display.ended(&outcome, &report, result.err());
    outcome
}

fn summarize(outcomes: &[Outcome], elapsed: Duration) -> anyhow::Result<()> {
    let total: Duration = outcomes.iter().map(|outcome| outcome.elapsed).sum();
    let all_computed: Duration = outcomes.iter().map(|outcome| outcome.computed).sum();
    let mut failed = Vec::new();
    println!("\n{:<43} {:>8} {:>10}", "summary", "time", "processors");
    for Outcome { name, verdict, elapsed, computed } in outcomes {
        let reason = match verdict {
            Verdict::NotChecked(reason) | Verdict::NotRun(reason) => reason,
            Verdict::Passed | Verdict::Failed => "",
        };
        let (elapsed, computed) = (seconds(*elapsed), seconds(*computed));
        println!("{} {name:<36} {elapsed:>8} {computed:>10}  {reason}", verdict.mark());
        if matches!(verdict, Verdict::Failed | Verdict::NotRun(_)) {
            failed.push(name.as_str());
        }
    }
    let count = outcomes.len();
    let (elapsed, total, computed) = (seconds(elapsed), seconds(total), seconds(all_computed));
    println!("{count} steps in {elapsed}; one by one {total}; of processors {computed}");
    if !failed.is_empty() {
        bail!("{} of {count} steps failed: {}", failed.len(), failed.join(", "));
    }
    Ok(())
}

impl Verdict {
    fn mark(&self) -> &'static str {
        match self {
            Verdict::Passed => "\x1b[32mok    \x1b[0m",
            Verdict::NotChecked(_) => "\x1b[33mnot   \x1b[0m",
            Verdict::Failed | Verdict::NotRun(_) => "\x1b[1;31mFAILED\x1b[0m",
        }
    }
}

fn seconds(elapsed: Duration) -> String {
    format!("{:.1} s", elapsed.as_secs_f32())
}
