//! Each crate is a folder that builds elsewhere as it is.
//!
//! Copied with `cp -r` into an empty project, the siblings that it needs beside it, it builds there
//! and passes its own tests with nothing edited. The lock file is copied too, so that this says
//! something about the folder and not about what was released today.

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;
use std::process::Command;

use anyhow::{Context, ensure};
use testkit::Scratch;

use crate::metadata::{Package, packages};
use crate::steps::{Report, Step, TARGET};
use crate::workspace::{cargo_in, workspace};

pub(super) fn step() -> Step {
    const ABOUT: &str = "each crate, copied into an empty project, builds and passes";
    Step::new("alone", ABOUT, check).uses(TARGET)
}

fn check(report: &mut Report) -> anyhow::Result<()> {
    let packages: Vec<Package> =
        packages(report)?.into_iter().filter(|package| package.is_published).collect();
    ensure!(!packages.is_empty(), "there are no crates");
    for package in &packages {
        let siblings = siblings(package, &packages)?;
        check_one(report, package, &siblings)
            .with_context(|| format!("crates/{} does not stand alone", package.name))?;
        let beside = siblings.into_iter().collect::<Vec<_>>().join(", ");
        let beside = if beside.is_empty() { "nothing".to_owned() } else { beside };
        report.note(format_args!("{}, with {beside} beside it", package.name));
    }
    Ok(())
}

/// The crates of this workspace that a crate and its tests need, directly or over others.
fn siblings<'a>(package: &Package, all: &'a [Package]) -> anyhow::Result<BTreeSet<&'a str>> {
    let mut found = BTreeSet::new();
    let mut left: Vec<&str> = named(package).collect();
    while let Some(name) = left.pop() {
        let sibling = all.iter().find(|it| it.name == name);
        let sibling = sibling.with_context(|| format!("{name} is no folder of crates/"))?;
        if sibling.name != package.name && found.insert(sibling.name.as_str()) {
            left.extend(named(sibling));
        }
    }
    Ok(found)
}

/// The crates of this workspace that a manifest names.
fn named(package: &Package) -> impl Iterator<Item = &str> {
    let siblings = package.dependencies.iter().filter(|dependency| dependency.is_sibling);
    siblings.map(|dependency| dependency.name.as_str())
}

fn check_one(
    report: &mut Report,
    package: &Package,
    siblings: &BTreeSet<&str>,
) -> anyhow::Result<()> {
    let project = Scratch::new("newcomer")?;
    let vendor = project.join("vendor");
    fs::create_dir(&vendor)?;
    let name = package.name.as_str();
    for folder in siblings.iter().chain([&name]) {
        let mut copy = Command::new("cp");
        report.run(copy.arg("-r").arg(workspace().join("crates").join(folder)).arg(&vendor))?;
    }
    if package.has_library {
        newcomer(&project, name)?;
        report.run(&mut cargo_there(&project, "build")?)?;
    }
    report.run(&mut cargo_there(&vendor.join(name), "test")?).map(drop)
}

/// Writes a program that uses a crate out of its folder of others' code.
fn newcomer(folder: &Path, name: &str) -> anyhow::Result<()> {
    let manifest = format!(
        "[package]\nname = \"newcomer\"\nedition = \"2024\"\n\n\
        [dependencies]\n{name} = {{ path = \"vendor/{name}\" }}\n"
    );
    fs::write(folder.join("Cargo.toml"), manifest)?;
    fs::create_dir(folder.join("src"))?;
    let program = format!("use {} as _;\nfn main() {{}}\n", name.replace('-', "_"));
    fs::write(folder.join("src/main.rs"), program).context("the program cannot be written")
}

/// Cargo in a folder outside of this workspace, with this one's lock file.
fn cargo_there(folder: &Path, verb: &str) -> anyhow::Result<Command> {
    fs::copy(workspace().join("Cargo.lock"), folder.join("Cargo.lock"))?;
    let mut command = cargo_in(folder, "alone", [verb]);
    command.env("CARGO_PROFILE_DEV_DEBUG", "false");
    Ok(command)
}
