//! The Go client: a package of Debian, and its driver, built into `target/interop`.
//!
//! Clients that are only to be had from Go's module proxy are not tried: it is no registry of this workspace's.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::OnceLock;

use anyhow::{anyhow, ensure};

use super::setup;
use crate::debian;
use crate::requirements::GO;
use crate::steps::Report;
use crate::workspace::workspace;

/// The package of Debian with the source of the client, and where it puts that.
const PACKAGE: &str = "golang-github-donovanhide-eventsource-dev";
const SOURCES: &str = "/usr/share/gocode";

/// The driver, built the first time.
pub(super) fn driver() -> anyhow::Result<PathBuf> {
    static MADE: OnceLock<Result<PathBuf, String>> = OnceLock::new();
    let made = MADE.get_or_init(|| build().map_err(|error| format!("{error:#}")));
    made.clone().map_err(|reason| anyhow!(reason))
}

fn build() -> anyhow::Result<PathBuf> {
    let mut report = Report::quiet();
    if !Path::new(SOURCES).join("src/github.com/donovanhide/eventsource").is_dir() {
        ensure!(debian::may_install(), "the client is missing: Debian has it in {PACKAGE}");
        debian::install(&mut report, &[PACKAGE])?;
    }
    let folder = workspace().join("target/interop/go");
    fs::create_dir_all(&folder)?;
    let driver = folder.join("driver");
    let mut go = Command::new(GO.ensure(&mut report)?);
    go.env("GO111MODULE", "off").env("GOPATH", SOURCES).env("GOCACHE", folder.join("cache"));
    go.args(["build", "-o"]).arg(&driver).arg(setup::sources().join("drivers/eventsource.go"));
    report.run(&mut go)?;
    Ok(driver)
}

/// The version of the client, and that of Go.
pub(super) fn version() -> String {
    let mut query = Command::new("dpkg-query");
    let client = Report::quiet().run(query.args(["--show", "--showformat", "${Version}", PACKAGE]));
    let go = GO.ensure(&mut Report::quiet());
    let go = go.and_then(|go| Report::quiet().run(Command::new(go).args(["env", "GOVERSION"])));
    let (client, go) = (client.unwrap_or_default(), go.unwrap_or_default());
    format!("donovanhide {}, Go {}", client.trim(), go.trim().trim_start_matches("go"))
}
