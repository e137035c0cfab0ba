//! Compiles the workspace with the oldest compiler that it promises to support.

use std::ffi::{OsStr, OsString};
use std::path::PathBuf;
use std::process::Command;

use crate::oldest::{self, OLDEST};
use crate::steps::{Report, Step};
use crate::workspace::{cargo, workspace};

pub(super) fn step() -> Step {
    Step::new("oldest-compiler", format!("the workspace compiles with Rust {OLDEST}"), check)
}

fn check(report: &mut Report) -> anyhow::Result<()> {
    let Some(compiler) = Compiler::ensure(report) else {
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
    fn ensure(report: &mut Report) -> Option<Compiler> {
        if let Some(rustc) = oldest::from_rustup(report) {
            return Some(Compiler { rustc, library_path: None });
        }
        let tree = oldest::from_debian(report)?;
        Some(Compiler { rustc: tree.path("usr/bin/rustc"), library_path: Some(tree.libraries()) })
    }

    fn libraries(&self) -> Option<(&str, &OsStr)> {
        self.library_path.as_deref().map(|path| ("LD_LIBRARY_PATH", path))
    }
}
