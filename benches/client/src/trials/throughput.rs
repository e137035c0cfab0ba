//! One stream at full speed: the bytes of completion APIs from a bare writer.

use std::io::Write;
use std::thread;

use anyhow::{anyhow, bail};
use report::{Bar, Bars, Cell, Group, Report, Spread, Table};
use serde::Serialize;

use crate::child::Client;
use crate::subject::Subject;
use crate::task::Told;
use crate::writer::{Framing, Writer};

/// The names of the two framings, in the order of [`FRAMINGS`].
const COLUMNS: [&str; 2] = ["an HTTP chunk for each event", "until the connection closes"];
const FRAMINGS: [Framing; 2] = [Framing::Chunked, Framing::Close];

/// One run of one client.
#[derive(Clone, Copy, Serialize)]
struct Run {
    megabytes_per_second: f64,
    cpu_nanoseconds_per_event: f64,
}

pub(crate) fn measure(
    subjects: &[Subject],
    quick: bool,
    report: &mut Report,
) -> anyhow::Result<()> {
    let (rounds, events) = if quick { (1, 60_000) } else { (7, 600_000) };
    let mut groups = Vec::new();
    for (framing, name) in FRAMINGS.into_iter().zip(COLUMNS) {
        let mut runs: Vec<Vec<Run>> = vec![Vec::new(); subjects.len()];
        for _ in 0..rounds {
            for (subject, runs) in subjects.iter().zip(&mut runs) {
                match run(*subject, framing, events) {
                    Ok(run) => runs.push(run),
                    Err(error) => report.note(format!("{}: {error:#}.", subject.name())),
                }
            }
        }
        let mut table = Table::new(
            format!("one stream at full speed, {name}"),
            ["MB/s", "to the read loop", "CPU ns per event"],
        );
        let limit = subjects.iter().position(|it| *it == Subject::Read);
        let limit = limit.map(|index| runs[index].clone()).unwrap_or_default();
        let mut bars = Vec::new();
        for (subject, runs) in subjects.iter().zip(&runs) {
            let speed = Spread::of(runs.iter().map(|it| it.megabytes_per_second));
            let ratios = runs.iter().zip(&limit);
            let ratio = Spread::of(
                ratios.map(|(run, limit)| run.megabytes_per_second / limit.megabytes_per_second),
            );
            let cpu = Spread::of(runs.iter().map(|it| it.cpu_nanoseconds_per_event));
            table.row(
                subject.name(),
                [Cell::spread(speed).with_detail(runs), Cell::spread(ratio), Cell::spread(cpu)],
            );
            bars.push(Bar {
                name: subject.name().to_owned(),
                role: subject.role(),
                parts: speed.iter().map(|it| it.median).collect(),
                quartiles: speed.map(|it| (it.lower_quartile, it.upper_quartile)),
            });
        }
        report.table(table);
        groups.push(Group { name: name.to_owned(), bars });
    }
    let plot = Bars {
        title: "One stream at full speed".to_owned(),
        about: "MB/s of the client, longer is better; median and quartiles".to_owned(),
        parts: Vec::new(),
        groups,
    };
    report.plot("client-throughput", plot.svg()?);
    Ok(())
}

fn run(subject: Subject, framing: Framing, events: u64) -> anyhow::Result<Run> {
    let writer = Writer::bind()?;
    let event = framing.event(&format!("data: {}\n\n", delta()));
    let block = event.repeat(1000);
    let bytes = framing.head().len() as u64 + event.len() as u64 * events;
    let url = format!("http://{}/", writer.address);
    let name = clap::ValueEnum::to_possible_value(&subject);
    let name = name.ok_or_else(|| anyhow!("a client without a name"))?;
    let (events_text, bytes_text) = (events.to_string(), bytes.to_string());
    let mut client =
        Client::start(&["throughput", name.get_name(), &url, &events_text, &bytes_text])?;
    let writing = thread::spawn(move || {
        let mut socket = writer.accept(framing)?;
        for _ in 0..events / 1000 {
            socket.write_all(block.as_bytes())?;
        }
        // Kept open, so that no client takes the end for a loss before it has told its time.
        std::io::Result::Ok((writer, socket))
    });
    let told = client.told()?;
    let kept = writing.join().map_err(|_| anyhow!("the writer panicked"))?;
    drop(client);
    drop(kept?);
    match told {
        Told::Throughput { seconds, cpu_seconds } => Ok(Run {
            megabytes_per_second: bytes as f64 / seconds / 1e6,
            cpu_nanoseconds_per_event: cpu_seconds * 1e9 / events as f64,
        }),
        other => bail!("{other:?} instead of a throughput"),
    }
}

/// One step of an answer as completion APIs stream it: about 180 bytes of JSON.
pub(super) fn delta() -> &'static str {
    "{\"id\":\"chatcmpl-9f3b2c\",\"object\":\"chat.completion.chunk\",\"created\":1700000000,\
     \"model\":\"large-1\",\"choices\":[{\"index\":0,\"delta\":{\"content\":\" events\"},\
     \"finish_reason\":null}]}"
}
