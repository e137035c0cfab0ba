//! Flash and RAM of the codec on bare metal: what `cargo xtask embedded` prints of them.

use std::process::Command;

use anyhow::Context;
use report::{Cell, Report, Table};

use crate::cargo;

/// Each compiler makes programs of another size: the newest that can be had, and the oldest that is supported.
const COMPILERS: [&[&str]; 2] = [&["xtask", "embedded"], &["xtask", "embedded", "--oldest"]];

pub(crate) fn measure(report: &mut Report) -> anyhow::Result<()> {
    for arguments in COMPILERS {
        let output = Command::new("cargo")
            .args(arguments)
            .current_dir(cargo::folder().join(".."))
            .output()
            .context("cannot run cargo")?;
        let text = [output.stdout, output.stderr].concat();
        let Found { compiler: Some(compiler), rows } = found(&String::from_utf8_lossy(&text))
        else {
            report.note(format!(
                "Flash and RAM on bare metal could not be measured here: see `cargo {}`.",
                arguments.join(" ")
            ));
            continue;
        };
        let title = format!("the codec on bare metal, compiled by {compiler}, bytes");
        let mut table = Table::new(title, ["bytes", "what"]);
        for (name, bytes, what) in rows {
            table.row(name, [Cell::number(bytes).shown_as(bytes.to_string()), Cell::text(what)]);
        }
        report.table(table);
    }
    Ok(())
}

#[derive(Default)]
struct Found {
    compiler: Option<String>,
    rows: Vec<(String, f64, String)>,
}

/// A step of that task prints its verdict and name, and below it what it has measured.
fn found(text: &str) -> Found {
    let mut step = "";
    let mut found = Found::default();
    for line in text.lines().map(str::trim).take_while(|line| !line.starts_with("summary")) {
        let mut words = line.split_whitespace();
        if let (Some("ok" | "FAILED" | "not"), Some(name)) = (words.next(), words.next()) {
            step = name;
        }
        if let Some(compiler) = line.strip_prefix("compiled by ") {
            found.compiler = Some(compiler.to_owned());
        }
        for part in ["flash: ", "RAM: "] {
            let Some(measured) = line.strip_prefix(part) else {
                continue;
            };
            let number = measured.split_whitespace().find_map(|it| it.parse().ok());
            let name = format!("{step}, {}", part.trim_end_matches(": "));
            found.rows.extend(number.map(|number| (name, number, measured.to_owned())));
        }
    }
    found
}

#[cfg(test)]
mod tests {
    use super::found;

    #[test]
    fn rows_are_named_after_their_step() {
        let text = "ok     thumbv7m      1.0 s\n       compiled by rustc 1.85.1\n       flash: 40 bytes of text (6 - 2)\n\
                    ok     thumbv6m      1.0 s\n       RAM: Decoder<Fixed<0, 0>>: 72 bytes\n\
                    summary   time processors\n       flash: 1 bytes\n";
        let found = found(text);
        assert_eq!(found.compiler.as_deref(), Some("rustc 1.85.1"));
        assert_eq!(found.rows[0].0, "thumbv7m, flash");
        assert_eq!((found.rows[1].0.as_str(), found.rows[1].1), ("thumbv6m, RAM", 72.0));
        assert_eq!(found.rows.len(), 2);
    }
}
