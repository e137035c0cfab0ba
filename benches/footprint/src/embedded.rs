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
    let rows = rows(&String::from_utf8_lossy(&text));
    if rows.is_empty() {
        report.note(
            "Flash and RAM on bare metal could not be measured here: see `cargo xtask embedded`.",
        );
        return Ok(());
    }
    let mut table = Table::new("the codec on bare metal, bytes", ["bytes", "what"]);
    for (name, bytes, what) in rows {
        table.row(name, [Cell::number(bytes).shown_as(bytes.to_string()), Cell::text(what)]);
    }
    report.table(table);
    Ok(())
}

/// A step of that task prints its verdict and name, and below it what it has measured.
fn rows(text: &str) -> Vec<(String, f64, String)> {
    let mut step = "";
    let mut rows = Vec::new();
    for line in text.lines().map(str::trim).take_while(|line| *line != "summary") {
        let mut words = line.split_whitespace();
        if let (Some("ok" | "FAILED" | "not"), Some(name)) = (words.next(), words.next()) {
            step = name;
        }
        for part in ["flash: ", "RAM: "] {
            let Some(measured) = line.strip_prefix(part) else {
                continue;
            };
            let number = measured.split_whitespace().find_map(|it| it.parse().ok());
            let name = format!("{step}, {}", part.trim_end_matches(": "));
            rows.extend(number.map(|number| (name, number, measured.to_owned())));
        }
    }
    rows
}

#[cfg(test)]
mod tests {
    use super::rows;

    #[test]
    fn rows_are_named_after_their_step() {
        let text = "ok     thumbv7m      1.0 s\n       flash: 40 bytes of text (6 - 2)\n\
                    ok     thumbv6m      1.0 s\n       RAM: Decoder<Fixed<0, 0>>: 72 bytes\n";
        let found = rows(text);
        assert_eq!(found[0].0, "thumbv7m, flash");
        assert_eq!((found[1].0.as_str(), found[1].1), ("thumbv6m, RAM", 72.0));
    }
}
