//! Flash and RAM of the codec on bare metal: what `cargo xtask embedded` prints of them.

use std::process::Command;

use anyhow::Context;
use report::{Cell, Report, Table};

use crate::cargo;

pub(crate) fn measure(report: &mut Report) -> anyhow::Result<()> {
    let output = Command::new("cargo")
        .args(["xtask", "embedded"])
        .current_dir(cargo::folder().join(".."))
        .output()
        .context("cannot run cargo")?;
    let text = [output.stdout, output.stderr].concat();
    let text = String::from_utf8_lossy(&text);
    let mut table = Table::new("the codec on bare metal", [""]);
    let mut any = false;
    for line in text.lines().map(str::trim) {
        for part in ["flash: ", "RAM: "] {
            if let Some((_, measured)) = line.split_once(part) {
                any = true;
                table.row(part.trim_end_matches(": "), [Cell::text(measured)]);
            }
        }
    }
    if any {
        report.table(table);
    } else {
        report.note(
            "Flash and RAM on bare metal could not be measured here: see `cargo xtask embedded`.",
        );
    }
    Ok(())
}
