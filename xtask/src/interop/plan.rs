//! All columns of the matrix.

use std::sync::Arc;

use anyhow::Context;
use sse_scenarios::{End, Framing, Need, Scenario, Server};
use testkit::Served;

use super::carrier::{Carrier, Refuses};
use super::clients::{CLIENTS, CURL_IN_A_TERMINAL};
use super::differential::{self, Streams};
use super::engines::{self, Place};
use super::matrix::{Column, Row, Sheet};
use super::proxies::{Fronted, PROXIES};
use super::served::{self, Own, Shared};
use super::servers::{self, SERVERS};
use super::{curl, demos, gap, pages, playing, setup};
use crate::browser::ENGINES;

/// The scenarios as the small server of `sse-scenarios` plays them.
const SCENARIOS: &str = "scenarios";
/// The same scenarios, carried by our server.
const OURS: &str = "scenarios on our server";
/// Engines and our decoder, on random streams.
const DIFFERENTIAL: &str = "differential";
/// Our server and clients that were away for too long.
const GAPS: &str = "gaps on our server";
/// The demo pages, on our server.
const PAGES: &str = "demo pages";
/// The scenarios on our server, through proxies.
const PROXIED: &str = "scenarios through proxies";
/// The demos of the documents, on our server.
const DEMOS: &str = "demos on our server";
/// The demos as the documents have them, in Node, with our client.
const DOCUMENTS: &str = "our client with the documents' servers";
/// Our client with other servers.
const FOREIGN: &str = "our client with other servers";
/// Some scenarios, in workers.
const WORKERS: &str = "scenarios in workers";
const IN_WORKERS: [&str; 6] =
    ["named-events", "lines-mixed", "chinese", "resume", "status-204", "unfinished-block"];

/// Every column, those that take longest first.
pub(super) fn columns(streams: Streams) -> anyhow::Result<Vec<Column>> {
    let mut columns = Vec::new();
    for engine in &ENGINES {
        let rows = differential::rows(streams);
        columns.push(column(DIFFERENTIAL, engine.name, false, rows, move |sheet| {
            differential::play(sheet, engine, streams)
        }));
    }
    let server = Arc::new(Server::start("127.0.0.1:0").context("no free port")?);
    let base = move || Ok(format!("http://{}", server.address()));
    scenarios(&mut columns, SCENARIOS, base.clone(), (|_| None, Own::small), |_| true);
    let ours: Shared<Served> = Shared::default();
    let on_ours = move || Ok(ours.get(|| served::ours("scenario-server"))?.url(""));
    scenarios(&mut columns, OURS, on_ours.clone(), (not_ours, Own::ours), |name| {
        name == "chromium" || name == "curl"
    });
    for engine in &ENGINES {
        let on_ours = on_ours.clone();
        columns.push(column(GAPS, engine.name, false, gap::rows(), move |sheet| {
            gap::play_in(sheet, engine, &on_ours()?)
        }));
    }
    for client in CLIENTS.iter().filter(|it| !it.lacks.contains(&Need::Reconnection)) {
        let on_ours = on_ours.clone();
        columns.push(column(GAPS, client.name, client.is_quick, gap::rows(), move |sheet| {
            gap::play(sheet, client, &on_ours()?)
        }));
    }
    for engine in &ENGINES {
        for (place, name) in [(Place::Worker, "worker"), (Place::SharedWorker, "shared worker")] {
            let mut rows = playing::rows();
            rows.retain(|row| IN_WORKERS.contains(&row.name.as_str()));
            let (name, base) = (format!("{} {name}", engine.name), base.clone());
            columns.push(column(WORKERS, name, false, rows, move |sheet| {
                let carrier = Carrier::direct(base()?, |_| None, Own::small);
                engines::play(sheet, engine, place, &carrier)
            }));
        }
    }
    for engine in &ENGINES {
        columns.push(column(PAGES, engine.name, false, pages::rows(engine), move |sheet| {
            pages::play(sheet, engine)
        }));
    }
    through_proxies(&mut columns);
    for client in CLIENTS.iter().chain([&CURL_IN_A_TERMINAL]) {
        let is_quick = client.name == "sse-client";
        columns.push(column(DEMOS, client.name, is_quick, demos::rows(), move |sheet| {
            demos::play(sheet, client, served::ours)
        }));
    }
    let ours = &CLIENTS[0];
    columns.push(column(DOCUMENTS, ours.name, true, demos::rows(), move |sheet| {
        demos::play(sheet, ours, |name| {
            Served::start(setup::node("servers/documents.mjs")?.arg(name))
        })
    }));
    for server in &SERVERS {
        let is_quick = server.name != "nchan" && server.name != "axum Sse";
        columns.push(column(FOREIGN, server.name, is_quick, servers::rows(), move |sheet| {
            servers::play(sheet, ours, server)
        }));
    }
    Ok(columns)
}

/// All scenarios at a base URL with every engine and client.
fn scenarios(
    columns: &mut Vec<Column>,
    section: &'static str,
    base: impl Fn() -> anyhow::Result<String> + Clone + Send + 'static,
    (refuses, own): (Refuses, fn() -> anyhow::Result<Own>),
    quick: fn(&str) -> bool,
) {
    for (index, engine) in ENGINES.iter().enumerate() {
        let base = base.clone();
        let is_quick = index == 0 && quick(engine.name);
        columns.push(column(section, engine.name, is_quick, playing::rows(), move |sheet| {
            engines::play(sheet, engine, Place::Page, &Carrier::direct(base()?, refuses, own))
        }));
    }
    for client in &CLIENTS {
        let base = base.clone();
        let is_quick = client.is_quick && quick(client.name);
        columns.push(column(section, client.name, is_quick, playing::rows(), move |sheet| {
            playing::play(sheet, client, &Carrier::direct(base()?, refuses, own))
        }));
    }
    columns.push(column(section, "curl", quick("curl"), playing::rows(), move |sheet| {
        curl::play(sheet, &Carrier::direct(base()?, refuses, own), &[])
    }));
}

/// Our server behind each proxy: our client over HTTP/1.1, a browser and curl over HTTP/2.
fn through_proxies(columns: &mut Vec<Column>) {
    for proxy in &PROXIES {
        let fronted: Shared<Fronted> = Shared::default();
        let name = |protocol: &str, who: &str| format!("{}, {protocol}: {who}", proxy.kind.name);
        let start = || Fronted::start(proxy);
        let front = fronted.clone();
        let (engine, client) = (&ENGINES[0], &CLIENTS[0]);
        let rows = playing::rows;
        columns.push(column(PROXIED, name("HTTP/2", engine.name), false, rows(), move |sheet| {
            let front = front.get(start)?;
            engines::play(sheet, engine, Place::Page, &front.tls(not_proxied))?;
            sheet.version = format!("{}, {}", front.version, sheet.version);
            Ok(())
        }));
        let front = fronted.clone();
        columns.push(column(PROXIED, name("HTTP/1.1", client.name), false, rows(), move |sheet| {
            let front = front.get(start)?;
            playing::play(sheet, client, &front.plain(not_proxied))?;
            sheet.version = front.version.clone();
            Ok(())
        }));
        columns.push(column(PROXIED, name("HTTP/2", "curl"), false, rows(), move |sheet| {
            let front = fronted.get(start)?;
            curl::play(sheet, &front.tls(not_proxied), &["--http2", "--insecure"])?;
            sheet.version = format!("{}, {}", front.version, sheet.version);
            Ok(())
        }));
    }
}

fn column(
    section: &'static str,
    name: impl Into<String>,
    is_quick: bool,
    rows: Vec<Row>,
    run: impl FnOnce(&mut Sheet) -> anyhow::Result<()> + Send + 'static,
) -> Column {
    Column { section, name: name.into(), is_quick, rows, run: Box::new(run) }
}

/// Why our server does not carry a scenario.
fn not_ours(scenario: &Scenario) -> Option<&'static str> {
    let any = |is: fn(&sse_scenarios::Answer) -> bool| scenario.answers.iter().any(is);
    if any(|answer| answer.framing == Framing::UntilClose) {
        Some("our server frames every body")
    } else if any(|answer| answer.framing == Framing::Length && !answer.steps.is_empty()) {
        Some("our server sends streams in chunks")
    } else if any(|answer| answer.end == End::Reset) {
        Some("our server does not reset")
    } else {
        None
    }
}

/// Why our server behind a proxy does not carry a scenario.
fn not_proxied(scenario: &Scenario) -> Option<&'static str> {
    match scenario.restarts() {
        true => Some(
            "a proxy answers 502 or 503 while its server is away, which ends a stream for good",
        ),
        false => not_ours(scenario),
    }
}
