//! Drives a client through scenarios: starts its driver, gives orders, ends it. Depends on sse-scenarios and processes.

use sse_scenarios::{Driver, Need, Order, Scenario, Server, Visit, complaints};
use std::process::{Child, ChildStdin, Command, Stdio};
use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread;
use std::time::Duration;

/// A client that is tried.
pub(super) struct Trial<'a> {
    pub(super) server: &'a Server,
    /// What starts its driver, for the shell.
    pub(super) command: &'a str,
    pub(super) lacks: &'a [Need],
    /// How long a scenario may take.
    pub(super) limit: Duration,
}

/// What came of a scenario.
pub(super) struct Outcome<'a> {
    pub(super) scenario: &'a Scenario,
    pub(super) verdict: Verdict,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Verdict {
    Conforming,
    /// What the client did otherwise, a sentence each.
    Deviating(Vec<String>),
    /// The client lacks what the scenario needs.
    NotApplicable(&'static str),
}

impl Trial<'_> {
    /// Plays all scenarios, with so many drivers at once; the outcomes are in the order of the scenarios.
    pub(super) fn run<'s>(&self, scenarios: &'s [Scenario], jobs: usize) -> Vec<Outcome<'s>> {
        let (next, outcomes) = (AtomicUsize::new(0), Mutex::new(Vec::new()));
        thread::scope(|scope| {
            for job in 0..jobs.min(scenarios.len()) {
                let (next, outcomes) = (&next, &outcomes);
                scope.spawn(move || {
                    let mut running = None;
                    let run = format!("job-{job}");
                    while let Some(at) = claim(next, scenarios.len()) {
                        let scenario = &scenarios[at];
                        let verdict = self.play(scenario, &run, &mut running);
                        let outcome = Outcome { scenario, verdict };
                        outcomes.lock().unwrap_or_else(|it| it.into_inner()).push((at, outcome));
                    }
                });
            }
        });
        let mut outcomes = outcomes.into_inner().unwrap_or_else(|it| it.into_inner());
        outcomes.sort_by_key(|(at, _)| *at);
        outcomes.into_iter().map(|(_, outcome)| outcome).collect()
    }

    fn play(&self, scenario: &Scenario, run: &str, running: &mut Option<Running>) -> Verdict {
        if let Some(lack) = scenario.needs.iter().find(|need| self.lacks.contains(need)) {
            return Verdict::NotApplicable(lack.lack());
        }
        // One that goes away would take those along that are tried beside this one.
        let own = match scenario.restarts().then(|| Server::start("127.0.0.1:0")).transpose() {
            Ok(own) => own,
            Err(error) => return Verdict::Deviating(vec![format!("no server for it: {error}")]),
        };
        let server = own.as_ref().unwrap_or(self.server);
        let order = Order::new(scenario, &server.url(run, scenario.name));
        let started = match running.take() {
            Some(running) => Ok(running),
            None => Running::start(self.command),
        };
        let mut driver = match started {
            Ok(driver) => driver,
            Err(why) => return Verdict::Deviating(vec![why]),
        };
        let seen = match driver.driver.run(&order, self.limit) {
            Ok(seen) => seen,
            // One that has ended, or speaks another language, is started anew for the next scenario.
            Err(why) => return Verdict::Deviating(vec![why]),
        };
        let visits = Visit::of(&server.exchanges(run, scenario.name));
        let mut wrong = complaints(scenario, &seen, &visits);
        if seen.is_over() {
            *running = Some(driver);
        } else if !wrong.is_empty() {
            wrong.push(format!("the run was not over after {} s", self.limit.as_secs_f64()));
        }
        if wrong.is_empty() { Verdict::Conforming } else { Verdict::Deviating(wrong) }
    }
}

/// The number of the next scenario that nobody has taken.
fn claim(next: &AtomicUsize, count: usize) -> Option<usize> {
    Some(next.fetch_add(1, Ordering::Relaxed)).filter(|at| *at < count)
}

/// A driver that runs; it ends when this is dropped.
struct Running {
    child: Child,
    driver: Driver<ChildStdin>,
}

impl Running {
    fn start(command: &str) -> Result<Self, String> {
        let mut child = shell(command)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .map_err(|error| format!("the driver cannot be started: {error}"))?;
        let pipes = child.stdin.take().zip(child.stdout.take());
        let (orders, output) = pipes.ok_or("the driver has no pipes")?;
        Ok(Self { child, driver: Driver::new(orders, output) })
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        // Both fail only if it has ended already.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// The shell gives its place to a command that is only one, so that ending it ends the driver.
#[cfg(unix)]
fn shell(command: &str) -> Command {
    let mut shell = Command::new("sh");
    shell.args(["-c", &format!("exec {command}")]);
    shell
}

#[cfg(not(unix))]
fn shell(command: &str) -> Command {
    let mut shell = Command::new("cmd");
    shell.args(["/C", command]);
    shell
}
