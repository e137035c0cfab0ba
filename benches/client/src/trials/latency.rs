//! From the byte that completes an event to the caller, one event each millisecond.

use std::io::Write;
use std::net::TcpStream;
use std::thread;
use std::time::{Duration, Instant};

use anyhow::{anyhow, bail};
use report::{Cell, Report, Spread, Table};

use crate::child::Client;
use crate::subject::Subject;
use crate::task::Told;
use crate::writer::{Framing, Writer};

const INTERVAL: Duration = Duration::from_millis(1);

pub(crate) fn measure(
    subjects: &[Subject],
    quick: bool,
    report: &mut Report,
) -> anyhow::Result<()> {
    let (rounds, events) = if quick { (1, 500) } else { (15, 1_000) };
    let mut runs: Vec<Vec<Option<Vec<u64>>>> = vec![Vec::new(); subjects.len()];
    for round in 0..rounds {
        // Everybody comes first once in a while: what disturbs a round disturbs it unevenly.
        for index in (0..subjects.len()).map(|it| (it + round) % subjects.len()) {
            let subject = subjects[index];
            match run(subject, events) {
                Ok(run) => runs[index].push(Some(run)),
                Err(error) => {
                    report.note(format!("{}: {error:#}.", subject.name()));
                    runs[index].push(None);
                }
            }
        }
    }
    let columns =
        ["p50 us", "p99 us", "p50 to the read loop on async-io", "p99 to it", "quartiles of that"];
    let title = format!("latency of one stream, an event each {} ms", INTERVAL.as_millis());
    let mut table = Table::new(title, columns);
    let limit = subjects.iter().position(|it| *it == Subject::ReadAsync);
    let limit = limit.map(|index| runs[index].clone()).unwrap_or_default();
    for (subject, runs) in subjects.iter().zip(&runs) {
        let times =
            |part: f64| Spread::of(runs.iter().flatten().filter_map(|it| percentile(it, part)));
        // Of the same round, because a machine that is disturbed is so for a while.
        let ratios = |part: f64| {
            Spread::of(runs.iter().zip(&limit).filter_map(|(run, limit)| {
                Some(percentile(run.as_ref()?, part)? / percentile(limit.as_ref()?, part)?)
            }))
        };
        let median = |it: Option<Spread>| Cell::from(it.map(|it| it.median)).with_detail(it);
        let quartiles = ratios(0.99)
            .map(|it| Cell::text(format!("{:.2} to {:.2}", it.lower_quartile, it.upper_quartile)));
        table.row(
            subject.name(),
            [
                median(times(0.5)),
                median(times(0.99)),
                median(ratios(0.5)),
                median(ratios(0.99)),
                quartiles.unwrap_or_else(Cell::none),
            ],
        );
    }
    report.table(table);
    Ok(())
}

/// Microseconds, from sorted nanoseconds.
fn percentile(sorted: &[u64], part: f64) -> Option<f64> {
    let last = sorted.len().checked_sub(1)?;
    let value = sorted.get((part * last as f64).round() as usize)?;
    Some(*value as f64 / 1e3)
}

fn run(subject: Subject, events: usize) -> anyhow::Result<Vec<u64>> {
    let writer = Writer::bind()?;
    let url = format!("http://{}/", writer.address);
    let name = clap::ValueEnum::to_possible_value(&subject);
    let name = name.ok_or_else(|| anyhow!("a client without a name"))?;
    let count = events.to_string();
    let mut client = Client::start(&["latency", name.get_name(), &url, &count])?;
    let writing = thread::spawn(move || {
        let mut socket = writer.accept(Framing::Chunked)?;
        send(&mut socket, events)?;
        std::io::Result::Ok((writer, socket))
    });
    let told = client.told()?;
    let kept = writing.join().map_err(|_| anyhow!("the writer panicked"))?;
    drop(client);
    drop(kept?);
    match told {
        Told::Latencies(latencies) => Ok(latencies),
        other => bail!("{other:?} instead of latencies"),
    }
}

/// Sends the events, each when it is due; spins meanwhile, so that no wake-up is part of the time.
fn send(socket: &mut TcpStream, events: usize) -> std::io::Result<()> {
    let start = Instant::now();
    for number in 1..=events as u32 {
        while start.elapsed() < INTERVAL * number {
            std::hint::spin_loop();
        }
        let event = format!("data: {} {number} {:x>60}\n\n", servers::now(), "");
        socket.write_all(Framing::Chunked.event(&event).as_bytes())?;
    }
    Ok(())
}
