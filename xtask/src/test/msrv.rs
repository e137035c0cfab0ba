//! Compiles the workspace with the oldest compiler that it promises to support.
//!
//! The compiler is rustup's, when that toolchain is installed, or Debian's, whose packages are
//! unpacked below `target/` without being installed.

use std::ffi::{OsStr, OsString};
use std::path::PathBuf;
use std::process::Command;

use crate::debian::Tree;
use crate::steps::{Report, Step};
use crate::workspace::{cargo, workspace};

/// The `rust-version` of the workspace.
const OLDEST: &str = "1.85";

/// Debian's compiler for building browsers, its standard library, and the LLVM that it needs.
const PACKAGES: [&str; 4] =
    ["rustc-web=1.85*", "libstd-rust-web-dev=1.85*", "libstd-rust-web-1.85", "libllvm19"];

pub(super) fn step() -> Step {
    Step::new("oldest-compiler", format!("the workspace compiles with Rust {OLDEST}"), check)
}

fn check(report: &mut Report) -> anyhow::Result<()> {
    let Some(compiler) = from_rustup(report).or_else(|| from_debian(report)) else {
        report.not_checked(format_args!(
            "Rust {OLDEST} is not installed: `rustup toolchain install {OLDEST}` changes that"
        ));
        return Ok(());
    };
    let mut version = Command::new(&compiler.rustc);
    let version = report.run(version.arg("--version").envs(compiler.libraries()))?;
    report.note(version.trim());
    let mut check = cargo(["check", "--workspace", "--all-targets", "--target-dir"]);
    check.arg(workspace().join("target/oldest-compiler"));
    check.env("RUSTC", &compiler.rustc).envs(compiler.libraries());
    report.run(&mut check).map(drop)
}

struct Compiler {
    rustc: PathBuf,
    /// Where its shared libraries are, if that is not where it looks by itself.
    library_path: Option<OsString>,
}

impl Compiler {
    fn libraries(&self) -> Option<(&str, &OsStr)> {
        self.library_path.as_deref().map(|path| ("LD_LIBRARY_PATH", path))
    }
}

fn from_rustup(report: &mut Report) -> Option<Compiler> {
    let list = report.run(Command::new("rustup").args(["toolchain", "list"])).ok()?;
    let toolchain = list.split_whitespace().find(|name| name.starts_with(OLDEST))?;
    let mut which = Command::new("rustup");
    let rustc = report.run(which.args(["which", "--toolchain", toolchain, "rustc"])).ok()?;
    Some(Compiler { rustc: rustc.trim().into(), library_path: None })
}

fn from_debian(report: &mut Report) -> Option<Compiler> {
    match Tree::of(report, &format!("rust-{OLDEST}"), &PACKAGES) {
        Ok(tree) => Some(Compiler {
            rustc: tree.path("usr/bin/rustc"),
            library_path: Some(tree.libraries()),
        }),
        Err(error) => {
            report.log(format_args!("Debian's Rust {OLDEST} cannot be had: {error:#}"));
            None
        }
    }
}
