//! The faults of peers that are known: what `tests/interop/faults.txt` says of them.
//!
//! A line is `COLUMN | ROW ROW... | why, with the clause`. A cell that fails and is named is
//! explained; one that is named and passes is told, so that the list stays true.

use std::fs;

use anyhow::{Context, ensure};

use super::matrix::{Cell, Verdict};
use crate::workspace::workspace;

const FILE: &str = "tests/interop/faults.txt";

/// What is known.
pub(super) struct Faults(Vec<Fault>);

struct Fault {
    column: String,
    rows: Vec<String>,
    why: String,
}

impl Faults {
    pub(super) fn read() -> anyhow::Result<Faults> {
        let text = fs::read_to_string(workspace().join(FILE)).with_context(|| FILE.to_owned())?;
        Faults::parse(&text)
    }

    fn parse(text: &str) -> anyhow::Result<Faults> {
        let mut faults = Vec::new();
        for line in text.lines().filter(|line| !line.is_empty() && !line.starts_with('#')) {
            let parts: Vec<&str> = line.splitn(3, '|').map(str::trim).collect();
            ensure!(parts.len() == 3, "{FILE}: not COLUMN | ROW... | why: {line}");
            faults.push(Fault {
                column: parts[0].to_owned(),
                rows: parts[1].split_whitespace().map(str::to_owned).collect(),
                why: parts[2].to_owned(),
            });
        }
        Ok(Faults(faults))
    }

    /// Says why a cell failed, if that is known.
    pub(super) fn explain(&self, section: &str, column: &str, cell: &mut Cell) {
        if let (Verdict::Failed(what), Some(why)) =
            (&cell.verdict, self.find(section, column, &cell.row))
        {
            cell.verdict = Verdict::Explained(what.clone(), why.to_owned());
        }
    }

    /// What is known of a cell. A column may be named with its section before it, as in `A: b`; one
    /// that is called after a peer behind something else, as in `proxy: peer`, has the peer's faults.
    pub(super) fn find(&self, section: &str, column: &str, row: &str) -> Option<&str> {
        let whole = format!("{section}: {column}");
        let peer = column.rsplit(": ").next().unwrap_or(column);
        let fault = self.0.iter().find(|fault| {
            [column, &whole, peer].contains(&fault.column.as_str())
                && fault.rows.iter().any(|it| it == row)
        });
        fault.map(|fault| fault.why.as_str())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn cell(verdict: Verdict) -> Cell {
        let (row, seen) = ("cr-at-once".to_owned(), String::new());
        Cell { row, verdict, seen, picture: None, milliseconds: 0 }
    }

    #[test]
    fn only_a_failure_that_is_named_is_explained() {
        let faults =
            Faults::parse("# known\nclient | bom cr-at-once | waits for LF\n").expect("a list");
        let mut failed = cell(Verdict::Failed("late".to_owned()));
        faults.explain("scenarios", "other", &mut failed);
        assert!(matches!(failed.verdict, Verdict::Failed(_)));
        faults.explain("scenarios", "client", &mut failed);
        assert!(failed.verdict == Verdict::Explained("late".to_owned(), "waits for LF".to_owned()));
        let mut passed = cell(Verdict::Passed);
        faults.explain("scenarios", "client", &mut passed);
        assert!(passed.verdict == Verdict::Passed);
        assert!(Faults::parse("client | bom\n").is_err());
    }
}
