//! Examples with dependencies that the main lock file does not have to know: each a workspace of its own.

use super::{frameworks, wasm};
use crate::steps::{Report, Step, TARGET};
use crate::workspace::{cargo, cargo_in, workspace};

pub(super) fn steps() -> [Step; 4] {
    let about = "events out of the bodies of reqwest, hyper and ureq";
    let bodies = Step::new("bodies", about, |report| check("bodies", report));
    let about = "a channel in axum, hyper, actix-web and warp, with our client and curl";
    let apps = Step::new("frameworks/apps", about, |report| check("frameworks", report));
    [
        bodies.uses(TARGET),
        apps.uses(TARGET),
        frameworks::page().uses(TARGET).after("programs/chromium"),
        // It shares a compiler with the programs for machines without a system, the last of which is wasm32. Of `target/` it
        // needs little, at its end.
        wasm::step().after("wasm32").after("programs/chromium"),
    ]
}

/// Tests the workspace `examples/NAME`, and what holds for the code of the main one.
fn check(name: &str, report: &mut Report) -> anyhow::Result<()> {
    let folder = workspace().join("examples").join(name);
    report.run(&mut cargo_in(&folder, name, ["test", "--locked"]))?;
    let lints = ["clippy", "--locked", "--all-targets", "--", "-D", "warnings"];
    report.run(&mut cargo_in(&folder, name, lints))?;
    let mut format = cargo(["fmt", "--check"]);
    report.run(format.current_dir(&folder)).map(drop)
}
