//! What the tables show of the trials, and the arithmetic to more.

use report::{Cell, Table};

use super::site::Trial;
use crate::recorder::Percentiles;

/// The heads of TCP with its timestamps, of IP and of Ethernet.
const HEADS: f64 = 32.0 + 20.0 + 14.0;
const MEBI: f64 = (1 << 20) as f64;

pub(crate) fn tables(trials: &[Trial]) -> Vec<Table> {
    let mut tables = vec![clients(trials), redis(trials), calls(trials)];
    tables.extend(trials.last().map(arithmetic));
    tables
}

fn name(trial: &Trial) -> String {
    format!("{} clients, {} events, {} a second", trial.clients, trial.events, trial.per_second)
}

fn clients(trials: &[Trial]) -> Table {
    let columns = [
        "deliveries",
        "missing or out of order",
        "latency p50 ms",
        "p99 ms",
        "last client p50 ms",
        "p99 ms",
        "nodes: CPU us per delivery",
        "memory per idle connection B",
        "kernel's, both ends, B",
        "bytes per delivery",
        "connecting all s",
    ];
    let title = format!(
        "{} nodes: events of 100 B to all clients",
        trials.first().map_or(0, |it| it.nodes)
    );
    let mut table = Table::new(title, columns);
    for trial in trials {
        let of = |times: Option<Percentiles>, value: fn(&Percentiles) -> f64| {
            Cell::from(times.as_ref().map(value))
        };
        let wrong = trial
            .check()
            .map_or_else(|it| Cell::text(it.to_string()), |()| Cell::number(0.0).shown_as("none"));
        let cells = [
            Cell::number(trial.deliveries as f64)
                .shown_as(trial.deliveries.to_string())
                .with_detail(trial),
            wrong,
            of(trial.latency, |it| it.p50),
            of(trial.latency, |it| it.p99),
            of(trial.last_client, |it| it.p50),
            of(trial.last_client, |it| it.p99),
            Cell::number(trial.microseconds()),
            Cell::number(trial.node_memory),
            Cell::number(trial.kernel_memory),
            Cell::number(trial.bytes_per_delivery()),
            Cell::number(trial.connecting),
        ];
        table.row(name(trial), cells);
    }
    table
}

fn redis(trials: &[Trial]) -> Table {
    let columns = [
        "commands per event",
        "CPU ms per event",
        "CPU ns per delivery",
        "% of a core",
        "bytes out per event",
        "bytes in per event",
        "connections",
        "memory MiB",
    ];
    let mut table = Table::new("What Redis has to do", columns);
    for trial in trials {
        let (work, events) = (&trial.redis, trial.events as f64);
        let cells = [
            work.commands() as f64 / events,
            work.cpu_nanoseconds as f64 / 1e6 / events,
            work.cpu_nanoseconds as f64 / trial.deliveries.max(1) as f64,
            work.cpu_nanoseconds as f64 / 1e7 / trial.seconds,
            work.bytes_out as f64 / events,
            work.bytes_in as f64 / events,
            work.connections as f64,
            work.memory_bytes as f64 / MEBI,
        ];
        table.row(name(trial), cells.map(Cell::number));
    }
    table
}

fn calls(trials: &[Trial]) -> Table {
    let mut names: Vec<&String> = trials.iter().flat_map(|it| it.redis.calls.keys()).collect();
    names.sort();
    names.dedup();
    let mut table = Table::new("Commands for each event", names.iter().map(|it| it.as_str()));
    for trial in trials {
        let per_event = |name: &&String| {
            let calls = trial.redis.calls.get(*name).copied().unwrap_or(0);
            Cell::number(calls as f64 / trial.events as f64)
        };
        table.row(name(trial), names.iter().map(per_event));
    }
    table
}

/// What more clients would take, if each delivery, each connection and each node costs what was measured.
fn arithmetic(trial: &Trial) -> Table {
    let columns = [
        "nodes",
        "cores for delivering",
        "memory of all nodes MiB",
        "memory of their kernels MiB",
        "Mbit/s",
        "commands of Redis per second",
        "Redis, % of a core",
        "Redis, Mbit/s out",
    ];
    let title = "Computed from the last row of each: one event of 100 B a second to everybody";
    let mut table = Table::new(title, columns);
    let per_node = |total: f64| total / trial.nodes as f64;
    let events = trial.events as f64;
    for (clients, each) in
        [(100_000.0, 19_000.0), (1_000_000.0, 19_000.0), (1_000_000.0, 100_000.0_f64)]
    {
        let nodes = (clients / each).ceil();
        let cells = [
            nodes,
            clients * trial.microseconds() / 1e6,
            clients * trial.node_memory / MEBI,
            // One of the two ends that the kernel holds.
            clients * trial.kernel_memory / 2.0 / MEBI,
            clients * (trial.bytes_per_delivery() + HEADS) * 8.0 / 1e6,
            nodes * per_node(trial.redis.commands() as f64 / events),
            nodes * per_node(trial.redis.cpu_nanoseconds as f64 / 1e7 / trial.seconds),
            nodes * per_node(trial.redis.bytes_out as f64 / events) * 8.0 / 1e6,
        ];
        table.row(format!("{clients} clients, {each} on each node"), cells.map(Cell::number));
    }
    table
}
