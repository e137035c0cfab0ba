//! How the cost of decoding grows: with the size of the chunks, of the events, of one line.

use report::{Cell, Lines, Report, Scale, Series, Table};

use crate::corpus::Corpus;
use crate::decoders::Decoder;
use crate::rounds::Plan;
use crate::trial::{self, Outcome, megabytes_per_second};

const SIZES: [usize; 7] = [16, 64, 256, 1 << 10, 4 << 10, 16 << 10, 64 << 10];

/// Adds the curves to a report.
pub(crate) fn add(plan: Plan, report: &mut Report, decoders: &[&Decoder]) -> anyhow::Result<()> {
    let plan = Plan { rounds: plan.rounds.min(7), ..plan };
    // An event is no longer than a stream: where those are short, the curves are.
    let fits = |size: &usize| *size <= plan.length;
    let llm = || Corpus::named("llm", plan.length);
    let over_chunks: Vec<Point> = [1, 4]
        .into_iter()
        .chain(SIZES)
        .filter_map(|chunk| Some(Point::measure(plan, &llm()?, chunk, chunk, decoders)))
        .collect();
    let over_events: Vec<Point> = SIZES
        .into_iter()
        .filter(fits)
        .map(|size| Point::measure(plan, &Corpus::of_size(size, plan.length), 1400, size, decoders))
        .collect();
    let over_lines: Vec<Point> = [1 << 10, 32 << 10, 1 << 20]
        .into_iter()
        .filter(fits)
        .map(|size| Point::measure(plan, &Corpus::of_size(size, plan.length), 1, size, decoders))
        .collect();
    let mut curve = |file: &str, title: &str, horizontal: &str, points: &[Point]| {
        report.table(table(&format!("{title}, MB/s"), points, decoders));
        report.plot(file, plot(title, horizontal, points, decoders)?);
        anyhow::Ok(())
    };
    curve(
        "decode-over-chunk-size",
        "Decoding the llm corpus, by size of chunk",
        "bytes per chunk",
        &over_chunks,
    )?;
    curve(
        "decode-over-event-size",
        "Decoding 1400 B chunks, by size of event",
        "bytes of data per event",
        &over_events,
    )?;
    curve(
        "decode-over-line-length",
        "Decoding 1 B chunks, by length of line",
        "bytes of data per line",
        &over_lines,
    )
}

/// The speed of all decoders at one place of the horizontal axis.
struct Point {
    position: usize,
    speeds: Vec<Option<f64>>,
}

impl Point {
    fn measure(
        plan: Plan,
        corpus: &Corpus,
        chunk: usize,
        position: usize,
        decoders: &[&Decoder],
    ) -> Point {
        let outcomes = trial::run(plan, corpus, chunk, decoders);
        let speed = |outcome: &Outcome| match outcome {
            Outcome::Timed(timing) => megabytes_per_second(corpus, timing),
            _ => None,
        };
        Point { position, speeds: outcomes.iter().map(speed).collect() }
    }
}

fn table(title: &str, points: &[Point], decoders: &[&Decoder]) -> Table {
    let mut table = Table::new(title, points.iter().map(|it| format!("{} B", it.position)));
    for (index, decoder) in decoders.iter().enumerate() {
        let speeds = points.iter().map(|it| it.speeds.get(index).copied().flatten());
        table.row(decoder.name, speeds.map(Cell::from));
    }
    table
}

fn plot(
    title: &str,
    horizontal: &str,
    points: &[Point],
    decoders: &[&Decoder],
) -> anyhow::Result<String> {
    let shown = decoders.iter().enumerate().filter(|(_, it)| it.name != "copy");
    let series = shown.map(|(index, decoder)| Series {
        name: decoder.name.to_owned(),
        role: decoder.role,
        values: points
            .iter()
            .filter_map(|it| {
                let speed = it.speeds.get(index).copied().flatten();
                Some(report::Point { x: it.position as f64, y: speed?, quartiles: None })
            })
            .collect(),
    });
    Lines {
        title: title.to_owned(),
        about: "MB/s, higher is better; both axes logarithmic".to_owned(),
        horizontal: horizontal.to_owned(),
        is_bytes: true,
        vertical: Scale::Logarithmic,
        series: series.collect(),
    }
    .svg()
}
