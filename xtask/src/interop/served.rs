//! Servers that are programs, started once and shared by the columns that need them.

use std::io::{BufRead, BufReader};
use std::net::{SocketAddr, TcpStream};
use std::process::{Command, Stdio};
use std::sync::{Arc, OnceLock};

use anyhow::{Context, anyhow, bail};

use crate::pages::programs::executables;
use crate::process::Child;
use crate::steps::Report;
use crate::wait::{self, Look};

/// A running server; it ends when this value is dropped.
pub(super) struct Served {
    /// Where it listens.
    pub(super) address: SocketAddr,
    _child: Child,
}

/// A server of scenarios for one that takes it down: nobody else asks it.
pub(super) enum Own {
    /// The small one of `sse-scenarios`.
    Small(sse_scenarios::Server),
    /// Ours.
    Ours(Served),
}

impl Own {
    pub(super) fn small() -> anyhow::Result<Own> {
        Ok(Own::Small(sse_scenarios::Server::start("127.0.0.1:0").context("no free port")?))
    }

    pub(super) fn ours() -> anyhow::Result<Own> {
        Ok(Own::Ours(Served::workspace("scenario-server")?))
    }

    /// The URL before the path of a scenario.
    pub(super) fn base(&self) -> String {
        match self {
            Own::Small(server) => format!("http://{}", server.address()),
            Own::Ours(server) => server.url(""),
        }
    }
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

    /// Starts a server that is told where to listen, and waits until it does.
    pub(super) fn at(command: &mut Command, address: SocketAddr) -> anyhow::Result<Served> {
        command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null());
        let mut child = Child::spawn(command)?;
        wait::until(&format!("{} listens", command.get_program().to_string_lossy()), || {
            if let Some(status) = child.inner().try_wait()? {
                bail!("it ended with {status}");
            }
            Ok(match TcpStream::connect(address) {
                Ok(_) => Look::Reached(()),
                Err(error) => Look::NotYet(error.to_string()),
            })
        })?;
        Ok(Served { address, _child: child })
    }

    /// The URL of a path.
    pub(super) fn url(&self, path: &str) -> String {
        format!("http://{}{path}", self.address)
    }
}

/// Publishes an event to nchan, of a type if that is not empty.
pub(super) fn publish(url: &str, event_type: &str, data: &str) -> anyhow::Result<()> {
    let agent: ureq::Agent = ureq::Agent::config_builder().proxy(None).build().into();
    let mut request = agent.post(url);
    if !event_type.is_empty() {
        request = request.header("X-EventSource-Event", event_type);
    }
    request.send(data).with_context(|| format!("posting to {url}"))?;
    Ok(())
}

/// An address that is free now.
pub(super) fn free_address() -> anyhow::Result<SocketAddr> {
    Ok(std::net::TcpListener::bind("127.0.0.1:0")?.local_addr()?)
}

/// The address in a line such as `Open http://127.0.0.1:8080/`.
fn address(line: &str) -> Option<SocketAddr> {
    let (_, rest) = line.split_once("http://")?;
    rest.split(['/', ' ']).next()?.parse().ok()
}
