//! A client that is measured: a process of its own on its core, killed when dropped.

use std::process::{Command, Stdio};
use std::time::Duration;

use anyhow::Context;
use testkit::{Child, Lines};

use crate::CLIENT_CORE;
use crate::task::Told;

/// How long a client may take for the next thing that it tells.
const PATIENCE: Duration = Duration::from_secs(60);

pub(crate) struct Client {
    _child: Child,
    lines: Lines,
}

impl Client {
    /// Starts this program again with `arguments`.
    pub(crate) fn start(arguments: &[&str]) -> anyhow::Result<Client> {
        let mut command = on_core(CLIENT_CORE, std::env::current_exe()?);
        command.args(arguments).stdin(Stdio::null());
        let (_child, lines) = Child::with_lines(&mut command)?;
        Ok(Client { _child, lines })
    }

    /// Waits for the next thing that the client tells.
    pub(crate) fn told(&mut self) -> anyhow::Result<Told> {
        let line = self.lines.next_within(PATIENCE);
        let line = line.context("the client gave up or took too long")?;
        serde_json::from_str(&line).context("the client tells something else")
    }
}

/// The command, kept to a core.
pub(crate) fn on_core(core: usize, program: impl AsRef<std::ffi::OsStr>) -> Command {
    let mut command = Command::new("taskset");
    command.arg("-c").arg(core.to_string()).arg(program);
    command
}
