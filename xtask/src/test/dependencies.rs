//! The published crates depend on little, and on nothing that was not decided on.

use std::collections::BTreeSet;

use anyhow::ensure;

use crate::steps::{Report, Step};
use crate::workspace::cargo;

/// How many crates may be below `sse-server` and `sse-client`.
const MOST: usize = 30;

/// What both `sse-server` and `sse-client` may name in their manifests.
const ALLOWED: [&str; 8] = [
    "async-executor",
    "async-io",
    "event-listener",
    "fastrand",
    "futures-core",
    "futures-lite",
    "httparse",
    "sse-proto",
];

/// What one of them may name besides.
const SERVER: [&str; 2] = ["socket2", "sse-channel"];
const CLIENT: [&str; 2] = ["blocking", "rustix"];

pub(super) fn step() -> Step {
    Step::new("dependencies", "few crates, and only those decided on", |report| {
        let alone = tree(report, &["--package", "sse-proto", "--no-default-features"])?;
        report.note(format_args!("sse-proto without features: {} dependencies", alone.len()));
        ensure!(alone.is_empty(), "sse-proto without features depends on {}", list(&alone));
        let usual = tree(report, &["--package", "sse-proto"])?;
        report.note(format_args!("sse-proto with default features: {}", list(&usual)));
        ensure!(usual.iter().eq(["memchr", "simdutf8"]), "sse-proto depends on {}", list(&usual));
        small("sse-server", &SERVER, report)?;
        small("sse-client", &CLIENT, report)
    })
}

fn small(package: &str, besides: &[&str], report: &mut Report) -> anyhow::Result<()> {
    let all = tree(report, &["--package", package])?;
    let direct = tree(report, &["--package", package, "--depth", "1"])?;
    let names = direct.iter().map(String::as_str).collect::<Vec<_>>().join(", ");
    report.note(format_args!("{package}: {} crates in all; directly {names}", all.len()));
    let others: BTreeSet<String> = direct
        .into_iter()
        .filter(|name| !ALLOWED.iter().chain(besides).any(|allowed| allowed == name))
        .collect();
    ensure!(others.is_empty(), "{package} must not depend on {}", list(&others));
    ensure!(all.len() <= MOST, "{package} has {} dependencies, {MOST} are allowed", all.len());
    Ok(())
}

/// The names of the crates in the tree of a package, without itself.
fn tree(report: &mut Report, arguments: &[&str]) -> anyhow::Result<BTreeSet<String>> {
    let mut command = cargo(["tree", "--edges", "normal", "--prefix", "none"]);
    let tree = report.run(command.args(arguments))?;
    let names = tree.lines().skip(1).filter_map(|line| line.split(' ').next());
    Ok(names.filter(|name| !name.is_empty()).map(str::to_owned).collect())
}

fn list(names: &BTreeSet<String>) -> String {
    names.iter().map(String::as_str).collect::<Vec<_>>().join(", ")
}
