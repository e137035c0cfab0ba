//! Many streams in one process on one thread, one event a second each; then the server restarts.

use std::net::SocketAddr;
use std::path::Path;
use std::process::Command;

use anyhow::{Context, anyhow, bail, ensure};
use report::{Cell, Report, Table};
use testkit::raw::Peer;
use testkit::{Served, port};

use crate::SERVER_CORE;
use crate::child::{Client, on_core};
use crate::subject::Subject;
use crate::task::Told;

pub(crate) fn measure(
    subjects: &[Subject],
    quick: bool,
    report: &mut Report,
) -> anyhow::Result<()> {
    let (streams, events) = if quick { (500, 3) } else { (10_000, 10) };
    let mut table = Table::new(
        format!("{streams} streams in one process, {events} events each, one a second"),
        [
            "opening all s",
            "memory per stream B",
            "after the events B",
            "CPU us per event",
            "opening all again after a restart s",
        ],
    );
    let wanted = |it: &&Subject| !it.is_bare() && **it != Subject::OursOwned;
    for subject in subjects.iter().filter(wanted) {
        match run(*subject, streams, events) {
            Ok(cells) => table.row(subject.name(), cells),
            Err(error) => {
                report.note(format!("{}, {streams} streams: {error:#}.", subject.name()));
            }
        }
    }
    report.table(table);
    report.note(
        "Opening all again is above all the delay before the first try. Ours, by default: 3 s, and a random part of \
         1.5 s more, so that the last of many streams comes 4.5 s after the loss; eventsource-client: 0.5 to 1 s; \
         reqwest-eventsource: 0.3 s."
            .to_owned(),
    );
    Ok(())
}

fn run(subject: Subject, streams: usize, events: u64) -> anyhow::Result<Vec<Cell>> {
    let address = port::free();
    let server = start(address)?;
    let url = format!("http://{address}/events");
    let name = clap::ValueEnum::to_possible_value(&subject);
    let name = name.ok_or_else(|| anyhow!("a client without a name"))?;
    let (streams_text, events_text) = (streams.to_string(), events.to_string());
    let mut client = Client::start(&["many", name.get_name(), &url, &streams_text, &events_text])?;
    let Told::AllOpen { seconds, memory } = client.told()? else {
        bail!("something came before all were open");
    };
    ask_to_start(&server, events)?;
    let Told::AllReceived { cpu_seconds, memory: loaded } = client.told()? else {
        bail!("not all events came");
    };
    drop(server);
    let server = start(address)?;
    let again = match client.told() {
        Ok(Told::AllOpen { seconds, .. }) => Cell::number(seconds),
        _ => Cell::text("not within 60 s"),
    };
    drop(client);
    drop(server);
    let each = |bytes: u64| bytes as f64 / streams as f64;
    Ok(vec![
        Cell::number(seconds),
        Cell::number(each(memory)),
        Cell::number(each(loaded)),
        Cell::number(cpu_seconds * 1e6 / (events * streams as u64) as f64),
        again,
    ])
}

/// Starts the server that is a bare loop of `write` calls.
fn start(address: SocketAddr) -> anyhow::Result<Served> {
    let mut command = on_core(SERVER_CORE, folder().join("target/release/limit"));
    Served::at(command.args(["--addr", &address.to_string()]), address)
}

fn ask_to_start(server: &Served, events: u64) -> anyhow::Result<()> {
    let target = format!("/start?rate=1&count={events}&size=100");
    let request = format!("GET {target} HTTP/1.1\r\nHost: localhost\r\n\r\n");
    let mut peer = Peer::try_connect(server.address()).context("the server does not listen")?;
    peer.try_send(request).context("the server has gone")
}

/// Builds the server.
pub(crate) fn build() -> anyhow::Result<()> {
    let status = Command::new("cargo")
        .args(["build", "--quiet", "--locked", "--release"])
        .args(["--package", "servers", "--bin", "limit"])
        .current_dir(folder())
        .status()
        .context("cannot run cargo")?;
    ensure!(status.success(), "the server does not compile");
    Ok(())
}

fn folder() -> &'static Path {
    let package = Path::new(env!("CARGO_MANIFEST_DIR"));
    package.parent().unwrap_or(package)
}
