//! The part of the WebDriver protocol that the tests use: JSON over HTTP on the loopback device.

use std::net::SocketAddr;
use std::time::Duration;

use anyhow::{Context, bail};
use serde_json::{Value, json};

/// How long a command may take; starting a browser on a busy machine is the longest.
const LIMIT: Duration = Duration::from_secs(60);

/// One window of a browser; it is closed when this value is dropped.
pub(super) struct Session {
    agent: ureq::Agent,
    url: String,
}

impl Session {
    /// Asks the driver at `address` for a browser with these capabilities; returns its version too.
    pub(super) fn start(
        address: SocketAddr,
        capabilities: &Value,
    ) -> anyhow::Result<(Session, String)> {
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
        // The driver ends in any case; this lets the browser write its profile.
        let _ = self.agent.delete(&self.url).call();
    }
}
