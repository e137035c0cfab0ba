//! A browser with one window, driven by WebDriver (<https://www.w3.org/TR/webdriver2/>).
//!
//! What differs between engines is how they are started, each in a file of its own.

mod chromium;
mod scratch;
mod webdriver;

use std::time::{Duration, Instant};

use anyhow::{Context, bail};
use serde_json::{Value, json};

use crate::process::Child;
use scratch::Scratch;
use webdriver::Session;

pub(crate) use chromium::start as chromium;

/// A running browser; it and its driver end when this value is dropped.
pub(crate) struct Browser {
    // Dropped in this order: the session closes the browser, then the driver ends.
    session: Session,
    _driver: Child,
    _profile: Scratch,
    logs: bool,
}

/// A line of the browser's console.
pub(crate) struct ConsoleLine {
    /// `SEVERE` for errors, also those that the browser reports itself.
    pub(crate) level: String,
    pub(crate) message: String,
}

impl Browser {
    /// Opens a page and waits until it is loaded.
    pub(crate) fn open(&self, url: &str) -> anyhow::Result<()> {
        self.session
            .post("url", &json!({ "url": url }))
            .with_context(|| format!("opening {url}"))?;
        Ok(())
    }

    /// Runs the body of a function in the page and returns its value.
    pub(crate) fn script(&self, body: &str) -> anyhow::Result<Value> {
        self.session
            .post("execute/sync", &json!({ "script": body, "args": [] }))
    }

    /// Clicks the first element that a CSS selector finds, as a user does.
    pub(crate) fn click(&self, selector: &str) -> anyhow::Result<()> {
        let element = self
            .session
            .post(
                "element",
                &json!({ "using": "css selector", "value": selector }),
            )
            .with_context(|| format!("no element {selector}"))?;
        let id = element
            .as_object()
            .and_then(|it| it.values().next())
            .and_then(Value::as_str);
        let id = id.with_context(|| format!("{element} is not an element"))?;
        self.session
            .post(&format!("element/{id}/click"), &json!({}))?;
        Ok(())
    }

    /// Runs a script again and again until `accept` says that its value is what was waited for.
    ///
    /// # Errors
    ///
    /// When that has not happened within `limit`; the message holds the last value.
    pub(crate) fn wait_for(
        &self,
        what: &str,
        limit: Duration,
        script: &str,
        accept: impl Fn(&Value) -> bool,
    ) -> anyhow::Result<Value> {
        let deadline = Instant::now() + limit;
        loop {
            let value = self.script(script)?;
            if accept(&value) {
                return Ok(value);
            }
            if Instant::now() > deadline {
                bail!(
                    "{what}: not within {} s; at last it was {value}",
                    limit.as_secs()
                );
            }
            std::thread::sleep(Duration::from_millis(50));
        }
    }

    /// What the console has said since the last call, where the driver can tell.
    pub(crate) fn console(&self) -> anyhow::Result<Vec<ConsoleLine>> {
        if !self.logs {
            return Ok(Vec::new());
        }
        let lines = self.session.post("se/log", &json!({ "type": "browser" }))?;
        let lines = lines.as_array().context("the console's log is no list")?;
        let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
        Ok(lines
            .iter()
            .map(|line| ConsoleLine {
                level: text(&line["level"]),
                message: text(&line["message"]),
            })
            .collect())
    }
}
