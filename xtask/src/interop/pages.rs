//! The demo pages and what else is a page of its own, as cells.

use std::time::Instant;

use super::matrix::{Cell, Row, Sheet, Verdict};
use crate::browser::Engine;
use crate::pages::{self, programs::executables};
use crate::steps::{Report, Step};

pub(super) fn rows(engine: &'static Engine) -> Vec<Row> {
    let row = |step: Step| Row {
        group: "pages".to_owned(),
        name: name(&step).to_owned(),
        about: step.about,
        clause: String::new(),
        sent: "see xtask/src/pages".to_owned(),
    };
    pages::steps(engine).into_iter().map(row).collect()
}

/// Runs the cases that the sheet wants, each with a browser of its own.
pub(super) fn play(sheet: &mut Sheet, engine: &'static Engine) -> anyhow::Result<()> {
    executables(&mut Report::quiet())?;
    let browser = engine.start(&mut Report::quiet())?;
    sheet.version = browser.version().to_owned();
    drop(browser);
    for step in pages::steps(engine) {
        if !sheet.wants(name(&step)) {
            continue;
        }
        let mut report = Report::quiet();
        let began = Instant::now();
        let verdict = match step.attempt(&mut report) {
            Ok(()) => Verdict::Passed,
            Err(error) => Verdict::Failed(format!("{error:#}")),
        };
        let (row, seen) = (name(&step).to_owned(), report.output().to_owned());
        let picture = report.picture().map(str::to_owned);
        sheet.put(Cell { row, verdict, seen, picture, milliseconds: began.elapsed().as_millis() });
    }
    Ok(())
}

/// The name without the engine's.
fn name(step: &Step) -> &str {
    step.name.split_once('/').map_or(step.name.as_str(), |(_, name)| name)
}
