//! Servers that are programs, started once and shared by the columns that need them.

use std::io::{BufRead, BufReader};
use std::net::SocketAddr;
use std::process::{Command, Stdio};
use std::sync::{Arc, OnceLock};

use anyhow::{Context, anyhow};

use crate::pages::programs::executables;
use crate::process::Child;
use crate::steps::Report;

/// A running server; it ends when this value is dropped.
pub(super) struct Served {
    /// Where it listens.
    pub(super) address: SocketAddr,
    _child: Child,
}

/// Something that is made by the first who needs it.
pub(super) struct Shared<T>(Arc<OnceLock<Result<T, String>>>);

impl<T> Clone for Shared<T> {
    fn clone(&self) -> Self {
        Self(Arc::clone(&self.0))
    }
}

impl<T> Default for Shared<T> {
    fn default() -> Self {
        Self(Arc::default())
    }
}

impl<T> Shared<T> {
    /// What `make` has made, now or before.
    pub(super) fn get(&self, make: impl FnOnce() -> anyhow::Result<T>) -> anyhow::Result<&T> {
        let made = self.0.get_or_init(|| make().map_err(|error| format!("{error:#}")));
        made.as_ref().map_err(|error| anyhow!("{error}"))
    }
}

impl Served {
    /// Starts a program of the workspace on a free port.
    pub(super) fn workspace(name: &str) -> anyhow::Result<Served> {
        let path = executables(&mut Report::quiet())?.get(name);
        let path = path.with_context(|| format!("there is no program {name}"))?;
        Served::start(Command::new(path).args(["--addr", "127.0.0.1:0"]))
    }

    /// Starts a server that says in a line where it listens, as `http://127.0.0.1:8080/`.
    pub(super) fn start(command: &mut Command) -> anyhow::Result<Served> {
        command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::null());
        let mut child = Child::spawn(command)?;
        let stdout = child.inner().stdout.take().context("the server has no output")?;
        let mut lines = BufReader::new(stdout).lines();
        let found = lines.by_ref().map_while(Result::ok).find_map(|line| address(&line));
        let address = found.context("the server ended without saying where it listens")?;
        // Its pipe stays open, so that later lines do not end it.
        std::thread::spawn(move || lines.for_each(drop));
        Ok(Served { address, _child: child })
    }

    /// The URL of a path.
    pub(super) fn url(&self, path: &str) -> String {
        format!("http://{}{path}", self.address)
    }
}

/// The address in a line such as `Open http://127.0.0.1:8080/`.
fn address(line: &str) -> Option<SocketAddr> {
    let (_, rest) = line.split_once("http://")?;
    rest.split(['/', ' ']).next()?.parse().ok()
}
