//! `encode`: events of three shapes, by every encoder.

use std::path::PathBuf;

use anyhow::{anyhow, ensure};
use report::{Bar, Bars, Cell, Group, Report, Role, Spread, Table};
use sse_proto::{Decoder, Item};

use crate::allocations;
use crate::encoders::{self, Case, Encoder};
use crate::rounds::{self, Plan};
use crate::sink::Sink;

#[derive(clap::Args)]
pub(crate) struct Args {
    /// Fewer and shorter rounds; nothing is written
    #[arg(long)]
    quick: bool,
    /// Write the results into this folder, whatever was measured
    #[arg(long, value_name = "FOLDER")]
    write: Option<PathBuf>,
}

/// What was measured for one encoder and one shape of events.
struct Timing {
    seconds: Vec<f64>,
    events: usize,
    allocations: f64,
}

impl Args {
    pub(crate) fn run(self) -> anyhow::Result<()> {
        let plan = Plan::new(self.quick);
        let mut report = Report::new("encode", "cargo xtask bench encode");
        report.note(
            "1,000 events one after another, one thread; encoders take turns in every round, cells show \
             the best round. Building and checking the event is part of the time.",
        );
        let mut packages = encoders::ALL.map(|it| it.package).to_vec();
        packages.dedup();
        let versions = packages.iter().filter(|it| !it.is_empty());
        let versions = versions.map(|it| format!("{it} {}", report::version(it)));
        report.note(format!("Versions: {}.", versions.collect::<Vec<_>>().join(", ")));
        let cases = encoders::cases();
        let timings: Vec<Vec<Result<Timing, String>>> =
            cases.iter().map(|case| measure(plan, case)).collect();
        report.table(table("ns per event", &cases, &timings, nanoseconds));
        report.table(table("allocations per event", &cases, &timings, |it| Some(it.allocations)));
        report.plot("encode", plot(&cases, &timings)?);
        report.finish(!self.quick, self.write)
    }
}

fn measure(plan: Plan, case: &Case) -> Vec<Result<Timing, String>> {
    let samples = case.samples;
    let faults = encoders::ALL.map(|encoder| judge(&encoder, case).err());
    let mut works: Vec<Box<dyn FnMut()>> = Vec::new();
    for (encoder, _) in encoders::ALL.iter().zip(&faults).filter(|it| it.1.is_none()) {
        let encode = encoder.encode;
        works.push(Box::new(move || encode(samples, None)));
    }
    let mut seconds = rounds::measure(plan, &mut works).into_iter();
    let timing = |(encoder, fault): (Encoder, Option<anyhow::Error>)| match fault {
        Some(fault) => Err(fault.to_string()),
        None => Ok(Timing {
            seconds: seconds.next().unwrap_or_default(),
            events: samples.len(),
            allocations: allocations_per_event(&encoder, case),
        }),
    };
    encoders::ALL.into_iter().zip(faults).map(timing).collect()
}

/// Decodes what an encoder has written: it must be the events that it was given.
fn judge(encoder: &Encoder, case: &Case) -> anyhow::Result<()> {
    if encoder.role == Role::Limit {
        return Ok(());
    }
    let mut bytes = Vec::new();
    (encoder.encode)(case.samples, Some(&mut bytes));
    let (mut found, mut expected) = (Sink::hashing(), Sink::hashing());
    let mut id = "";
    for sample in case.samples {
        if !sample.id.is_empty() {
            id = &sample.id;
        }
        expected.event(sample.event_type, &sample.data, id);
    }
    let mut decoder = Decoder::new();
    let mut rest = &bytes[..];
    while let Some(item) = decoder.next(&mut rest) {
        if let Item::Event(event) = item.map_err(|error| anyhow!("{error}"))? {
            found.event(event.event_type(), event.data(), event.last_event_id());
        }
    }
    ensure!(found == expected, "{} of {} events", found.events, expected.events);
    Ok(())
}

fn allocations_per_event(encoder: &Encoder, case: &Case) -> f64 {
    let (half, _) = case.samples.split_at(case.samples.len() / 2);
    let whole = allocations::during(|| (encoder.encode)(case.samples, None));
    let first = allocations::during(|| (encoder.encode)(half, None));
    whole.saturating_sub(first) as f64 / (case.samples.len() - half.len()) as f64
}

fn nanoseconds(timing: &Timing) -> Option<f64> {
    let best = Spread::of(timing.seconds.iter().copied())?.least;
    Some(best * 1e9 / timing.events as f64)
}

fn table(
    unit: &str,
    cases: &[Case],
    timings: &[Vec<Result<Timing, String>>],
    value: impl Fn(&Timing) -> Option<f64>,
) -> Table {
    let mut table = Table::new(format!("encode, {unit}"), cases.iter().map(|it| it.name));
    for (index, encoder) in encoders::ALL.iter().enumerate() {
        let cells = timings.iter().filter_map(|case| {
            Some(match case.get(index)? {
                Ok(timing) => Cell::from(value(timing)).with_detail(&timing.seconds),
                Err(why) => Cell::text("wrong").with_detail(why),
            })
        });
        table.row(encoder.name, cells);
    }
    table
}

fn plot(cases: &[Case], timings: &[Vec<Result<Timing, String>>]) -> anyhow::Result<String> {
    let bar = |encoder: &Encoder, timing: Option<&Result<Timing, String>>| {
        let value = timing.and_then(|it| nanoseconds(it.as_ref().ok()?));
        let parts = value.into_iter().collect();
        Bar { name: encoder.name.to_owned(), role: encoder.role, parts, quartiles: None }
    };
    let groups = cases.iter().zip(timings).map(|(case, timings)| Group {
        name: case.name.to_owned(),
        bars: (encoders::ALL.iter().enumerate())
            .map(|(index, encoder)| bar(encoder, timings.get(index)))
            .collect(),
    });
    Bars {
        title: "Encoding one event".to_owned(),
        about: "ns, shorter is better; each group has its own scale".to_owned(),
        parts: Vec::new(),
        groups: groups.collect(),
    }
    .svg()
}
