//! A browser with one window, driven by WebDriver (<https://www.w3.org/TR/webdriver2/>).
//!
//! What differs between engines is how they are started, each in a file of its own.

mod chromium;
mod firefox;
mod webdriver;
mod webkit;

use std::time::Duration;

use anyhow::{Context, bail};
use serde_json::{Value, json};

use crate::requirements::{self, Program};
use crate::steps::Report;
use testkit::Scratch;
use testkit::wait::{self, Look};
use testkit::{Child, Served};
use webdriver::Session;

/// A kind of browser.
pub(crate) struct Engine {
    pub(crate) name: &'static str,
    /// Programs that it needs, the browser and its driver.
    pub(crate) programs: &'static [&'static Program],
    /// How long it waits before it opens a stream again that did not say so.
    pub(crate) default_reconnection_time: Duration,
    /// Whether it goes on trying when a connection to another origin is refused.
    pub(crate) retries_when_refused_elsewhere: bool,
    start: fn(&mut Report) -> anyhow::Result<Browser>,
}

/// The engines that there are. The first one is enough for everyday tests.
pub(crate) static ENGINES: [Engine; 3] = [
    Engine {
        name: "chromium",
        programs: &[&requirements::CHROMIUM, &requirements::CHROMEDRIVER],
        default_reconnection_time: Duration::from_secs(3),
        retries_when_refused_elsewhere: true,
        start: chromium::start,
    },
    Engine {
        name: "firefox",
        programs: &[&requirements::FIREFOX, &requirements::GECKODRIVER],
        default_reconnection_time: Duration::from_secs(5),
        retries_when_refused_elsewhere: false,
        start: firefox::start,
    },
    Engine {
        name: "webkit",
        programs: &[&requirements::WEBKIT_DRIVER, &requirements::XVFB],
        default_reconnection_time: Duration::from_secs(3),
        retries_when_refused_elsewhere: true,
        start: webkit::start,
    },
];

impl Engine {
    /// Starts the browser, without a window on any screen.
    pub(crate) fn start(&self, report: &mut Report) -> anyhow::Result<Browser> {
        (self.start)(report)
    }
}

/// A running browser; it and its driver end when this value is dropped.
pub(crate) struct Browser {
    // Dropped in this order: the session closes the browser, then the driver ends.
    session: Session,
    _parts: Parts,
    /// Whether the driver has an endpoint for logs.
    logs: bool,
    version: String,
}

/// What a browser needs around it.
struct Parts {
    // Dropped in this order.
    _driver: Served,
    _screen: Option<Child>,
    _folder: Scratch,
}

/// A line of the browser's console.
pub(crate) struct ConsoleLine {
    /// `SEVERE` for errors, also those that the browser reports itself.
    pub(crate) level: String,
    pub(crate) message: String,
}

impl Browser {
    /// Whether [`console`](Browser::console) and [`requests`](Browser::requests) can tell anything.
    pub(crate) fn has_logs(&self) -> bool {
        self.logs
    }

    /// What the browser says of its version.
    pub(crate) fn version(&self) -> &str {
        &self.version
    }

    /// A picture of the window: PNG in Base64.
    pub(crate) fn screenshot(&self) -> anyhow::Result<String> {
        let picture = self.session.get("screenshot")?;
        Ok(picture.as_str().context("the screenshot is no text")?.to_owned())
    }

    /// Opens a page and waits until it is loaded.
    pub(crate) fn open(&self, url: &str) -> anyhow::Result<()> {
        self.session
            .post("url", &json!({ "url": url }))
            .with_context(|| format!("opening {url}"))?;
        Ok(())
    }

    /// Goes back to the page before, as the button does.
    pub(crate) fn back(&self) -> anyhow::Result<()> {
        self.session.post("back", &json!({})).context("going back")?;
        Ok(())
    }

    /// Runs the body of a function in the page and returns its value.
    pub(crate) fn script(&self, body: &str) -> anyhow::Result<Value> {
        self.session.post("execute/sync", &json!({ "script": body, "args": [] }))
    }

    /// Clicks the first element that a CSS selector finds, as a user does.
    pub(crate) fn click(&self, selector: &str) -> anyhow::Result<()> {
        let element = self
            .session
            .post("element", &json!({ "using": "css selector", "value": selector }))
            .with_context(|| format!("no element {selector}"))?;
        let id = element.as_object().and_then(|it| it.values().next()).and_then(Value::as_str);
        let id = id.with_context(|| format!("{element} is not an element"))?;
        self.session.post(&format!("element/{id}/click"), &json!({}))?;
        Ok(())
    }

    /// Runs a script again and again until `accept` says that its value is what was waited for.
    ///
    /// # Errors
    ///
    /// When that has not happened in time; the message holds the last value.
    pub(crate) fn wait_for(
        &self,
        what: &str,
        script: &str,
        accept: impl Fn(&Value) -> bool,
    ) -> anyhow::Result<Value> {
        wait::until(what, || {
            let value = self.script(script)?;
            Ok(if accept(&value) { Look::Reached(value) } else { Look::NotYet(value.to_string()) })
        })
    }

    /// What the console has said since the last call, where the driver can tell.
    pub(crate) fn console(&self) -> anyhow::Result<Vec<ConsoleLine>> {
        let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
        let lines = self.log("browser")?.into_iter();
        let lines = lines.map(|line| (text(&line["level"]), text(&line["message"])));
        Ok(lines.map(|(level, message)| ConsoleLine { level, message }).collect())
    }

    /// The URLs of all requests since the last call, where the driver can tell.
    pub(crate) fn requests(&self) -> anyhow::Result<Vec<String>> {
        let mut urls = Vec::new();
        for entry in self.log("performance")? {
            let message = entry["message"].as_str().unwrap_or_default();
            let message: Value = serde_json::from_str(message)?;
            let event = &message["message"];
            if event["method"] == "Network.requestWillBeSent" {
                let url = event["params"]["request"]["url"].as_str();
                urls.push(url.context("a request without URL")?.to_owned());
            }
        }
        Ok(urls)
    }

    fn log(&self, kind: &str) -> anyhow::Result<Vec<Value>> {
        if !self.logs {
            return Ok(Vec::new());
        }
        match self.session.post("se/log", &json!({ "type": kind }))? {
            Value::Array(entries) => Ok(entries),
            other => bail!("the {kind} log is no list but {other}"),
        }
    }
}
