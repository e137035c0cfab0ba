//! Programs that a step needs and this workspace does not build: found, installed, or asked for.
//!
//! As root on Debian a missing program is installed from its packages. Elsewhere the step fails
//! with the way to get it; it is never left out silently.

use std::fs;
use std::path::PathBuf;
use std::process::Command;

use anyhow::{Context, bail};

use crate::steps::Report;

/// A program that has to be there.
pub(crate) struct Program {
    /// Its names on the search path, on different systems.
    commands: &'static [&'static str],
    /// Debian's packages that contain it.
    packages: &'static [&'static str],
    /// How to get it on other systems.
    elsewhere: &'static str,
}

pub(crate) const CHROMIUM: Program = Program {
    commands: &[
        "chromium",
        "chromium-browser",
        "google-chrome",
        "google-chrome-stable",
    ],
    packages: &["chromium"],
    elsewhere: "install Chromium or Google Chrome, and put it on the search path as `chromium`",
};

pub(crate) const CHROMEDRIVER: Program = Program {
    commands: &["chromedriver"],
    packages: &["chromium-driver"],
    elsewhere: "install the ChromeDriver of the same version as the browser \
        (macOS: `brew install --cask chromedriver`)",
};

impl Program {
    /// Where the program is, after installing it if that is needed and possible.
    ///
    /// # Errors
    ///
    /// When it is missing: says how to get it.
    pub(crate) fn ensure(&self, report: &mut Report) -> anyhow::Result<PathBuf> {
        if let Some(path) = self.find() {
            return Ok(path);
        }
        let name = self.commands[0];
        let packages = self.packages.join(" ");
        if !is_debian() {
            bail!("{name} is missing: {}", self.elsewhere);
        }
        if !rustix::process::geteuid().is_root() {
            bail!("{name} is missing: `sudo apt-get install {packages}` installs it");
        }
        self.install(report)
            .with_context(|| format!("{name} is missing and could not be installed"))?;
        report.note(format_args!("installed {packages}"));
        self.find()
            .with_context(|| format!("{packages} did not bring {name}"))
    }

    fn find(&self) -> Option<PathBuf> {
        let path = std::env::var_os("PATH")?;
        let folders: Vec<PathBuf> = std::env::split_paths(&path).collect();
        let files = self
            .commands
            .iter()
            .flat_map(|name| folders.iter().map(move |it| it.join(name)));
        files.into_iter().find(|file| file.is_file())
    }

    fn install(&self, report: &mut Report) -> anyhow::Result<()> {
        let mut install = vec!["install", "--yes", "--no-install-recommends", "--no-remove"];
        install.extend(self.packages);
        // The lists of a fresh machine are empty or old, and fetching them takes a while.
        if report.run(&mut apt_get(&install)).is_err() {
            report.run(&mut apt_get(&["update"]))?;
            report.run(&mut apt_get(&install))?;
        }
        Ok(())
    }
}

/// Whether this is Debian, with its packages.
pub(crate) fn is_debian() -> bool {
    let release = fs::read_to_string("/etc/os-release").unwrap_or_default();
    release.lines().any(|line| line == "ID=debian")
}

fn apt_get(arguments: &[&str]) -> Command {
    let mut command = Command::new("apt-get");
    command
        .args(["--option", "DPkg::Lock::Timeout=300"])
        .args(arguments)
        .env("DEBIAN_FRONTEND", "noninteractive");
    command
}
