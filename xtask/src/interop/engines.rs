//! Scenarios played to the engines, by the driver page of the scenario server.

use std::slice;
use std::time::{Duration, Instant};

use anyhow::{Context, anyhow};
use serde_json::{Value, json};
use sse_scenarios::{Need, Note, Order, Scenario, Sighting, path};
use testkit::wait::Look;

use super::carrier::Carrier;
use super::matrix::{Cell, Sheet, Verdict};
use super::playing::{LIMIT, judge, new_run, visits};
use crate::browser::{Browser, Engine};
use crate::steps::Report;

/// How many streams a page follows at a time: fewer than the six connections that it has to an origin.
const WIDTH: usize = 4;
/// How many scenarios are given to a page at once, so that its answer stays small.
const BATCH: usize = 12;

/// Where in a browser the event sources are.
#[derive(Clone, Copy)]
pub(super) enum Place {
    Page,
    Worker,
    SharedWorker,
}

impl Place {
    fn name(self) -> &'static str {
        match self {
            Place::Page => "page",
            Place::Worker => "worker",
            Place::SharedWorker => "shared-worker",
        }
    }
}

/// Plays the scenarios that the sheet wants.
pub(super) fn play(
    sheet: &mut Sheet,
    engine: &'static Engine,
    place: Place,
    carrier: &Carrier,
) -> anyhow::Result<()> {
    let browser = engine.start(&mut Report::quiet())?;
    sheet.version = browser.version().to_owned();
    let all: Vec<Scenario> = sse_scenarios::all();
    let wanted = all.into_iter().filter(|scenario| sheet.wants(scenario.name));
    let mut own = Vec::new();
    let mut others = Vec::new();
    let mut alone = Vec::new();
    for scenario in wanted.collect::<Vec<_>>() {
        match (carrier.refuses)(&scenario) {
            Some(why) => {
                sheet.put_verdict(scenario.name, Verdict::NotApplicable(why.to_owned()));
            }
            None if scenario.restarts() => alone.push(scenario),
            None if scenario.needs.contains(&Need::Origins) => others.push(scenario),
            None => own.push(scenario),
        }
    }
    // A page of another origin than the streams: the same server under its other name.
    let base = carrier.base.as_str();
    let other = base.replacen("127.0.0.1", "localhost", 1);
    for (page, scenarios) in [(base, own), (&other, others)] {
        for batch in scenarios.chunks(BATCH) {
            play_batch(sheet, &browser, place, page, carrier, batch)?;
        }
    }
    for scenario in alone {
        carrier.with_own(&scenario, |own| {
            play_batch(sheet, &browser, place, &own.base, own, slice::from_ref(&scenario))
        })?;
    }
    Ok(())
}

fn play_batch(
    sheet: &mut Sheet,
    browser: &Browser,
    place: Place,
    page: &str,
    carrier: &Carrier,
    scenarios: &[Scenario],
) -> anyhow::Result<()> {
    let runs: Vec<String> = scenarios.iter().map(|_| new_run()).collect();
    let orders = scenarios.iter().zip(&runs).map(|(scenario, run)| {
        let order = Order::new(scenario, &format!("{}{}", carrier.base, path(run, scenario.name)));
        serde_json::from_str::<Value>(&order.to_line()).unwrap_or_default()
    });
    let orders: Vec<Value> = orders.collect();
    browser.open(&format!("{page}/driver"))?;
    let (place, limit) = (place.name(), LIMIT.as_millis());
    let began = Instant::now();
    browser.script(&format!("runAll({}, '{place}', {limit}, {WIDTH})", json!(orders)))?;
    let rounds = u32::try_from(scenarios.len().div_ceil(WIDTH) + 1).unwrap_or(u32::MAX);
    let results = wait_for_results(browser, LIMIT * rounds)?;
    // One for all of the batch: the page shows what it saw of each.
    let picture = browser.screenshot().ok();
    for (index, (scenario, run)) in scenarios.iter().zip(&runs).enumerate() {
        let notes = results.get(index).and_then(Value::as_array).map(Vec::as_slice);
        let notes = notes.context("the page has no notes of a scenario");
        let seen = notes.and_then(|notes| {
            let notes = notes.iter().map(|note| Note::from_json(note, Duration::ZERO));
            let notes = notes.collect::<Result<Vec<_>, _>>().map_err(|error| anyhow!(error))?;
            Ok(Sighting { notes })
        });
        let elapsed = began.elapsed();
        let cell = judge(scenario, seen, visits(carrier, run, scenario), elapsed);
        sheet.put(Cell { picture: picture.clone(), ..cell });
    }
    Ok(())
}

pub(super) fn wait_for_results(browser: &Browser, limit: Duration) -> anyhow::Result<Vec<Value>> {
    testkit::wait::within(limit, "the scenarios are played", || {
        Ok(match browser.script("return window.results === null ? null : results")? {
            Value::Array(results) => Look::Reached(results),
            other => Look::NotYet(other.to_string()),
        })
    })
}
