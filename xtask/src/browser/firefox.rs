//! Starts Firefox without a window. Its driver has no endpoint for logs.

use std::net::SocketAddr;
use std::process::{Command, Stdio};

use serde_json::json;
use testkit::Served;

use super::webdriver::Session;
use super::{Browser, Parts};
use crate::requirements::{FIREFOX, GECKODRIVER};
use crate::steps::Report;
use crate::workspace::scratch;

pub(super) fn start(report: &mut Report) -> anyhow::Result<Browser> {
    let binary = FIREFOX.ensure(report)?;
    let driver = GECKODRIVER.ensure(report)?;
    let home = scratch("firefox")?;
    let mut driver = Command::new(driver);
    driver.arg("--port=0").env("HOME", &*home).env("TMPDIR", &*home);
    let driver = Served::start_by(driver.stderr(Stdio::null()), address)?;
    let capabilities = json!({
        "browserName": "firefox",
        // The tests sign their certificates themselves.
        "acceptInsecureCerts": true,
        "moz:firefoxOptions": {
            "binary": binary,
            "args": ["-headless"],
            // No proxy for the loopback device.
            "prefs": { "network.proxy.type": 0 },
        },
    });
    let (session, version) = Session::start(driver.address(), &capabilities)?;
    let _parts = Parts { _driver: driver, _screen: None, _folder: home };
    Ok(Browser { session, _parts, logs: false, version })
}

/// The end of a line such as `geckodriver INFO Listening on 127.0.0.1:38021`.
fn address(line: &str) -> Option<SocketAddr> {
    line.split_once("Listening on ")?.1.trim().parse().ok()
}
