//! What it costs to have us in a program: crates, lines, build time, size; the peers beside.

mod cargo;
mod embedded;
mod lines;
mod minimal;

use std::path::PathBuf;

use clap::Parser;
use report::{Cell, Report, Table};

/// Measures crates, lines, build time and size of programs
#[derive(Parser)]
struct Cli {
    /// Builds the least server only; nothing is written
    #[arg(long)]
    quick: bool,
    /// Write the results into this folder, whatever was measured
    #[arg(long, value_name = "FOLDER")]
    write: Option<PathBuf>,
}

/// Crates of the main workspace.
const OURS: [&str; 5] = ["sse-proto", "sse-channel", "sse-server", "sse-client", "sse-redis"];

/// Crates whose own lines are counted.
const CRATES: [&str; 13] = [
    "sse-proto",
    "sse-channel",
    "sse-server",
    "sse-client",
    "sse-redis",
    "sse-core",
    "sse-stream",
    "sseer",
    "sse-parse",
    "eventsource-stream",
    "eventsource-client",
    "hyper",
    "axum",
];

fn main() -> anyhow::Result<()> {
    let cli = Cli::parse();
    let mut report = Report::new("footprint", "cargo xtask bench footprint");
    report.note(
        "Lines are those of the folder src that are neither empty nor a comment, without test modules. \
         A cold build has every crate downloaded and nothing compiled; programs are built with thin LTO \
         and one code generation unit per crate, on all cores, and stripped.",
    );
    let packages = cargo::packages()?;
    let mut table = Table::new("crates", ["lines", "longest file", "crates below it"]);
    for name in CRATES {
        let Some(package) = packages.iter().find(|it| it.name == name) else {
            continue;
        };
        let lines = lines::of(&package.source())?;
        let is_ours = OURS.contains(&name);
        let tree = if is_ours { cargo::tree_of_ours(name, &[])? } else { cargo::tree(name)? };
        let below = tree.len() - 1;
        let cells = [lines.sum, lines.longest, below]
            .map(|it| Cell::number(it as f64).shown_as(it.to_string()));
        table.row(format!("{name} {}", package.version), cells);
    }
    for name in OURS {
        let below = cargo::tree_of_ours(name, &["--no-default-features"])?.len() - 1;
        let cells =
            [Cell::none(), Cell::none(), Cell::number(below as f64).shown_as(below.to_string())];
        table.row(format!("{name} without default features"), cells);
    }
    report.table(table);
    minimal::measure(cli.quick, &mut report)?;
    if !cli.quick {
        embedded::measure(&mut report)?;
    }
    report.finish(!cli.quick, cli.write)
}
