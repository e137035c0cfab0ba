//! The programs whose pages are tested, each behind a relay.

use std::collections::BTreeMap;
use std::io::{BufRead, BufReader, Write};
use std::net::SocketAddr;
use std::path::PathBuf;
use std::process::{ChildStdin, Command, Stdio};
use std::sync::{Arc, Mutex, OnceLock, PoisonError};
use std::thread;

use anyhow::Context;
use serde_json::Value;

use super::relay::{Exchange, Relay, Side};
use crate::process::{Child, cargo};
use crate::steps::Report;
use crate::wait::{self, Look};

/// A running program, and the relay through which a browser reaches it.
pub(super) struct Program {
    name: &'static str,
    child: Child,
    stdin: Option<ChildStdin>,
    address: SocketAddr,
    output: Arc<Mutex<Vec<String>>>,
    relay: Relay,
}

impl Program {
    /// Builds all programs, the first time, and starts the one with this name on a free port.
    pub(super) fn start(name: &'static str, report: &mut Report) -> anyhow::Result<Program> {
        let path = executables(report)?.get(name);
        let path = path.with_context(|| format!("there is no program {name}"))?;
        let mut command = Command::new(path);
        command.args(["--addr", "127.0.0.1:0"]).stdin(Stdio::piped()).stdout(Stdio::piped());
        let mut child = Child::spawn(&mut command)?;
        let stdin = child.inner().stdin.take();
        let stdout = child.inner().stdout.take().context("the program has no output")?;
        let output = Arc::new(Mutex::new(Vec::new()));
        let lines = Arc::clone(&output);
        thread::spawn(move || {
            for line in BufReader::new(stdout).lines().map_while(Result::ok) {
                lock(&lines).push(line);
            }
        });
        let address = wait::until(&format!("{name} says where it listens"), || {
            Ok(match lock(&output).iter().find_map(|line| address(line)) {
                Some(address) => Look::Reached(address),
                None => Look::NotYet("it has not".to_owned()),
            })
        })?;
        let relay = Relay::to(address)?;
        Ok(Program { name, child, stdin, address, output, relay })
    }

    /// The URL of a path, through the relay.
    pub(super) fn url(&self, path: &str) -> String {
        format!("http://{}{path}", self.relay.address())
    }

    /// Where the relay listens.
    pub(super) fn relay_address(&self) -> SocketAddr {
        self.relay.address()
    }

    /// Writes a line to the program's standard input.
    pub(super) fn tell(&mut self, line: &str) -> anyhow::Result<()> {
        let stdin = self.stdin.as_mut().context("the program has no input")?;
        writeln!(stdin, "{line}").with_context(|| format!("{} does not listen", self.name))
    }

    /// Waits until the program has written this line.
    pub(super) fn wait_for_line(&self, wanted: &str) -> anyhow::Result<()> {
        wait::until(&format!("{} says {wanted:?}", self.name), || {
            let lines = lock(&self.output);
            Ok(match lines.iter().any(|line| line == wanted) {
                true => Look::Reached(()),
                false => Look::NotYet(format!("{lines:?}")),
            })
        })
    }

    /// Breaks all connections; new ones find the program as it was.
    pub(super) fn interrupt(&mut self) -> anyhow::Result<()> {
        self.relay.cut();
        Ok(self.relay.raise(self.address)?)
    }

    /// Kills the program without a warning.
    pub(super) fn crash(&mut self) -> anyhow::Result<()> {
        self.child.inner().kill().with_context(|| format!("killing {}", self.name))?;
        self.child.wait()?;
        self.relay.cut();
        Ok(())
    }

    /// Starts the program again after a crash; the browser sees the same URL.
    pub(super) fn restart(&mut self, report: &mut Report) -> anyhow::Result<()> {
        let Program { child, stdin, address, output, .. } = Program::start(self.name, report)?;
        self.relay.raise(address)?;
        (self.child, self.stdin, self.address, self.output) = (child, stdin, address, output);
        Ok(())
    }

    /// All requests of event sources up to now.
    pub(super) fn streams(&self) -> Vec<Exchange> {
        self.relay.streams()
    }

    /// Waits for this many requests of event sources, of which the last has got an answer.
    pub(super) fn wait_for_streams(&self, count: usize) -> anyhow::Result<Vec<Exchange>> {
        wait::until(&format!("{count} requests for the stream"), || {
            let streams = self.streams();
            let answered = streams.last().is_some_and(|last| !last.response.is_empty());
            Ok(match streams.len() >= count && answered {
                true => Look::Reached(streams),
                false => Look::NotYet(format!("{} requests", streams.len())),
            })
        })
    }

    /// Waits until exactly `count` streams are open, and says by whom each other one was closed.
    pub(super) fn wait_for_open_streams(&self, count: usize) -> anyhow::Result<Vec<Side>> {
        wait::until(&format!("{count} open streams"), || {
            let streams = self.streams();
            let closed: Vec<Side> =
                streams.iter().filter_map(|it| it.closed.map(|(_, side)| side)).collect();
            Ok(match streams.len() - closed.len() == count {
                true => Look::Reached(closed),
                false => Look::NotYet(format!("{} open", streams.len() - closed.len())),
            })
        })
    }
}

/// The address in a line such as `Open http://127.0.0.1:8080/`.
fn address(line: &str) -> Option<SocketAddr> {
    let (_, rest) = line.split_once("http://")?;
    rest.split(['/', ' ']).next()?.parse().ok()
}

/// The programs of the packages `examples` and `tests`, built the first time.
pub(crate) fn executables(
    report: &mut Report,
) -> anyhow::Result<&'static BTreeMap<String, PathBuf>> {
    static BUILT: OnceLock<BTreeMap<String, PathBuf>> = OnceLock::new();
    if let Some(built) = BUILT.get() {
        return Ok(built);
    }
    let packages = ["--package", "examples", "--package", "tests", "--bins", "--examples"];
    let mut build = cargo(["build", "--message-format", "json-render-diagnostics"]);
    let messages = report.quietly(build.args(packages))?;
    Ok(BUILT.get_or_init(|| messages.lines().filter_map(executable_of).collect()))
}

/// The program that a message of cargo says it has built.
fn executable_of(message: &str) -> Option<(String, PathBuf)> {
    let message: Value = serde_json::from_str(message).ok()?;
    let name = message["target"]["name"].as_str()?;
    Some((name.to_owned(), message["executable"].as_str()?.into()))
}

fn lock(lines: &Mutex<Vec<String>>) -> std::sync::MutexGuard<'_, Vec<String>> {
    lines.lock().unwrap_or_else(PoisonError::into_inner)
}
