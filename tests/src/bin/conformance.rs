//! Prints the standard clause by clause: the sentence, the lines of the codec that quote it, the
//! vectors that it decides, pass or fail.
//!
//! A clause that no vector cites fails, and one that no line quotes, unless `clauses.txt` says why. `cargo xtask conformance` runs this.

use std::process::ExitCode;

use tests::conformance::check;
use tests::quotations::{self, Comment};
use tests::vectors::{self, Clause, Vector};

/// The width of the printed page.
const COLUMNS: usize = 100;

fn main() -> ExitCode {
    let results: Vec<(Vector, Result<(), String>)> = vectors::load()
        .into_iter()
        .map(|vector| {
            let result = check(&vector);
            (vector, result)
        })
        .collect();
    let clauses = vectors::clauses();
    let comments = quotations::comments();
    let mut section = "";
    let mut failed = 0;
    for clause in &clauses {
        if clause.section != section {
            section = &clause.section;
            println!("\n{section}");
        }
        failed += usize::from(!print(clause, &comments, &results));
    }
    let broken: Vec<_> = (results.iter())
        .filter_map(|(vector, result)| Some((vector, result.as_ref().err()?)))
        .collect();
    for (vector, error) in &broken {
        println!("\n{}: {error}", vector.name);
    }
    println!(
        "\n{} of {} clauses and {} of {} vectors pass",
        clauses.len() - failed,
        clauses.len(),
        results.len() - broken.len(),
        results.len(),
    );
    if failed + broken.len() == 0 { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}

/// Prints a clause. Whether code quotes it, vectors cite it, and all of them pass.
fn print(clause: &Clause, comments: &[Comment], results: &[(Vector, Result<(), String>)]) -> bool {
    let citing = || results.iter().filter(|(vector, _)| vector.cites.contains(&clause.id));
    let places = quotations::of(clause, comments);
    let is_quoted = places.is_empty() == clause.no_code.is_some();
    let passes = is_quoted && citing().count() > 0 && citing().all(|(_, it)| it.is_ok());
    let verdict = if passes { "pass" } else { "FAIL" };
    println!("\n  {verdict}  {}", clause.id);
    print_wrapped(&clause.sentence);
    match (places.join(", ").as_str(), &clause.no_code) {
        ("", Some(reason)) => print_wrapped(&format!("no code: {reason}")),
        ("", None) => print_wrapped("FAIL: no line of the codec quotes this clause"),
        (places, Some(_)) => {
            print_wrapped(&format!("FAIL: said to have no code, quoted at {places}"))
        }
        (places, None) => print_wrapped(&format!("code: {places}")),
    }
    let names: Vec<String> = citing()
        .map(|(vector, result)| match result {
            Ok(()) => vector.name.clone(),
            Err(_) => format!("{} (FAIL)", vector.name),
        })
        .collect();
    match names.len() {
        0 => print_wrapped("no vector cites this clause"),
        1 => print_wrapped(&format!("1 vector: {}", names[0])),
        count => print_wrapped(&format!("{count} vectors: {}", names.join(", "))),
    }
    passes
}

fn print_wrapped(text: &str) {
    const INDENT: usize = 8;
    let mut line = String::new();
    for word in text.split(' ') {
        if INDENT + line.len() + word.len() > COLUMNS {
            println!("{:INDENT$}{}", "", line.trim_end());
            line.clear();
        }
        line.push_str(word);
        line.push(' ');
    }
    println!("{:INDENT$}{}", "", line.trim_end());
}
