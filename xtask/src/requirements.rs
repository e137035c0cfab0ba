//! Programs that a step needs and this workspace does not build: found, installed, or asked for.
//!
//! As root on Debian a missing program is installed from its packages. Elsewhere the step fails
//! with the way to get it; it is never left out silently.

use std::fs;
use std::path::PathBuf;
use std::process::Command;
use std::sync::{Mutex, PoisonError};

use anyhow::{Context, bail};

use crate::debian;
use crate::steps::{Report, Step};
use crate::workspace::{cargo, workspace};

/// A program that has to be there.
pub(crate) struct Program {
    /// Its names on the search path, on different systems.
    commands: &'static [&'static str],
    source: Source,
    /// How to get it on other systems.
    elsewhere: &'static str,
}

/// Where a program is to be had.
enum Source {
    /// In a package of Debian, whose installation needs root.
    Debian(&'static str),
    /// On crates.io, in one version if it is named; it is installed below `target/`.
    Crate(&'static str),
    /// On npm, in one version and with dependencies as they were on that day; it is installed below
    /// `target/`.
    Npm { package: &'static str, day: &'static str },
}

pub(crate) const CHROMIUM: Program = Program {
    commands: &["chromium", "chromium-browser", "google-chrome", "google-chrome-stable"],
    source: Source::Debian("chromium"),
    elsewhere: "install Chromium or Google Chrome, and put it on the search path as `chromium`",
};

pub(crate) const CHROMEDRIVER: Program = Program {
    commands: &["chromedriver"],
    source: Source::Debian("chromium-driver"),
    elsewhere: "install the ChromeDriver of the same version as the browser \
        (macOS: `brew install --cask chromedriver`)",
};

pub(crate) const FIREFOX: Program = Program {
    commands: &["firefox-esr", "firefox"],
    source: Source::Debian("firefox-esr"),
    elsewhere: "install Firefox, and put it on the search path as `firefox`",
};

pub(crate) const GECKODRIVER: Program = Program {
    commands: &["geckodriver"],
    source: Source::Crate("geckodriver@0.37.1"),
    elsewhere: "`cargo install geckodriver` installs it",
};

pub(crate) const WEBKIT_DRIVER: Program = Program {
    commands: &["WebKitWebDriver"],
    source: Source::Debian("webkit2gtk-driver"),
    elsewhere: "install the WebDriver of WebKitGTK; there is none for macOS and Windows",
};

pub(crate) const XVFB: Program = Program {
    commands: &["Xvfb"],
    source: Source::Debian("xvfb"),
    elsewhere: "install Xvfb, the X server without a screen",
};

pub(crate) const CARGO_FUZZ: Program = Program {
    commands: &["cargo-fuzz"],
    source: Source::Crate("cargo-fuzz"),
    elsewhere: "`cargo install cargo-fuzz` installs it",
};

/// What compiles libFuzzer.
pub(crate) const CXX: Program = Program {
    commands: &["c++"],
    source: Source::Debian("g++"),
    elsewhere: "install a C++ compiler, and put it on the search path as `c++`",
};

/// Held by the one step, or column of the matrix, that installs from crates.io, and from npm: of two that install the
/// same program the second fails.
static CRATES: Mutex<()> = Mutex::new(());
static NPMS: Mutex<()> = Mutex::new(());

/// What tests of the workspace run beside the server and the codec.
pub(crate) static OF_TESTS: [&Program; 10] =
    [&NGINX, &HAPROXY, &REDIS, &OPENSSL, &CURL, &NODE, &COMPRESSION, &NPM, &MCP_SERVER, &PYTHON];

pub(crate) const NGINX: Program = Program {
    commands: &["nginx"],
    source: Source::Debian("nginx"),
    elsewhere: "install nginx (macOS: `brew install nginx`)",
};

pub(crate) const HAPROXY: Program = Program {
    commands: &["haproxy"],
    source: Source::Debian("haproxy"),
    elsewhere: "install HAProxy (macOS: `brew install haproxy`)",
};

pub(crate) const REDIS: Program = Program {
    commands: &["redis-server", "redis-cli"],
    source: Source::Debian("redis-server"),
    elsewhere: "install Redis 7 or later (macOS: `brew install redis`)",
};

pub(crate) const CADDY: Program = Program {
    commands: &["caddy"],
    source: Source::Debian("caddy"),
    elsewhere: "install Caddy (macOS: `brew install caddy`)",
};

pub(crate) const GO: Program = Program {
    commands: &["go"],
    source: Source::Debian("golang-go"),
    elsewhere: "install Go (macOS: `brew install go`)",
};

pub(crate) const OPENSSL: Program = Program {
    commands: &["openssl"],
    source: Source::Debian("openssl"),
    elsewhere: "install OpenSSL's command, which makes a certificate for a proxy",
};

pub(crate) const CURL: Program =
    Program { commands: &["curl"], source: Source::Debian("curl"), elsewhere: "install curl" };

pub(crate) const NODE: Program = Program {
    commands: &["node"],
    source: Source::Debian("nodejs"),
    elsewhere: "install Node.js (macOS: `brew install node`)",
};

/// A module of Node.js, found where Debian's packages have theirs.
const COMPRESSION: Program = Program {
    commands: &["compression/index.js"],
    source: Source::Debian("node-compression"),
    elsewhere: "install the module `compression` of Node.js as /usr/share/nodejs/compression",
};

pub(crate) const NPM: Program = Program {
    commands: &["npm"],
    source: Source::Debian("npm"),
    elsewhere: "install npm, which comes with Node.js",
};

const MCP_SERVER: Program = Program {
    commands: &["mcp-server-everything"],
    source: Source::Npm {
        package: "@modelcontextprotocol/server-everything@2026.8.31",
        day: "2026-09-15",
    },
    elsewhere: "npm installs it",
};

pub(crate) const PYTHON: Program = Program {
    commands: &["python3"],
    source: Source::Debian("python3"),
    elsewhere: "install Python 3",
};

/// The step that finds or installs programs, beside the first that compiles.
pub(crate) fn step(whose: &str, programs: &'static [&'static Program]) -> Step {
    let names: Vec<&str> = programs.iter().map(|program| program.commands[0]).collect();
    let step = Step::new(format!("programs/{whose}"), names.join(", "), |report| {
        install_together(programs, report)?;
        programs.iter().try_for_each(|program| program.ensure(report).map(drop))
    });
    // For servers, for disks, and for each other.
    step.waiting()
}

/// Installs those of Debian's packages that are missing, all at once, where that is possible.
fn install_together(programs: &[&Program], report: &mut Report) -> anyhow::Result<()> {
    let missing = programs.iter().filter(|program| program.find().is_none());
    let packages: Vec<&str> = missing.filter_map(|program| program.source.package()).collect();
    if packages.is_empty() || !debian::may_install() {
        return Ok(());
    }
    debian::install(report, &packages)?;
    report.note(format_args!("installed {}", packages.join(", ")));
    Ok(())
}

impl Source {
    /// Its package of Debian.
    fn package(&self) -> Option<&'static str> {
        match self {
            Source::Debian(package) => Some(package),
            Source::Crate(_) | Source::Npm { .. } => None,
        }
    }
}

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
        match self.source {
            Source::Crate(package) => self.once(&CRATES, || install_crate(package, report)),
            Source::Npm { package, day } => self.once(&NPMS, || install_npm(package, day, report)),
            Source::Debian(_) if !debian::is_here() => {
                bail!("{name} is missing: {}", self.elsewhere)
            }
            Source::Debian(package) if !debian::may_install() => {
                bail!("{name} is missing: `sudo apt-get install {package}` installs it")
            }
            Source::Debian(package) => debian::install(report, &[package]),
        }
        .with_context(|| format!("{name} is missing and could not be installed"))?;
        report.note(format_args!("installed {name}"));
        self.find().with_context(|| format!("{name} is missing: {}", self.elsewhere))
    }

    /// Installs it, unless somebody else has while this waited for the installer.
    fn once(
        &self,
        installer: &Mutex<()>,
        install: impl FnOnce() -> anyhow::Result<()>,
    ) -> anyhow::Result<()> {
        let _alone = installer.lock().unwrap_or_else(PoisonError::into_inner);
        if self.find().is_some() { Ok(()) } else { install() }
    }

    fn find(&self) -> Option<PathBuf> {
        let folders = search_path();
        let files =
            self.commands.iter().flat_map(|name| folders.iter().map(move |it| it.join(name)));
        files.into_iter().find(|file| file.is_file())
    }
}

/// The search path, the folder of servers, which it lacks for ordinary users of Debian, that of
/// modules of Node.js, and the folders of programs that were installed from crates.io and npm.
pub(crate) fn search_path() -> Vec<PathBuf> {
    let path = std::env::var_os("PATH").unwrap_or_default();
    let mut folders: Vec<PathBuf> = std::env::split_paths(&path).collect();
    folders.extend(["/usr/sbin".into(), "/usr/share/nodejs".into(), crates().join("bin")]);
    folders.push(npm().join("node_modules/.bin"));
    folders
}

/// Where programs from crates.io are installed.
fn crates() -> PathBuf {
    workspace().join("target/xtask/cargo")
}

/// Where programs from npm are installed.
fn npm() -> PathBuf {
    workspace().join("target/xtask/npm")
}

fn install_npm(package: &str, day: &str, report: &mut Report) -> anyhow::Result<()> {
    fs::create_dir_all(npm())?;
    let mut install = Command::new("npm");
    install.args(["install", "--ignore-scripts", "--no-audit", "--no-fund", "--before", day]);
    report.run(install.arg("--prefix").arg(npm()).arg(package)).map(drop)
}

/// As it is quick to build: none of these programs has much to compute.
fn install_crate(package: &str, report: &mut Report) -> anyhow::Result<()> {
    let mut install = cargo(["install", "--debug", "--locked", package, "--root"]);
    install.env("CARGO_PROFILE_DEV_DEBUG", "false");
    report.run(install.arg(crates()).arg("--target-dir").arg(crates().join("target"))).map(drop)
}
