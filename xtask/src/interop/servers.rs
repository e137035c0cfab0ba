//! Our client with the servers that people write. Each serves the same small application:
//!
//! - Without Last-Event-ID: a reconnection time of 50 ms, then three events, `1` of no type with the
//!   data `first`, `2` of the type `named` with two lines, `3` with Chinese and an emoji; then the end.
//! - With one: an event whose data is `after` and that ID, and one of the type `done`.

use std::fs;
use std::process::{Command, Stdio};
use std::time::Instant;

use anyhow::Context;
use sse_scenarios::{Order, Scenario, Sighting, Visit, What};
use testkit::{Scratch, Served, port};

use super::clients::Client;
use super::matrix::{Row, Sheet, Verdict};
use super::playing::{LIMIT, Program, judge};
use super::served::publish;
use super::setup;
use crate::debian;
use crate::requirements::NGINX;
use crate::steps::Report;
use crate::workspace::{cargo, scratch, workspace};

/// A server that is not ours.
pub(super) struct Server {
    pub(super) name: &'static str,
    start: fn() -> anyhow::Result<Running>,
    version: fn() -> String,
    /// Why it cannot be asked to end a stream and resume it.
    no_resume: Option<&'static str>,
    /// Whether the IDs are of its own making.
    own_ids: bool,
}

struct Running {
    served: Served,
    _folder: Option<Scratch>,
}

pub(super) static SERVERS: [Server; 5] = [
    Server {
        name: "Node http",
        start: || node("servers/node-http.mjs"),
        version: setup::node_version,
        no_resume: None,
        own_ids: false,
    },
    Server {
        name: "better-sse",
        start: || node("servers/better-sse.mjs"),
        version: || setup::pinned("better-sse"),
        no_resume: None,
        own_ids: false,
    },
    Server {
        name: "sse-starlette",
        start: || running(&mut setup::python_with("servers/sse_starlette_server.py")?),
        version: || {
            let uvicorn = setup::pinned("uvicorn");
            format!("{}, uvicorn {uvicorn}", setup::pinned("sse-starlette"))
        },
        no_resume: None,
        own_ids: false,
    },
    Server {
        name: "axum Sse",
        start: axum,
        version: || "0.8".to_owned(),
        no_resume: None,
        own_ids: false,
    },
    Server {
        name: "nchan",
        start: nchan,
        version: nginx_version,
        no_resume: Some("nchan does not end a stream by itself"),
        own_ids: true,
    },
];

/// What is tried with each server.
pub(super) fn rows() -> Vec<Row> {
    let row = |scenario: Scenario| Row {
        group: "a common application".to_owned(),
        name: scenario.name.to_owned(),
        about: scenario.about.to_owned(),
        clause: scenario.clause.to_owned(),
        sent: "see the application in tests/interop".to_owned(),
    };
    [events(), resume()].map(row).into()
}

fn events() -> Scenario {
    Scenario::new("app-events", "Types, several lines, IDs, Chinese and an emoji.", "9.2.6")
        .event("message", "first", "1")
        .event("named", "two\nlines", "2")
        .event("message", "\u{66f4}\u{65b0} \u{1f600}", "3")
}

fn resume() -> Scenario {
    events_again(Scenario::new(
        "app-resume",
        "The stream ends, the client comes back with the last ID.",
        "9.2.3",
    ))
    .returns_with("3")
    .event("message", "after 3", "4")
}

fn events_again(scenario: Scenario) -> Scenario {
    let same = events().expected.events;
    same.into_iter().fold(scenario, |scenario, event| {
        let id = event.last_event_id.unwrap_or_default();
        scenario.event(&event.event_type, event.data, &id)
    })
}

/// Lets the client follow the application of one server.
pub(super) fn play(sheet: &mut Sheet, client: &Client, server: &Server) -> anyhow::Result<()> {
    sheet.version = (server.version)();
    let running = (server.start)()?;
    let mut program = Program::start(client)?;
    let resume = resume();
    let order = Order::new(&resume, &running.served.url("/events"));
    let began = Instant::now();
    let seen = program.run(&order, LIMIT);
    // That it came back with the ID is in the data of the fourth event: the server says what it got.
    let ids = resume.last_event_ids().into_iter();
    let visits: Vec<Visit> =
        ids.map(|id| Visit { last_event_id: id, ..Visit::default() }).collect();
    let first = seen.as_ref().map(|seen| until(seen, 3, server.own_ids));
    let first = first.map_err(|error| anyhow::anyhow!("{error:#}"));
    let mut cell = judge(&events(), first, Ok(visits[..1].to_vec()), began.elapsed());
    // The application does not end after the third event, so this part has no end of its own.
    if let Verdict::Failed(wrong) = &cell.verdict {
        let wrong: Vec<&str> =
            wrong.lines().filter(|it| *it != "the last event did not come").collect();
        cell.verdict = match wrong.as_slice() {
            [] => Verdict::Passed,
            wrong => Verdict::Failed(wrong.join("\n")),
        };
    }
    sheet.put(cell);
    match server.no_resume {
        Some(why) => sheet.put_verdict(resume.name, Verdict::NotApplicable(why.to_owned())),
        None => sheet.put(judge(&resume, seen, Ok(visits), began.elapsed())),
    }
    Ok(())
}

/// What was seen up to the event of this number; without the IDs where they are the server's own.
fn until(seen: &Sighting, number: usize, own_ids: bool) -> Sighting {
    let mut events = 0;
    let mut notes = seen.notes.clone();
    notes.retain_mut(|note| {
        if let What::Event(event) = &mut note.what {
            events += 1;
            if own_ids {
                event.last_event_id = None;
            }
        }
        events <= number
    });
    Sighting { notes }
}

fn running(command: &mut Command) -> anyhow::Result<Running> {
    Ok(Running { served: Served::start(command.stderr(Stdio::null()))?, _folder: None })
}

fn node(script: &str) -> anyhow::Result<Running> {
    running(&mut setup::node(script)?)
}

/// Builds the program once, in a folder of its own.
fn axum() -> anyhow::Result<Running> {
    let target = workspace().join("target/interop/axum");
    let mut build = cargo(["build", "--quiet", "--locked", "--manifest-path"]);
    build.arg("tests/interop/axum/Cargo.toml").arg("--target-dir").arg(&target);
    Report::quiet().run(&mut build)?;
    running(&mut Command::new(target.join("debug/interop-axum")))
}

fn nchan() -> anyhow::Result<Running> {
    let mut report = Report::quiet();
    let nginx = NGINX.ensure(&mut report)?;
    let modules = "/usr/lib/nginx/modules";
    if fs::metadata(format!("{modules}/ngx_nchan_module.so")).is_err() {
        let may = debian::may_install();
        anyhow::ensure!(may, "nchan is missing: Debian has it in libnginx-mod-nchan");
        debian::install(&mut report, &["libnginx-mod-nchan"])?;
    }
    let folder = scratch("nchan")?;
    let address = port::free();
    let text = fs::read_to_string(setup::sources().join("servers/nchan.conf"))?;
    let text = text.replace("MODULES", modules).replace("ADDRESS", &address.to_string());
    let file = folder.join("nchan.conf");
    fs::write(&file, text)?;
    let mut command = Command::new(nginx);
    command.arg("-p").arg(&*folder).arg("-c").arg(&file);
    let served = Served::at(&mut command, address)?;
    for (event_type, data) in [
        ("", "first"),
        ("named", "two\nlines"),
        ("", "\u{66f4}\u{65b0} \u{1f600}"),
        ("done", "done"),
    ] {
        publish(&served.url("/publish"), event_type, data).context("publishing to nchan")?;
    }
    Ok(Running { served, _folder: Some(folder) })
}

/// nginx tells its version where errors go.
fn nginx_version() -> String {
    let nginx = NGINX.ensure(&mut Report::quiet()).ok();
    let output = nginx.and_then(|nginx| Command::new(nginx).arg("-v").output().ok());
    let text = output.map(|output| String::from_utf8_lossy(&output.stderr).into_owned());
    let text = text.unwrap_or_default();
    let version = text.trim().rsplit('/').next().unwrap_or_default();
    format!("with nginx {version}")
}
