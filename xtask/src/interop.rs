//! `cargo xtask interop`: who understands whom, as a matrix.

mod carrier;
mod clients;
mod curl;
mod demos;
mod differential;
mod engines;
mod faults;
mod gap;
mod go;
mod matrix;
mod output;
mod pages;
mod plan;
mod playing;
mod proxies;
mod runner;
mod served;
mod servers;
mod setup;

use std::time::Instant;

use anstream::println;
use anyhow::{bail, ensure};

use crate::steps::Step;
use differential::Streams;
use faults::Faults;
use matrix::{Column, Sheet, Verdict};

/// Try our server and our client with the clients, servers, engines and proxies that people use
///
/// Writes target/interop/index.html and matrix.json. What is missing is installed on a Debian
/// system when called as root, packages of npm and PyPI into target/interop; what cannot be had is
/// "not run". Fails when a cell fails that tests/interop/faults.txt does not explain.
#[derive(clap::Args)]
pub(crate) struct Args {
    /// Only cells whose section, column or row has this name (may be repeated: any of them)
    #[arg(long, value_name = "NAME")]
    only: Vec<String>,
    /// Only the part that belongs to `cargo xtask test`
    #[arg(long)]
    quick: bool,
    /// List sections, columns and rows, and end
    #[arg(long)]
    list: bool,
    /// Which random streams the differential test sends
    #[arg(long, default_value_t = 1)]
    seed: u64,
    /// How many random streams the differential test sends to each engine
    #[arg(long, default_value_t = 5000)]
    streams: usize,
    /// How many columns are filled at a time
    #[arg(long, default_value_t = 4)]
    jobs: usize,
}

impl Args {
    pub(crate) fn run(self) -> anyhow::Result<()> {
        let began = Instant::now();
        let faults = Faults::read()?;
        let columns = choose(
            plan::columns(Streams { seed: self.seed, count: self.streams })?,
            &self.only,
            self.quick,
        )?;
        if self.list {
            list(&columns);
            return Ok(());
        }
        let sheets = runner::fill(columns, self.jobs, &faults);
        output::print(&sheets);
        output::write(&sheets)?;
        println!(
            "{:.0} s; target/interop/index.html shows each cell",
            began.elapsed().as_secs_f32()
        );
        check(&sheets, &faults)
    }
}

/// The quick part, as a step of `cargo xtask test`.
pub(crate) fn step() -> Step {
    Step::new("interop", "the quick part of cargo xtask interop", |report| {
        let faults = Faults::read()?;
        let sheets = runner::fill(
            choose(plan::columns(Streams { seed: 1, count: 5000 })?, &[], true)?,
            4,
            &faults,
        );
        output::write(&sheets)?;
        for sheet in &sheets {
            for cell in &sheet.cells {
                let (verdict, why) = (cell.verdict.word(), cell.verdict.text());
                report.log(format_args!("{}: {} {verdict} {why}", sheet.column, cell.row));
            }
        }
        check(&sheets, &faults)
    })
}

/// The columns that are wanted, with the rows that are.
fn choose(columns: Vec<Column>, only: &[String], quick: bool) -> anyhow::Result<Vec<Column>> {
    let mut unknown: Vec<&String> = only.iter().collect();
    let mut chosen = Vec::new();
    for mut column in columns {
        let named = |name: &str| only.iter().any(|it| it == name);
        let column_is_named = named(column.section) || named(&column.name);
        unknown.retain(|it| {
            **it != column.section
                && **it != column.name
                && !column.rows.iter().any(|row| row.name == **it)
        });
        if !only.is_empty() {
            let rows_are_named = column.rows.iter().any(|row| named(&row.name));
            if rows_are_named {
                column.rows.retain(|row| named(&row.name));
            }
            if !column_is_named && !rows_are_named {
                continue;
            }
        }
        if column.is_quick || !quick {
            chosen.push(column);
        }
    }
    ensure!(unknown.is_empty(), "there is no {}; --list shows what there is", unknown[0]);
    Ok(chosen)
}

fn list(columns: &[Column]) {
    let mut section = "";
    for column in columns {
        if column.section != section {
            section = column.section;
            println!("\n\x1b[1m{section}\x1b[0m");
            for row in &column.rows {
                println!("  {:<32} {}", row.name, row.about);
            }
        }
        let quick = if column.is_quick { ", quick" } else { "" };
        println!("  x {} ({} rows{quick})", column.name, column.rows.len());
    }
}

/// Fails when a cell failed that is not explained, and when there is no cell that passed.
fn check(sheets: &[Sheet], faults: &Faults) -> anyhow::Result<()> {
    let mut failed = Vec::new();
    let mut passed = 0;
    for sheet in sheets {
        for cell in &sheet.cells {
            let known = faults.find(sheet.section, &sheet.column, &cell.row);
            match &cell.verdict {
                Verdict::Passed if known.is_some() => {
                    passed += 1;
                    println!(
                        "tests/interop/faults.txt explains what passed: {} {}",
                        sheet.column, cell.row
                    );
                }
                Verdict::Passed => passed += 1,
                Verdict::Failed(_) => failed.push(format!("{} × {}", cell.row, sheet.column)),
                _ => {}
            }
        }
    }
    if !failed.is_empty() {
        bail!("{} cells failed: {}", failed.len(), failed.join(", "));
    }
    ensure!(passed > 0, "nothing could be tried");
    Ok(())
}
