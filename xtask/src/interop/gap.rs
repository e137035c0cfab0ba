//! A client that was away for too long: our server has to tell it so before it sends what is left.

use std::time::{Duration, Instant};

use anyhow::Context;
use serde_json::json;
use sse_scenarios::{Event, Order, Sighting};

use super::clients::Client;
use super::engines::wait_for_results;
use super::matrix::{Cell, Row, Sheet, Verdict};
use super::playing::{LIMIT, Program, new_run, told};
use crate::browser::Engine;
use crate::steps::Report;

const ROW: &str = "gap-told";

pub(super) fn rows() -> Vec<Row> {
    vec![Row {
        group: "channels".to_owned(),
        name: ROW.to_owned(),
        about: "Two events, the end; while the client is away more are published than are held."
            .to_owned(),
        clause: "9.2.3 sends the last event ID; what a server does with it is its own affair"
            .to_owned(),
        sent: "1, 2, the end; then a gap, and what the channel still holds of 3 to 10".to_owned(),
    }]
}

/// Lets a client outside of browsers be away.
pub(super) fn play(sheet: &mut Sheet, client: &Client, base: &str) -> anyhow::Result<()> {
    sheet.version = (client.version)();
    let began = Instant::now();
    let seen = Program::start(client)?.run(&order(base), LIMIT * 2)?;
    sheet.put(cell(&seen, began));
    Ok(())
}

/// Lets a page be away.
pub(super) fn play_in(
    sheet: &mut Sheet,
    engine: &'static Engine,
    base: &str,
) -> anyhow::Result<()> {
    let browser = engine.start(&mut Report::quiet())?;
    sheet.version = browser.version().to_owned();
    let began = Instant::now();
    browser.open(&format!("{base}/driver"))?;
    let order: serde_json::Value = serde_json::from_str(&order(base).to_line())?;
    browser.script(&format!("runAll({}, 'page', {}, 1)", json!([order]), LIMIT.as_millis()))?;
    let results = wait_for_results(&browser, LIMIT * 2)?;
    let notes = results.first().and_then(|it| it.as_array()).context("no notes")?;
    let notes = notes.iter().map(|it| sse_scenarios::Note::from_json(it, Duration::ZERO));
    let notes = notes.collect::<Result<_, _>>().map_err(|error| anyhow::anyhow!(error))?;
    let picture = browser.screenshot().ok();
    sheet.put(Cell { picture, ..cell(&Sighting { notes }, began) });
    Ok(())
}

fn order(base: &str) -> Order {
    let event_types = ["message", "gap", "done"].map(str::to_owned).into();
    Order { url: format!("{base}/gap/{}", new_run()), event_types, credentials: false }
}

fn cell(seen: &Sighting, began: Instant) -> Cell {
    let events: Vec<Event> = seen.events().cloned().collect();
    let verdict = match check(&events) {
        Ok(()) => Verdict::Passed,
        Err(wrong) => Verdict::Failed(wrong),
    };
    let milliseconds = began.elapsed().as_millis();
    Cell { row: ROW.to_owned(), verdict, seen: told(seen, &[]), picture: None, milliseconds }
}

/// After 2 comes 3, or a gap; after the gap everything to the end without another.
fn check(events: &[Event]) -> Result<(), String> {
    let mut next = 1;
    let mut gaps = 0;
    for event in events {
        match (event.event_type.as_str(), event.data.parse::<u32>()) {
            ("gap", _) => gaps += 1,
            ("message", Ok(number)) if number == next => next += 1,
            ("message", Ok(number)) if gaps == 1 && next == 3 => next = number + 1,
            ("message", Ok(number)) => {
                return Err(format!("{number} came, {next} was due, and no gap was told"));
            }
            ("done", _) if next == 11 && gaps == 1 => return Ok(()),
            (kind, _) => {
                return Err(format!(
                    "{kind} {:?} came when {next} was due, {gaps} gaps told",
                    event.data
                ));
            }
        }
    }
    Err(format!("it ended when {next} was due, {gaps} gaps told"))
}
