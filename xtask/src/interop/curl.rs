//! curl: the bytes that come are the bytes that were sent.

use std::io::Read;
use std::process::{Command, Stdio};
use std::sync::mpsc;
use std::thread;
use std::time::{Duration, Instant};

use anyhow::Context;
use sse_scenarios::{Need, Scenario, path};
use testkit::Child;

use super::carrier::Carrier;
use super::matrix::{Cell, Sheet, Verdict};
use super::playing::{LIMIT, new_run, shown};
use crate::requirements::CURL;
use crate::steps::Report;

/// How long nothing may come before the answer is taken for complete: longer than each pause.
const SILENCE: Duration = Duration::from_millis(1500);

/// Asks curl for the first answer of each scenario that the sheet wants, with more arguments.
pub(super) fn play(sheet: &mut Sheet, carrier: &Carrier, arguments: &[&str]) -> anyhow::Result<()> {
    let curl = CURL.ensure(&mut Report::quiet())?;
    let version = Report::quiet().run(Command::new(&curl).arg("--version"))?;
    sheet.version = version.split_whitespace().nth(1).unwrap_or_default().to_owned();
    for scenario in sse_scenarios::all() {
        if !sheet.wants(scenario.name) {
            continue;
        }
        let is_stream = scenario.answers.first().is_some_and(|answer| answer.status == 200);
        let other = if !is_stream || scenario.needs.contains(&Need::Origins) {
            Some("there are no bytes of a stream to compare")
        } else if scenario.restarts() {
            Some("a server that shuts down may say when to come back")
        } else {
            None
        };
        if let Some(why) = (carrier.refuses)(&scenario).or(other) {
            sheet.put_verdict(scenario.name, Verdict::NotApplicable(why.to_owned()));
            continue;
        }
        let mut command = Command::new(&curl);
        command.args(["--silent", "--no-buffer", "--noproxy", "*"]).args(arguments);
        command.arg(format!("{}{}", carrier.base, path(&new_run(), scenario.name)));
        let cell = compare(&scenario, command)?;
        sheet.put(cell);
    }
    Ok(())
}

fn compare(scenario: &Scenario, mut command: Command) -> anyhow::Result<Cell> {
    let sent = scenario.answers.first().map(|answer| answer.body()).unwrap_or_default();
    let began = Instant::now();
    let came = read(&mut command, sent.len())?;
    let verdict = match came == sent {
        true => Verdict::Passed,
        false => {
            let same = came.iter().zip(&sent).take_while(|(came, sent)| came == sent).count();
            let (came, sent) = (came.len(), sent.len());
            Verdict::Failed(format!(
                "{came} bytes came of {sent}, of which the first {same} are right"
            ))
        }
    };
    let (row, seen) = (scenario.name.to_owned(), shown(&came));
    Ok(Cell { row, verdict, seen, picture: None, milliseconds: began.elapsed().as_millis() })
}

/// Reads what curl writes, until it ends, or is silent after the last byte that is due.
fn read(command: &mut Command, due: usize) -> anyhow::Result<Vec<u8>> {
    command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::null());
    let mut child = Child::spawn(command)?;
    let mut output = child.inner().stdout.take().context("curl has no output")?;
    let (sender, pieces) = mpsc::channel();
    thread::spawn(move || {
        let mut piece = [0; 16 * 1024];
        while let Ok(count @ 1..) = output.read(&mut piece) {
            if sender.send(piece[..count].to_vec()).is_err() {
                return;
            }
        }
    });
    let mut came = Vec::new();
    let deadline = Instant::now() + LIMIT;
    while Instant::now() < deadline {
        // What is too much comes at once, if it comes.
        let patience = if came.len() < due { SILENCE } else { Duration::from_millis(50) };
        match pieces.recv_timeout(patience) {
            Ok(piece) => came.extend(piece),
            Err(_) => break,
        }
    }
    Ok(came)
}
