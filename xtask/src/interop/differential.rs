//! Random event streams to an engine and to our decoder: the program `differential` compares, a
//! browser follows its page.

use std::io::{BufRead, BufReader};
use std::process::{Command, Stdio};
use std::time::Instant;

use anyhow::Context;
use testkit::Child;

use super::matrix::{Cell, Row, Sheet, Verdict};
use crate::browser::Engine;
use crate::pages::programs::executables;
use crate::steps::Report;

/// Which streams, and how many.
#[derive(Clone, Copy)]
pub(super) struct Streams {
    pub(super) seed: u64,
    pub(super) count: usize,
}

const ROW: &str = "random-streams";

pub(super) fn rows(streams: Streams) -> Vec<Row> {
    let Streams { seed, count } = streams;
    vec![Row {
        group: "differential test".to_owned(),
        name: ROW.to_owned(),
        about: format!(
            "{count} random streams of seed {seed}: type, data, last event ID, next request"
        ),
        clause: "9.2.6, all of it".to_owned(),
        sent: format!("cargo run -p tests --bin differential -- --streams {count} --seed {seed}"),
    }]
}

/// Lets the engine follow the streams.
pub(super) fn play(
    sheet: &mut Sheet,
    engine: &'static Engine,
    streams: Streams,
) -> anyhow::Result<()> {
    let path = executables(&mut Report::quiet())?.get("differential");
    let browser = engine.start(&mut Report::quiet())?;
    sheet.version = browser.version().to_owned();
    let began = Instant::now();
    let mut command = Command::new(path.context("there is no program differential")?);
    command.args(["--known", engine.name, "--seed", &streams.seed.to_string()]);
    command.args(["--streams", &streams.count.to_string()]);
    command.stdin(Stdio::null()).stdout(Stdio::piped());
    let mut child = Child::spawn(&mut command)?;
    let output = child.inner().stdout.take().context("the program has no output")?;
    let mut seen = String::new();
    for line in BufReader::new(output).lines().map_while(Result::ok) {
        if let Some(url) = line.strip_prefix("Open ") {
            browser.open(url)?;
        } else {
            seen.push_str(&line);
            seen.push('\n');
        }
    }
    let verdict = match child.wait()?.success() {
        true => Verdict::Passed,
        false => Verdict::Failed(seen.clone()),
    };
    let picture = browser.screenshot().ok();
    let milliseconds = began.elapsed().as_millis();
    sheet.put(Cell { row: ROW.to_owned(), verdict, seen, picture, milliseconds });
    Ok(())
}
