//! A server that is a program: where it listens, what it prints, and how it ends.

use std::io::Write;
use std::net::{SocketAddr, TcpStream};
use std::process::{ChildStdin, Command, ExitStatus, Stdio};
use std::time::Duration;

use anyhow::{Context, bail};

use crate::lines::Lines;
use crate::process::{Child, Signal};
use crate::wait::{self, Look, PATIENCE};

/// A running server; it ends when this value is dropped.
#[derive(Debug)]
pub struct Served {
    child: Child,
    stdin: Option<ChildStdin>,
    address: SocketAddr,
    lines: Lines,
}

impl Served {
    /// Starts a server that says in a line where it listens, as `http://127.0.0.1:8080/` or by the port alone, and waits
    /// for that line.
    ///
    /// # Errors
    ///
    /// When it cannot be started, or has not said that in time.
    pub fn start(command: &mut Command) -> anyhow::Result<Served> {
        Served::start_by(command, address)
    }

    /// Starts a server that says where it listens in a line in which `address` finds it.
    ///
    /// # Errors
    ///
    /// When it cannot be started, or has not said that in time.
    pub fn start_by(
        command: &mut Command,
        address: impl Fn(&str) -> Option<SocketAddr>,
    ) -> anyhow::Result<Served> {
        let (mut child, lines) = Child::with_lines(command.stdin(Stdio::piped()))?;
        let stdin = child.inner().stdin.take();
        let address = lines.find(PATIENCE, address);
        let address =
            address.with_context(|| format!("{} does not say where it listens", name(command)))?;
        Ok(Served { child, stdin, address, lines })
    }

    /// Starts a server that is told where to listen, and waits until it does. Its lines are those of its standard error.
    ///
    /// # Errors
    ///
    /// When it cannot be started, ends, or does not listen in time; the message holds what it printed.
    pub fn at(command: &mut Command, address: SocketAddr) -> anyhow::Result<Served> {
        command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::piped());
        let mut child = Child::spawn(command)?;
        let lines = Lines::of(child.inner().stderr.take().context("it has no standard error")?);
        wait::until(&format!("{} listens", name(command)), || {
            if let Some(status) = child.inner().try_wait()? {
                bail!("{} ended with {status}: {}", name(command), lines.all().join("\n"));
            }
            Ok(match TcpStream::connect(address) {
                Ok(_) => Look::Reached(()),
                Err(error) => Look::NotYet(format!("{error}: {}", lines.all().join("\n"))),
            })
        })?;
        Ok(Served { child, stdin: None, address, lines })
    }

    /// Where it listens.
    #[must_use]
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// The URL of a path.
    #[must_use]
    pub fn url(&self, path: &str) -> String {
        format!("http://{}{path}", self.address)
    }

    /// Its process.
    #[must_use]
    pub fn process(&self) -> &Child {
        &self.child
    }

    /// Its process, to be waited for or ended.
    pub fn process_mut(&mut self) -> &mut Child {
        &mut self.child
    }

    /// What it has printed.
    #[must_use]
    pub fn lines(&self) -> &Lines {
        &self.lines
    }

    /// Writes to its standard input.
    ///
    /// # Errors
    ///
    /// When it does not read any more.
    pub fn write(&mut self, text: &str) -> anyhow::Result<()> {
        let stdin = self.stdin.as_mut().context("its standard input has been closed")?;
        stdin.write_all(text.as_bytes()).context("it does not read")
    }

    /// Ends its standard input.
    pub fn close_input(&mut self) {
        self.stdin = None;
    }

    /// Whether it has printed, or prints within a time, a line that contains `text`.
    #[must_use]
    pub fn prints(&self, text: &str, within: Duration) -> bool {
        self.lines.find(within, |line| line.contains(text).then_some(())).is_some()
    }

    /// The lines so far that contain `text`.
    #[must_use]
    pub fn printed(&self, text: &str) -> Vec<String> {
        self.lines.all().into_iter().filter(|line| line.contains(text)).collect()
    }

    /// Sends it a signal.
    ///
    /// # Errors
    ///
    /// When it has ended.
    pub fn signal(&mut self, signal: Signal) -> anyhow::Result<()> {
        self.child.signal(signal)
    }

    /// How it ended.
    ///
    /// # Errors
    ///
    /// When it has not within a time.
    pub fn ended(&mut self, within: Duration) -> anyhow::Result<ExitStatus> {
        self.child.ended(within)
    }
}

fn name(command: &Command) -> String {
    command.get_program().to_string_lossy().into_owned()
}

/// The address in a line such as `Open http://127.0.0.1:8080/`, also where it stands inside of another URL, or in one that
/// is a port.
fn address(line: &str) -> Option<SocketAddr> {
    if let Ok(port) = line.trim().parse() {
        return Some(([127, 0, 0, 1], port).into());
    }
    line.split("://").skip(1).find_map(|rest| rest.split(['/', ' ']).next()?.parse().ok())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_is_found_wherever_it_stands() {
        for line in [
            "Open http://127.0.0.1:80/ (Ctrl-C stops)",
            "https://127.0.0.1:80",
            "80",
            "Open file:///pages/page.html?stream=http://127.0.0.1:80/sse (Ctrl-C stops)",
        ] {
            assert_eq!(address(line), Some(([127, 0, 0, 1], 80).into()), "{line}");
        }
        assert_eq!(address("Open file:///page.html, or http://localhost/"), None);
    }
}
