//! Starts Chromium without a window.

use std::net::SocketAddr;
use std::process::{Command, Stdio};

use serde_json::json;
use testkit::Served;

use super::webdriver::Session;
use super::{Browser, Parts};
use crate::requirements::{CHROMEDRIVER, CHROMIUM};
use crate::steps::Report;
use crate::workspace::scratch;

pub(super) fn start(report: &mut Report) -> anyhow::Result<Browser> {
    let binary = CHROMIUM.ensure(report)?;
    let driver = CHROMEDRIVER.ensure(report)?;
    let profile = scratch("chromium")?;
    let mut driver = Command::new(driver);
    let driver = Served::start_by(driver.arg("--port=0").stderr(Stdio::null()), address)?;
    let mut arguments = vec![
        "--headless".to_owned(),
        "--disable-gpu".to_owned(),
        "--disable-quic".to_owned(),
        "--no-first-run".to_owned(),
        "--disable-background-networking".to_owned(),
        "--disable-component-update".to_owned(),
        "--disable-sync".to_owned(),
        "--no-proxy-server".to_owned(),
        format!("--user-data-dir={}", profile.display()),
    ];
    if rustix::process::geteuid().is_root() {
        // The sandbox refuses to start as root.
        arguments.push("--no-sandbox".to_owned());
    }
    let capabilities = json!({
        "browserName": "chrome",
        // The tests sign their certificates themselves.
        "acceptInsecureCerts": true,
        "goog:chromeOptions": { "binary": binary, "args": arguments },
        "goog:loggingPrefs": { "browser": "ALL", "performance": "ALL" },
    });
    let (session, version) = Session::start(driver.address(), &capabilities)?;
    let _parts = Parts { _driver: driver, _screen: None, _folder: profile };
    Ok(Browser { session, _parts, logs: true, version })
}

/// `ChromeDriver was started successfully on port 38021.`
fn address(line: &str) -> Option<SocketAddr> {
    let (_, port) = line.split_once("started successfully on port ")?;
    Some(([127, 0, 0, 1], port.trim_end_matches('.').parse().ok()?).into())
}
