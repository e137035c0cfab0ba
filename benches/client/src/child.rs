//! A client that is measured: a process of its own on its core, killed when dropped.

use std::io::{BufRead, BufReader};
use std::process::{Child, Command, Stdio};
use std::sync::mpsc::{self, Receiver};
use std::thread;
use std::time::Duration;

use anyhow::Context;

use crate::CLIENT_CORE;
use crate::task::Told;

/// How long a client may take for the next thing that it tells.
const PATIENCE: Duration = Duration::from_secs(60);

pub(crate) struct Client {
    child: Child,
    lines: Receiver<String>,
}

impl Client {
    /// Starts this program again with `arguments`.
    pub(crate) fn start(arguments: &[&str]) -> anyhow::Result<Client> {
        let program = std::env::current_exe()?;
        let mut child = Command::new("taskset")
            .arg("-c")
            .arg(CLIENT_CORE.to_string())
            .arg(program)
            .args(arguments)
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .spawn()
            .context("cannot start a client")?;
        let output = child.stdout.take().context("a client without output")?;
        let (sender, lines) = mpsc::channel();
        thread::spawn(move || {
            let mut lines = BufReader::new(output).lines().map_while(Result::ok);
            lines.all(|line| sender.send(line).is_ok())
        });
        Ok(Client { child, lines })
    }

    /// Waits for the next thing that the client tells.
    pub(crate) fn told(&mut self) -> anyhow::Result<Told> {
        let line = self.lines.recv_timeout(PATIENCE);
        let line = line.context("the client gave up or took too long")?;
        serde_json::from_str(&line).context("the client tells something else")
    }
}

impl Drop for Client {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
