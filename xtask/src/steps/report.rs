//! What a step says: the output of its programs, notes for everybody, reasons not to check.

use std::fmt::Display;
use std::io::{BufRead, BufReader, Read};
use std::process::{Command, Stdio};
use std::sync::{Mutex, PoisonError};
use std::thread;

use anyhow::bail;
use testkit::Child;

/// Collects what a step has to say.
pub(crate) struct Report {
    verbose: bool,
    output: String,
    notes: Vec<String>,
    not_checked: Option<String>,
    picture: Option<String>,
}

impl Report {
    pub(super) fn new(verbose: bool) -> Report {
        Report {
            verbose,
            output: String::new(),
            notes: Vec::new(),
            not_checked: None,
            picture: None,
        }
    }

    /// One that belongs to no step, and shows nothing by itself.
    pub(crate) fn quiet() -> Report {
        Report::new(false)
    }

    /// Adds a line that is shown when the step fails, or with `--verbose`.
    pub(crate) fn log(&mut self, line: impl Display) {
        if self.verbose {
            anstream::println!("{line}");
        }
        self.output.push_str(&format!("{line}\n"));
    }

    /// Adds a line that is shown in any case.
    pub(crate) fn note(&mut self, line: impl Display) {
        self.notes.push(line.to_string());
    }

    /// Keeps a picture of a page as the step left it: PNG in Base64.
    pub(crate) fn keep_picture(&mut self, picture: Option<String>) {
        self.picture = picture;
    }

    pub(crate) fn picture(&self) -> Option<&str> {
        self.picture.as_deref()
    }

    /// Says that this step could not check what it is for; the summary gives the reason.
    pub(crate) fn not_checked(&mut self, reason: impl Display) {
        self.not_checked = Some(reason.to_string());
    }

    /// Runs a program to its end and returns what it wrote to its standard output.
    ///
    /// # Errors
    ///
    /// When it cannot be started or its exit status is not 0.
    pub(crate) fn run(&mut self, command: &mut Command) -> anyhow::Result<String> {
        self.run_with(command, true)
    }

    /// Like [`run`](Report::run), with the standard output left out of the report.
    pub(crate) fn quietly(&mut self, command: &mut Command) -> anyhow::Result<String> {
        self.run_with(command, false)
    }

    fn run_with(&mut self, command: &mut Command, log_stdout: bool) -> anyhow::Result<String> {
        let line = command_line(command);
        self.log(format_args!("$ {line}"));
        command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped());
        let mut child = Child::spawn(command)?;
        let stdout = child.inner().stdout.take();
        let stderr = child.inner().stderr.take();
        let report = Mutex::new(&mut *self);
        let (status, written) = thread::scope(|scope| {
            scope.spawn(|| read(stderr, &report, true));
            let written = scope.spawn(|| read(stdout, &report, log_stdout));
            let status = child.wait();
            // What it has left behind would keep the pipes open.
            drop(child);
            (status, written.join().unwrap_or_default())
        });
        let status = status?;
        if !status.success() {
            bail!("`{line}` ended with {status}");
        }
        Ok(written)
    }

    /// All that was logged up to now.
    pub(crate) fn output(&self) -> &str {
        &self.output
    }

    pub(crate) fn notes(&self) -> &[String] {
        &self.notes
    }

    pub(super) fn not_checked_because(&self) -> Option<&str> {
        self.not_checked.as_deref()
    }
}

/// Reads a pipe to its end, line by line, into the report.
fn read(pipe: Option<impl Read>, report: &Mutex<&mut Report>, log: bool) -> String {
    let mut written = String::new();
    let Some(pipe) = pipe else { return written };
    for line in BufReader::new(pipe).split(b'\n').map_while(Result::ok) {
        let line = String::from_utf8_lossy(&line);
        if log {
            let mut report = report.lock().unwrap_or_else(PoisonError::into_inner);
            report.log(&line);
        }
        written.push_str(&line);
        written.push('\n');
    }
    written
}

fn command_line(command: &Command) -> String {
    let program = std::path::Path::new(command.get_program()).file_name().unwrap_or_default();
    let words = std::iter::once(program).chain(command.get_args());
    words.map(|word| word.to_string_lossy()).collect::<Vec<_>>().join(" ")
}
