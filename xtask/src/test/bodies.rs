//! Events out of the bodies of other HTTP clients: the programs of `examples/bodies`.

use crate::process::{cargo, workspace};
use crate::steps::{Report, Step};

pub(super) fn step() -> Step {
    Step::new("bodies", "events out of the bodies of reqwest, hyper and ureq", check)
}

fn check(report: &mut Report) -> anyhow::Result<()> {
    let folder = workspace().join("examples/bodies");
    let target = workspace().join("target/bodies");
    let mut test = cargo(["test", "--locked"]);
    report.run(test.current_dir(&folder).env("CARGO_TARGET_DIR", &target))?;
    let mut clippy = cargo(["clippy", "--locked", "--all-targets", "--", "-D", "warnings"]);
    report.run(clippy.current_dir(&folder).env("CARGO_TARGET_DIR", &target))?;
    let mut format = cargo(["fmt", "--check"]);
    report.run(format.current_dir(&folder)).map(drop)
}
