//! The steps that cargo does: format, lints, tests, feature combinations, docs.

use super::binaries;
use crate::metadata::{Package, packages};
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
    const ABOUT: &str =
        "every set of features; none, each, all but each and all where there are many";
    Step::new("features", ABOUT, every_set).uses(TARGET)
}

pub(super) fn docs() -> Step {
    let docs = Step::new("docs", "cargo doc, warnings are errors", |report| {
        let mut doc = cargo(["doc", "--workspace", "--no-deps"]);
        report.run(doc.env("RUSTDOCFLAGS", "-D warnings")).map(drop)
    });
    docs.uses(TARGET)
}

/// The crates that have features compile without warnings with every set of them, where there are many with those of [`sets`],
/// and their own tests pass with none. Where none are on by default, that is what they pass with alone (`alone`).
fn every_set(report: &mut Report) -> anyhow::Result<()> {
    let has_features = |it: &Package| it.is_published && !it.features.is_empty();
    for package in packages(report)?.into_iter().filter(has_features) {
        for set in sets(package.features.len()) {
            let chosen = set.iter().map(|&feature| package.features[feature].as_str());
            let chosen = chosen.collect::<Vec<_>>().join(",");
            let choice =
                ["--package", &package.name, "--no-default-features", "--features", &chosen];
            let strict = ["--all-targets", "--", "-D", "warnings"];
            report.run(cargo(["clippy"]).args(choice).args(strict))?;
            if set.is_empty() && package.has_default_features {
                let mut tests = cargo(["test", "--no-fail-fast"]);
                tests.args(choice);
                binaries::test(report, tests)?;
            }
        }
    }
    Ok(())
}

/// The sets of so many features that are tried: all up to five of them, otherwise none, each alone, all but each, and all, so
/// that of any two each is there with and without the other.
fn sets(count: usize) -> Vec<Vec<usize>> {
    let each = 0..count;
    if count <= 5 {
        let chosen = |set: usize| each.clone().filter(|it| set & (1 << it) != 0).collect();
        return (0..1 << count).map(chosen).collect();
    }
    let mut sets = vec![vec![], each.clone().collect()];
    sets.extend(each.clone().map(|alone| vec![alone]));
    sets.extend(each.clone().map(|left| each.clone().filter(|&it| it != left).collect()));
    sets
}

#[cfg(test)]
mod tests {
    use super::sets;

    #[test]
    fn few_features_are_tried_in_every_set_and_many_two_by_two() {
        let tried = |count| sets(count).into_iter().map(|it| format!("{it:?}")).collect::<Vec<_>>();
        assert_eq!(tried(0), ["[]"]);
        assert_eq!(tried(2), ["[]", "[0]", "[1]", "[0, 1]"]);
        let many = sets(7);
        assert_eq!(many.len(), 16);
        for (one, other) in (0..7).flat_map(|one| (0..one).map(move |other| (one, other))) {
            for wanted in [(true, true), (true, false), (false, true), (false, false)] {
                let met = |set: &Vec<usize>| (set.contains(&one), set.contains(&other)) == wanted;
                assert!(many.iter().any(met), "{one} and {other}: {wanted:?}");
            }
        }
    }
}
