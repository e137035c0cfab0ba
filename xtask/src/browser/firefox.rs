//! Starts Firefox without a window. Its driver has no endpoint for logs.

use std::process::Command;

use serde_json::json;

use super::webdriver::{Session, start_driver};
use super::{Browser, Parts};
use crate::requirements::{FIREFOX, GECKODRIVER};
use crate::scratch::Scratch;
use crate::steps::Report;

pub(super) fn start(report: &mut Report) -> anyhow::Result<Browser> {
    let binary = FIREFOX.ensure(report)?;
    let driver = GECKODRIVER.ensure(report)?;
    let home = Scratch::new("firefox")?;
    let mut driver = Command::new(driver);
    driver.arg("--port=0").env("HOME", home.path()).env("TMPDIR", home.path());
    let (driver, address) = start_driver(&mut driver, address)?;
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
    let (session, version) = Session::start(&address, &capabilities)?;
    let _parts = Parts { _processes: vec![driver], _folder: home };
    Ok(Browser { session, _parts, logs: false, version })
}

/// The end of a line such as `geckodriver INFO Listening on 127.0.0.1:38021`.
fn address(line: &str) -> Option<String> {
    Some(line.split_once("Listening on ")?.1.trim().to_owned())
}
