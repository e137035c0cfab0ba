//! What a user sees while steps run: a line when one begins and one when it ends.
//!
//! On a terminal one line at the bottom names those that run, and counts their seconds. Elsewhere
//! there are neither colours nor carriage returns.

use std::io::{IsTerminal, Write};
use std::sync::mpsc::{self, RecvTimeoutError};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::thread::Scope;
use std::time::{Duration, Instant};

use anstream::println;

use super::{Outcome, Report, seconds};

/// How many characters the line of those that run may have: it must not wrap.
const WIDTH: usize = 76;

pub(super) struct Display {
    verbose: bool,
    /// There is a line that is kept up to date.
    has_line: bool,
    /// Held while something is printed, so that what one step says stays together.
    running: Mutex<Vec<(String, Instant)>>,
}

impl Display {
    pub(super) fn new(verbose: bool) -> Display {
        let has_line = !verbose && std::io::stdout().is_terminal();
        Display { verbose, has_line, running: Mutex::default() }
    }

    pub(super) fn is_verbose(&self) -> bool {
        self.verbose
    }

    pub(super) fn started(&self, name: &str, about: &str) {
        let mut running = self.running();
        running.push((name.to_owned(), Instant::now()));
        match self.has_line {
            true => print(&line(&running)),
            false => println!("...    {name:<36} {about}"),
        }
    }

    /// Prints how a step has ended, and what it has to say.
    pub(super) fn ended(&self, outcome: &Outcome, report: &Report, error: Option<anyhow::Error>) {
        let mut running = self.running();
        let name = &outcome.name;
        running.retain(|(other, _)| other != name);
        if self.has_line {
            print("\r\x1b[2K");
        }
        println!("{} {name:<36} {}", outcome.verdict.mark(), seconds(outcome.elapsed));
        for note in report.notes() {
            println!("       {note}");
        }
        if let Some(error) = error {
            if !self.verbose {
                println!("{}", report.output().trim_end());
            }
            println!("\x1b[1;31m{name} failed\x1b[0m: {error:#}\n");
        }
        if self.has_line {
            print(&line(&running));
        }
    }

    /// Keeps the line up to date until the returned value is dropped.
    pub(super) fn keep_line<'a>(&'a self, scope: &'a Scope<'a, '_>) -> Option<mpsc::Sender<()>> {
        let (stop, stopped) = mpsc::channel();
        let keep = move || {
            while stopped.recv_timeout(Duration::from_secs(1)) == Err(RecvTimeoutError::Timeout) {
                print(&line(&self.running()));
            }
            print("\r\x1b[2K");
        };
        self.has_line.then(|| {
            scope.spawn(keep);
            stop
        })
    }

    fn running(&self) -> MutexGuard<'_, Vec<(String, Instant)>> {
        self.running.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Those that run, the oldest first, as far as they fit on a line.
fn line(running: &[(String, Instant)]) -> String {
    let names =
        running.iter().map(|(name, since)| format!("{name} {} s", since.elapsed().as_secs()));
    let names: String = names.collect::<Vec<_>>().join(", ").chars().take(WIDTH).collect();
    format!("\r\x1b[2K...    {names}")
}

/// Writes a part of a line. A terminal that has gone away is no reason to fail.
fn print(text: &str) {
    let mut stdout = std::io::stdout().lock();
    let _ = stdout.write_all(text.as_bytes()).and_then(|()| stdout.flush());
}
