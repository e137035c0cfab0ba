//! Starts WebKitGTK's small browser on a display that nobody sees. Its driver has no endpoint for
//! logs.

use std::path::PathBuf;
use std::process::{Command, Stdio};

use anyhow::Context;
use serde_json::json;

use super::webdriver::Session;
use super::{Browser, Parts};
use crate::requirements::{WEBKIT_DRIVER, XVFB};
use crate::steps::Report;
use crate::workspace::scratch;
use testkit::wait::PATIENCE;
use testkit::{Child, Served, port};

pub(super) fn start(report: &mut Report) -> anyhow::Result<Browser> {
    let driver = WEBKIT_DRIVER.ensure(report)?;
    let screen = XVFB.ensure(report)?;
    let home = scratch("webkit")?;
    let (screen, display) = start_screen(&mut Command::new(screen))?;

    // The driver does not say which port it has taken, so it is given one.
    let address = port::free();
    let mut command = Command::new(driver);
    command.arg(format!("--port={}", address.port())).env("DISPLAY", display);
    command.env("HOME", &*home).env("NO_AT_BRIDGE", "1");
    let driver = Served::at(&mut command, address)?;
    let capabilities = json!({
        "browserName": "MiniBrowser",
        // The tests sign their certificates themselves.
        "acceptInsecureCerts": true,
        "webkitgtk:browserOptions": { "binary": browser()?, "args": ["--automation"] },
    });
    let (session, version) = Session::start(address, &capabilities)?;
    let _parts = Parts { _driver: driver, _screen: Some(screen), _folder: home };
    Ok(Browser { session, _parts, logs: false, version })
}

/// Starts a screen; returns its name, such as `:99`.
fn start_screen(command: &mut Command) -> anyhow::Result<(Child, String)> {
    command.args(["-displayfd", "1", "-screen", "0", "1280x900x24", "-nolisten", "tcp"]);
    command.stdin(Stdio::null()).stderr(Stdio::null());
    let (screen, lines) = Child::with_lines(command)?;
    let number = lines.find(PATIENCE, |line| line.trim().parse::<u32>().ok());
    let number = number.context("Xvfb does not say the number of its display")?;
    Ok((screen, format!(":{number}")))
}

/// The browser that comes with the library; its folder is named after the machine.
fn browser() -> anyhow::Result<PathBuf> {
    let machine = format!("{}-linux-gnu", std::env::consts::ARCH);
    let folders = ["/usr/libexec".to_owned(), format!("/usr/lib/{machine}"), "/usr/lib".to_owned()];
    let files = folders.iter().flat_map(|folder| {
        ["webkit2gtk-4.1", "webkit2gtk-4.0"]
            .map(|it| PathBuf::from(folder).join(it).join("MiniBrowser"))
    });
    files.into_iter().find(|file| file.is_file()).context("WebKitGTK has no MiniBrowser")
}
