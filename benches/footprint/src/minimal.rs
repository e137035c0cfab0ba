//! The least program of each kind: its crates, its cold build, its size; and our crates alone.

use std::fs;
use std::path::Path;
use std::process::Command;
use std::time::Instant;

use anyhow::{Context, ensure};
use report::{Bar, Bars, Cell, Group, Report, Role, Table};
use testkit::Scratch;

use crate::cargo;

const PROGRAMS: [(&str, Role); 6] = [
    ("server-ours", Role::Ours),
    ("server-hyper", Role::Peer),
    ("server-axum", Role::Peer),
    ("client-ours", Role::Ours),
    ("client-eventsource-client", Role::Peer),
    ("client-reqwest-eventsource", Role::Peer),
];

pub(crate) fn measure(quick: bool, report: &mut Report) -> anyhow::Result<()> {
    let columns = ["crates below it", "cold build s", "size KiB"];
    let mut table = Table::new("minimal programs", columns);
    let mut bars = Vec::new();
    let programs = PROGRAMS.into_iter().take(if quick { 1 } else { PROGRAMS.len() });
    for (program, role) in programs {
        println!("building {program}");
        let package = format!("minimal-{program}");
        let below = cargo::tree(&package)?.len() - 1;
        let (seconds, size) = match program_of(&package) {
            Ok(built) => built,
            Err(error) => {
                report.note(format!("{program}: {error:#}."));
                continue;
            }
        };
        let kib = size as f64 / 1024.0;
        let below = Cell::number(below as f64).shown_as(below.to_string());
        table.row(program, [below, Cell::number(seconds), Cell::number(kib)]);
        bars.push(Bar { name: program.to_owned(), role, parts: vec![kib], quartiles: None });
    }
    if !quick {
        for package in ["sse-server", "sse-client"] {
            println!("building {package}");
            let seconds = library(package)?;
            table.row(
                format!("{package} alone, cargo's release profile"),
                [Cell::none(), Cell::number(seconds), Cell::none()],
            );
        }
    }
    report.table(table);
    let plot = Bars {
        title: "The least program that serves, or listens".to_owned(),
        about: "KiB of the stripped program, shorter is better".to_owned(),
        parts: Vec::new(),
        groups: vec![Group { name: String::new(), bars }],
    };
    report.plot("footprint-size", plot.svg()?);
    Ok(())
}

/// Seconds of a cold build, and the bytes of the program.
fn program_of(package: &str) -> anyhow::Result<(f64, u64)> {
    let target = Scratch::new("footprint")?;
    let build = ["build", "--profile", "footprint", "--package", package];
    let seconds = build_in(cargo::folder(), &target, Command::new("cargo").args(build))?;
    let size = fs::metadata(target.join("footprint").join(package))?.len();
    Ok((seconds, size))
}

/// Seconds of a cold build of one of our crates, as cargo builds it when told nothing else.
fn library(package: &str) -> anyhow::Result<f64> {
    let target = Scratch::new("footprint")?;
    let mut command = Command::new("cargo");
    command
        .args(["build", "--release", "--package", package])
        .env("CARGO_PROFILE_RELEASE_LTO", "false")
        .env("CARGO_PROFILE_RELEASE_CODEGEN_UNITS", "16")
        .env("CARGO_PROFILE_RELEASE_DEBUG", "false");
    build_in(&cargo::folder().join(".."), &target, &mut command)
}

fn build_in(folder: &Path, target: &Path, build: &mut Command) -> anyhow::Result<f64> {
    let start = Instant::now();
    let status = build
        .args(["--quiet", "--locked", "--target-dir"])
        .arg(target)
        .current_dir(folder)
        .status()
        .context("cannot run cargo")?;
    ensure!(status.success(), "it does not compile");
    Ok(start.elapsed().as_secs_f64())
}
