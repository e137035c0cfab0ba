//! Scenarios played to a client, and what came of it as cells.

use std::fmt::Write as _;
use std::process::{ChildStdin, Stdio};
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::{Duration, Instant};

use anyhow::{Context, anyhow};
use sse_scenarios::{Driver, Order, Scenario, Sighting, Step, Visit, What, complaints, path};
use testkit::Child;

use super::carrier::Carrier;
use super::clients::Client;
use super::matrix::{Cell, Row, Sheet, Verdict};

/// How long a client may take for a scenario, on a busy machine.
pub(super) const LIMIT: Duration = Duration::from_secs(10);
/// How much of an event or of a body is shown.
const SHOWN: usize = 300;

/// The rows of all scenarios.
pub(super) fn rows() -> Vec<Row> {
    let groups = sse_scenarios::groups();
    let rows = groups.iter().flat_map(|group| {
        group.scenarios.iter().map(|scenario| Row {
            group: group.name.to_owned(),
            name: scenario.name.to_owned(),
            about: scenario.about.to_owned(),
            clause: scenario.clause.to_owned(),
            sent: sent(scenario),
        })
    });
    rows.collect()
}

/// Plays the scenarios that the sheet wants, one after the other.
pub(super) fn play(sheet: &mut Sheet, client: &Client, carrier: &Carrier) -> anyhow::Result<()> {
    sheet.version = (client.version)();
    let mut program: Option<Program> = None;
    for scenario in sse_scenarios::all() {
        if !sheet.wants(scenario.name) {
            continue;
        }
        let lack = scenario.needs.iter().find(|need| client.lacks.contains(need));
        if let Some(why) = (carrier.refuses)(&scenario).or(lack.map(|need| need.lack())) {
            sheet.put_verdict(scenario.name, Verdict::NotApplicable(why.to_owned()));
            continue;
        }
        // Where times are judged, a busy machine gets a second chance.
        let is_timed =
            scenario.expected.apart.is_some() || scenario.expected.returns_after.is_some();
        let mut attempt =
            || carrier.with_own(&scenario, |it| try_once(&mut program, client, it, &scenario));
        let mut cell = attempt()?;
        if is_timed && cell.verdict != Verdict::Passed {
            cell = attempt()?;
        }
        sheet.put(cell);
    }
    Ok(())
}

/// A running driver.
pub(super) struct Program {
    driver: Driver<ChildStdin>,
    _child: Child,
}

impl Program {
    pub(super) fn start(client: &Client) -> anyhow::Result<Program> {
        let mut command = (client.command)()?;
        command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::null());
        let mut child = Child::spawn(&mut command)?;
        let orders = child.inner().stdin.take().context("the driver has no input")?;
        let output = child.inner().stdout.take().context("the driver has no output")?;
        Ok(Program { driver: Driver::new(orders, output), _child: child })
    }

    /// Gives an order and collects what is seen, at most for `limit`.
    pub(super) fn run(&mut self, order: &Order, limit: Duration) -> anyhow::Result<Sighting> {
        self.driver.run(order, limit).map_err(|error| anyhow!(error))
    }
}

fn try_once(
    program: &mut Option<Program>,
    client: &Client,
    carrier: &Carrier,
    scenario: &Scenario,
) -> anyhow::Result<Cell> {
    let run = new_run();
    let order = Order::new(scenario, &format!("{}{}", carrier.base, path(&run, scenario.name)));
    let mut running = match program.take() {
        Some(program) => program,
        None => Program::start(client)?,
    };
    let began = Instant::now();
    let seen = running.run(&order, LIMIT);
    // One that is still busy, or has ended, is started anew for the next.
    if seen.as_ref().is_ok_and(Sighting::is_over) {
        *program = Some(running);
    }
    Ok(judge(scenario, seen, visits(carrier, &run, scenario), began.elapsed()))
}

/// A run that nobody else has.
pub(super) fn new_run() -> String {
    static COUNT: AtomicU32 = AtomicU32::new(0);
    format!("r{}-{}", std::process::id(), COUNT.fetch_add(1, Ordering::Relaxed))
}

/// The requests that a server of scenarios has seen.
pub(super) fn visits(
    carrier: &Carrier,
    run: &str,
    scenario: &Scenario,
) -> anyhow::Result<Vec<Visit>> {
    let url = format!("{}{}/requests", carrier.requests, path(run, scenario.name));
    let agent: ureq::Agent =
        ureq::Agent::config_builder().timeout_global(Some(LIMIT)).proxy(None).build().into();
    let list = agent.get(&url).call()?.body_mut().read_to_string()?;
    Visit::from_list(&list).map_err(|error| anyhow!(error))
}

/// The cell of a scenario.
pub(super) fn judge(
    scenario: &Scenario,
    seen: anyhow::Result<Sighting>,
    visits: anyhow::Result<Vec<Visit>>,
    elapsed: Duration,
) -> Cell {
    let (verdict, text) = match (seen, visits) {
        (Ok(seen), Ok(visits)) => {
            let wrong = complaints(scenario, &seen, &visits);
            let verdict = match wrong.as_slice() {
                [] => Verdict::Passed,
                wrong => Verdict::Failed(wrong.join("\n")),
            };
            (verdict, told(&seen, &visits))
        }
        (Err(error), _) | (_, Err(error)) => (Verdict::Failed(format!("{error:#}")), String::new()),
    };
    let (row, picture) = (scenario.name.to_owned(), None);
    Cell { row, verdict, seen: text, picture, milliseconds: elapsed.as_millis() }
}

/// What was seen, a line each.
pub(super) fn told(seen: &Sighting, visits: &[Visit]) -> String {
    let mut text = String::new();
    let many = seen.notes.len();
    for (index, note) in seen.notes.iter().enumerate() {
        if index == 20 && many > 25 {
            let _ = writeln!(text, "… {} more", many - 25);
        }
        if index >= 20 && index + 5 < many {
            continue;
        }
        let what = match &note.what {
            What::Open => "open".to_owned(),
            What::Closed => "closed".to_owned(),
            What::Error(message) => format!("error: {}", shown(message.as_bytes())),
            What::Event(event) => {
                let (kind, data) =
                    (shown(event.event_type.as_bytes()), shown(event.data.as_bytes()));
                let id = event.last_event_id.as_ref();
                let id = id.map(|id| format!(" id {}", shown(id.as_bytes()))).unwrap_or_default();
                format!("event {kind} {data}{id}")
            }
        };
        let _ = writeln!(text, "{:>6} ms  {what}", note.at.as_millis());
    }
    for (number, visit) in (1..).zip(visits) {
        let id = shown(&visit.last_event_id);
        let _ = writeln!(
            text,
            "{:>6} ms  request {number}, Last-Event-ID {id}",
            visit.began.as_millis()
        );
    }
    text
}

/// The answers of a scenario, for people.
fn sent(scenario: &Scenario) -> String {
    let mut text = String::new();
    for (number, answer) in (1..).zip(&scenario.answers) {
        let _ = writeln!(text, "answer {number}: {}", answer.status);
        for (name, value) in &answer.fields {
            let _ = writeln!(text, "  {name}: {value}");
        }
        for step in answer.steps.iter().take(40) {
            let _ = match step {
                Step::Send(bytes) => writeln!(text, "  {}", shown(bytes)),
                Step::Pause(time) => writeln!(text, "  (pause of {} ms)", time.as_millis()),
            };
        }
        if answer.steps.len() > 40 {
            let _ = writeln!(text, "  … {} more", answer.steps.len() - 40);
        }
        let _ = writeln!(text, "  ({:?}, then {:?})", answer.framing, answer.end);
    }
    text
}

/// Bytes in quotes, shortened.
pub(super) fn shown(bytes: &[u8]) -> String {
    let rest = bytes.len().saturating_sub(SHOWN);
    let text = bytes[..bytes.len() - rest].escape_ascii().to_string();
    // Text that is UTF-8 is shown as what it is.
    let text = std::str::from_utf8(bytes).map_or(format!("\"{text}\""), |whole| {
        format!("{:?}", whole.chars().take(SHOWN).collect::<String>())
    });
    if rest > 0 { format!("{text}… ({} bytes)", bytes.len()) } else { text }
}
