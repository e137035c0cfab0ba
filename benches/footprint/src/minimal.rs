//! The least program of each kind: its crates, its cold build, its size.

use std::fs;
use std::process::Command;
use std::time::Instant;

use anyhow::{Context, ensure};
use report::{Bars, Cell, Report, Scale, Series, Table};

use crate::cargo;

const PROGRAMS: [&str; 6] = [
    "server-ours",
    "server-hyper",
    "server-axum",
    "client-ours",
    "client-eventsource-client",
    "client-reqwest-eventsource",
];

pub(crate) fn measure(quick: bool, report: &mut Report) -> anyhow::Result<()> {
    let columns = ["crates below it", "cold build s", "size KiB"];
    let mut table = Table::new("minimal programs", columns);
    let mut sizes = Vec::new();
    for program in PROGRAMS {
        let tree = cargo::tree(&format!("minimal-{program}"))?;
        let built = match quick && !program.ends_with("ours") {
            true => None,
            false => Some(build(program)?),
        };
        let size = built.map(|it| it.1 as f64 / 1024.0);
        table.row(
            program,
            [
                Cell::number((tree.len() - 1) as f64).shown_as((tree.len() - 1).to_string()),
                Cell::from(built.map(|it| it.0)),
                Cell::from(size),
            ],
        );
        sizes.push(Series { name: program.to_owned(), values: vec![size] });
    }
    report.table(table);
    let plot = Bars {
        title: "Size of the least program, stripped".to_owned(),
        unit: "KiB, lower is better".to_owned(),
        groups: vec![String::new()],
        series: sizes,
        scale: Scale::Linear,
    };
    report.plot("footprint-size", plot.svg()?);
    Ok(())
}

/// Seconds of a cold build, and the bytes of the program.
fn build(program: &str) -> anyhow::Result<(f64, u64)> {
    let target = tempfile::tempdir()?;
    let package = format!("minimal-{program}");
    let start = Instant::now();
    let status = Command::new("cargo")
        .args(["build", "--quiet", "--locked", "--profile", "footprint", "--package", &package])
        .arg("--target-dir")
        .arg(target.path())
        .current_dir(cargo::folder())
        .status()
        .context("cannot run cargo")?;
    ensure!(status.success(), "{package} does not compile");
    let seconds = start.elapsed().as_secs_f64();
    let size = fs::metadata(target.path().join("footprint").join(&package))?.len();
    Ok((seconds, size))
}
