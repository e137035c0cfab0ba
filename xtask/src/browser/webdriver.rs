//! The part of the WebDriver protocol that the tests use: JSON over HTTP on the loopback device.

use std::io::{BufRead, BufReader};
use std::process::{Command, Stdio};
use std::time::Duration;

use anyhow::{Context, bail};
use serde_json::{Value, json};

use crate::process::Child;

/// How long a command may take; starting a browser on a busy machine is the longest.
const LIMIT: Duration = Duration::from_secs(60);

/// One window of a browser; it is closed when this value is dropped.
pub(super) struct Session {
    agent: ureq::Agent,
    url: String,
}

impl Session {
    /// Asks the driver at `address` for a browser with these capabilities; returns its version too.
    pub(super) fn start(address: &str, capabilities: &Value) -> anyhow::Result<(Session, String)> {
        let config = ureq::Agent::config_builder()
            .timeout_global(Some(LIMIT))
            .http_status_as_error(false)
            .proxy(None);
        let agent = config.build().into();
        let mut session = Session { agent, url: format!("http://{address}/session") };
        let wanted = json!({ "capabilities": { "alwaysMatch": capabilities } });
        let started = session.post("", &wanted).context("the browser does not start")?;
        let id = started["sessionId"].as_str().context("the driver gave no session ID")?;
        session.url = format!("{}/{id}", session.url);
        let version = started["capabilities"]["browserVersion"].as_str().unwrap_or_default();
        Ok((session, version.to_owned()))
    }

    /// Sends a command and returns the value of its answer.
    pub(super) fn post(&self, command: &str, parameters: &Value) -> anyhow::Result<Value> {
        let url = format!("{}/{command}", self.url);
        let request = self.agent.post(url.trim_end_matches('/'));
        let response = request.content_type("application/json").send(parameters.to_string())?;
        Session::value(command, response)
    }

    /// Asks for something and returns it.
    pub(super) fn get(&self, command: &str) -> anyhow::Result<Value> {
        Session::value(command, self.agent.get(format!("{}/{command}", self.url)).call()?)
    }

    fn value(
        command: &str,
        mut response: ureq::http::Response<ureq::Body>,
    ) -> anyhow::Result<Value> {
        let text = response.body_mut().read_to_string()?;
        let mut answer: Value =
            serde_json::from_str(&text).with_context(|| format!("no JSON answer to {command}"))?;
        let value = answer["value"].take();
        if !response.status().is_success() {
            let text = |key: &str| value[key].as_str().unwrap_or_default().to_owned();
            bail!("WebDriver {command}: {}: {}", text("error"), text("message"));
        }
        Ok(value)
    }
}

impl Drop for Session {
    fn drop(&mut self) {
        // The driver's process group ends in any case; this lets the browser write its profile.
        let _ = self.agent.delete(&self.url).call();
    }
}

/// Starts a driver and waits for the line that says where it listens.
///
/// `address` finds the address in such a line.
pub(super) fn start_driver(
    command: &mut Command,
    address: fn(&str) -> Option<String>,
) -> anyhow::Result<(Child, String)> {
    command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::null());
    let mut driver = Child::spawn(command)?;
    let stdout = driver.inner().stdout.take().context("the driver has no output")?;
    let mut lines = BufReader::new(stdout).lines();
    let found = lines.by_ref().map_while(Result::ok).find_map(|line| address(&line));
    // Its pipe stays open, so that later lines do not end it.
    std::thread::spawn(move || lines.for_each(drop));
    Ok((driver, found.context("the driver ended without saying where it listens")?))
}
