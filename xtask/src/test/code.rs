//! The steps that cargo does: format, lints, tests, feature combinations, docs.

use super::binaries;
use crate::metadata::packages;
use crate::steps::{Report, Step, TARGET};
use crate::workspace::cargo;

pub(super) fn format() -> Step {
    Step::new("format", "cargo fmt --check", |report| {
        report.run(&mut cargo(["fmt", "--all", "--check"])).map(drop)
    })
}

pub(super) fn lints() -> Step {
    let lints = Step::new("lints", "cargo clippy, warnings are errors", |report| {
        let all = ["clippy", "--workspace", "--all-targets", "--", "-D", "warnings"];
        report.run(&mut cargo(all)).map(drop)
    });
    lints.uses(TARGET)
}

pub(super) fn tests() -> Step {
    tests_with("unit, documentation and cross-crate tests", true)
}

/// Without those that are examples in the documentation.
pub(super) fn tests_alone() -> Step {
    tests_with("unit and cross-crate tests", false)
}

fn tests_with(about: &str, documentation: bool) -> Step {
    let tests = Step::new("tests", about, move |report| binaries::run(report, documentation));
    tests.uses(TARGET).after("programs/tests")
}

pub(super) fn features() -> Step {
    const ABOUT: &str = "every combination of features, of two where there are many";
    Step::new("features", ABOUT, every_set).uses(TARGET)
}

pub(super) fn docs() -> Step {
    let docs = Step::new("docs", "cargo doc, warnings are errors", |report| {
        let mut doc = cargo(["doc", "--workspace", "--no-deps"]);
        report.run(doc.env("RUSTDOCFLAGS", "-D warnings")).map(drop)
    });
    docs.uses(TARGET)
}

/// The crates compile without warnings with every set of their features, and their own tests pass with none. Where there
/// are many features, the sets are those of up to two, and all together.
fn every_set(report: &mut Report) -> anyhow::Result<()> {
    for package in packages(report)?.into_iter().filter(|package| package.is_published) {
        let features = &package.features;
        let all = (1_u32 << features.len()) - 1;
        let few = |chosen: &u32| chosen.count_ones() <= 2 || *chosen == all || features.len() <= 5;
        for chosen in (0..=all).filter(few) {
            let set: Vec<&str> = (features.iter().enumerate())
                .filter(|(index, _)| chosen & (1 << index) != 0)
                .map(|(_, feature)| feature.as_str())
                .collect();
            let set = set.join(",");
            let choice = ["--package", &package.name, "--no-default-features", "--features", &set];
            let strict = ["--all-targets", "--", "-D", "warnings"];
            report.run(cargo(["clippy"]).args(choice).args(strict))?;
            if chosen == 0 && !features.is_empty() {
                let mut tests = cargo(["test", "--no-fail-fast"]);
                tests.args(choice);
                binaries::test(report, tests)?;
            }
        }
    }
    Ok(())
}
