//! Compiles the workspace with the oldest compiler that it promises to support.

use std::process::Command;

use crate::process::{cargo, workspace};
use crate::steps::{Report, Step};

/// The `rust-version` of the workspace.
const OLDEST: &str = "1.85";

pub(super) fn step() -> Step {
    Step::new(
        "oldest compiler",
        format!("the workspace compiles with Rust {OLDEST}"),
        check,
    )
}

fn check(report: &mut Report) -> anyhow::Result<()> {
    let mut toolchains = Command::new("rustup");
    let installed = report.run(
        toolchains
            .current_dir(workspace())
            .args(["toolchain", "list"]),
    );
    if !installed.is_ok_and(|list| list.lines().any(|line| line.starts_with(OLDEST))) {
        report.not_checked(format_args!(
            "`rustup toolchain install {OLDEST}` makes it checkable"
        ));
        return Ok(());
    }
    let mut rustc = Command::new("rustup");
    let rustc = report.run(rustc.args(["which", "--toolchain", OLDEST, "rustc"]))?;
    report
        .run(cargo(["check", "--workspace"]).env("RUSTC", rustc.trim()))
        .map(drop)
}
