//! The matrix in a terminal: a line for each row, a mark for each column.

use anstream::println;

use super::sections;
use crate::interop::matrix::{Sheet, Verdict};

/// Prints the table of each section.
pub(in crate::interop) fn print(sheets: &[Sheet]) {
    for (name, sheets) in sections(sheets) {
        println!("\n\x1b[1m{name}\x1b[0m");
        for (number, sheet) in (1..).zip(&sheets) {
            println!("  {number:>2} {} \x1b[2m{}\x1b[0m", sheet.column, sheet.version);
        }
        let numbers: String = (1..=sheets.len()).map(|number| format!("{number:>3}")).collect();
        println!("  {:<32}{numbers}", "");
        let mut rows: Vec<&str> = Vec::new();
        for row in sheets.iter().flat_map(|sheet| &sheet.rows) {
            if !rows.contains(&row.name.as_str()) {
                rows.push(&row.name);
            }
        }
        for row in rows {
            let marks: String = sheets.iter().map(|sheet| mark(sheet, row)).collect();
            println!("  {row:<32}{marks}");
        }
    }
    println!(
        "\n\x1b[32m+\x1b[0m passed  \x1b[1;31mX\x1b[0m failed  \x1b[33mx\x1b[0m explained: the peer's fault or choice  \
         \x1b[2m.\x1b[0m not applicable  \x1b[35m?\x1b[0m not run"
    );
}

fn mark(sheet: &Sheet, row: &str) -> &'static str {
    match sheet.cells.iter().find(|cell| cell.row == row).map(|cell| &cell.verdict) {
        None => "   ",
        Some(Verdict::Passed) => "  \x1b[32m+\x1b[0m",
        Some(Verdict::Failed(_)) => "  \x1b[1;31mX\x1b[0m",
        Some(Verdict::Explained(..)) => "  \x1b[33mx\x1b[0m",
        Some(Verdict::NotApplicable(_)) => "  \x1b[2m.\x1b[0m",
        Some(Verdict::NotRun(_)) => "  \x1b[35m?\x1b[0m",
    }
}
