//! The programs whose pages are tested, each behind a relay.

use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::path::PathBuf;
use std::process::Command;
use std::sync::OnceLock;

use anyhow::Context;
use serde_json::Value;
use testkit::Served;
use testkit::wait::{self, Look, PATIENCE};

use super::relay::{Exchange, Relay, Side};
use crate::steps::Report;
use crate::workspace::cargo;

/// A running program, and the relay through which a browser reaches it.
pub(super) struct Program {
    name: &'static str,
    program: Served,
    relay: Relay,
}

impl Program {
    /// Builds all programs, the first time, and starts the one with this name on a free port.
    pub(super) fn start(name: &'static str, report: &mut Report) -> anyhow::Result<Program> {
        let path = executables(report)?.get(name);
        let path = path.with_context(|| format!("there is no program {name}"))?;
        let program = Served::start(Command::new(path).args(["--addr", "127.0.0.1:0"]))?;
        let relay = Relay::to(program.address())?;
        Ok(Program { name, program, relay })
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
        self.program.write(&format!("{line}\n")).context(self.name)
    }

    /// Waits until the program has written this line.
    pub(super) fn wait_for_line(&self, wanted: &str) -> anyhow::Result<()> {
        let says = self.program.lines().find(PATIENCE, |line| (line == wanted).then_some(()));
        says.with_context(|| format!("{} does not say {wanted:?}", self.name))
    }

    /// Breaks all connections; new ones find the program as it was.
    pub(super) fn interrupt(&mut self) -> anyhow::Result<()> {
        self.relay.cut();
        Ok(self.relay.raise(self.program.address())?)
    }

    /// Kills the program without a warning.
    pub(super) fn crash(&mut self) {
        self.program.process_mut().kill();
        self.relay.cut();
    }

    /// Starts the program again after a crash; the browser sees the same URL.
    pub(super) fn restart(&mut self, report: &mut Report) -> anyhow::Result<()> {
        let Program { program, .. } = Program::start(self.name, report)?;
        self.relay.raise(program.address())?;
        self.program = program;
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

/// The programs of the workspace, built the first time: all of it, so that what they depend on has the features that it has
/// for the tests, and is not built twice.
pub(crate) fn executables(
    report: &mut Report,
) -> anyhow::Result<&'static BTreeMap<String, PathBuf>> {
    static BUILT: OnceLock<BTreeMap<String, PathBuf>> = OnceLock::new();
    if let Some(built) = BUILT.get() {
        return Ok(built);
    }
    let mut build = cargo(["build", "--workspace", "--bins", "--examples"]);
    let messages = build.args(["--message-format", "json-render-diagnostics"]);
    let messages = report.quietly(messages)?;
    Ok(BUILT.get_or_init(|| messages.lines().filter_map(executable_of).collect()))
}

/// The program that a message of cargo says it has built.
fn executable_of(message: &str) -> Option<(String, PathBuf)> {
    let message: Value = serde_json::from_str(message).ok()?;
    let name = message["target"]["name"].as_str()?;
    Some((name.to_owned(), message["executable"].as_str()?.into()))
}
