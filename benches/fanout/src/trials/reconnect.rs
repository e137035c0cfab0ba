//! Many clients come back at once with Last-Event-ID, and are sent what they have missed.

use std::time::{Duration, Instant};

use anyhow::bail;
use report::{Cell, Lines, Point, Report, Role, Scale, Series, Table};

use crate::plan::Plan;
use crate::recorder::Recorder;
use crate::subject::Subject;
use crate::swarm::Swarm;

/// What it took until all clients had all that they had missed.
pub(super) struct Returned {
    seconds: f64,
    cpu_seconds: f64,
    deliveries: u64,
    expected: u64,
    faults: u64,
}

pub(crate) fn measure(
    plan: &Plan,
    subjects: &[Subject],
    report: &mut Report,
) -> anyhow::Result<()> {
    if !subjects.contains(&Subject::Ours) {
        return Ok(());
    }
    let (clients, missed) = plan.reconnect;
    let mut table = Table::new(
        format!("ours, {clients} clients come back with Last-Event-ID"),
        ["until all have all, s", "CPU us per event", "events per second", "missing, out of order"],
    );
    let mut points = Vec::new();
    for (clients, missed) in [
        (clients, 1),
        (clients, missed / 10),
        (clients, missed),
        (clients / 10, missed * 10),
        (clients / 100, missed * 100),
    ] {
        let it = come_back(clients, missed)?;
        let cost = it.cpu_seconds * 1e6 / it.deliveries.max(1) as f64;
        let cells = [
            Cell::number(it.seconds),
            Cell::number(cost),
            Cell::number(it.deliveries as f64 / it.seconds),
            Cell::text(format!("{}, {}", it.expected.saturating_sub(it.deliveries), it.faults)),
        ];
        table.row(format!("{clients} clients, {missed} missed events each"), cells);
        points.push(Point { x: missed as f64, y: cost, quartiles: None });
    }
    report.table(table);
    let plot = Lines {
        title: "CPU time for each replayed event, by length of replay".to_owned(),
        about: "µs of the server, lower is better; both axes logarithmic".to_owned(),
        horizontal: "events that each client has missed".to_owned(),
        is_bytes: false,
        vertical: Scale::Logarithmic,
        series: vec![Series { name: "ours".to_owned(), role: Role::Ours, values: points }],
    };
    report.plot("fanout-over-replay", plot.svg()?);
    Ok(())
}

fn come_back(clients: usize, missed: u64) -> anyhow::Result<Returned> {
    let running = Subject::Ours.start(&[])?;
    let server = &running.server;
    let id = server.id_of_an_event()?;
    let header = format!("Last-Event-ID: {id}\r\n");
    let _asked = server.ask_to_start(0.0, missed, 100)?;
    await_events(&header, server.address, missed)?;

    let mut recorder = Recorder::default();
    let (before, start) = (server.cpu(), Instant::now());
    let mut swarm = Swarm::connect(server.address, clients, 0, &header, &mut recorder)?;
    let expected = missed * clients as u64;
    swarm.until(&mut recorder, Duration::from_secs(30), |it| it.deliveries >= expected)?;
    Ok(Returned {
        seconds: start.elapsed().as_secs_f64(),
        cpu_seconds: (server.cpu().total - before.total) as f64 / 1e9,
        deliveries: recorder.deliveries,
        expected,
        faults: recorder.disordered + recorder.skipped,
    })
}

/// Waits until one client gets all of the replay: then it is in the log.
fn await_events(header: &str, address: std::net::SocketAddr, missed: u64) -> anyhow::Result<()> {
    let mut recorder = Recorder::default();
    let mut swarm = Swarm::connect(address, 1, 0, header, &mut recorder)?;
    let limit = Duration::from_secs(10);
    if swarm.until(&mut recorder, limit, |it| it.deliveries >= missed)? {
        return Ok(());
    }
    bail!("of {missed} events {} were replayed", recorder.deliveries)
}
