//! Servers that are programs, started once and shared by the columns that need them.

use std::process::{Command, Stdio};
use std::sync::{Arc, OnceLock};

use anyhow::{Context, anyhow};
use testkit::Served;

use crate::pages::programs::executables;
use crate::steps::Report;

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
        Ok(Own::Ours(self::ours("scenario-server")?))
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

/// Starts a program of the workspace on a free port.
pub(super) fn ours(name: &str) -> anyhow::Result<Served> {
    let path = executables(&mut Report::quiet())?.get(name);
    let path = path.with_context(|| format!("there is no program {name}"))?;
    Served::start(Command::new(path).args(["--addr", "127.0.0.1:0"]).stderr(Stdio::null()))
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
