//! `decode`: every corpus, whole and in chunks, by every decoder.

use std::path::PathBuf;
use std::time::Duration;

use anyhow::{bail, ensure};
use report::{Cell, Dots, Report, Role, Series, Spread, Table};

use crate::corpus::{self, Corpus};
use crate::curves;
use crate::decoders::{self, Decoder};
use crate::rounds::Plan;
use crate::trial::{self, Outcome, Timing, megabytes_per_second};

#[derive(clap::Args)]
pub(crate) struct Args {
    /// Corpora, for instance `llm,tiny`; all if none is named
    #[arg(long, value_delimiter = ',')]
    corpus: Vec<String>,
    /// Decoders, for instance `ours,sse-core`; all if none is named
    #[arg(long, value_delimiter = ',')]
    peer: Vec<String>,
    /// Chunk sizes in bytes; 0 is the whole corpus at once
    #[arg(long, value_delimiter = ',', default_values_t = [0, 1400, 64, 8, 4, 2, 1])]
    chunk: Vec<usize>,
    /// Fewer and shorter rounds; nothing is written
    #[arg(long)]
    quick: bool,
    /// Write the results into this folder, whatever was measured
    #[arg(long, value_name = "FOLDER")]
    write: Option<PathBuf>,
}

/// What was measured with one chunk size: for each corpus the outcomes of all decoders.
struct Cut {
    title: String,
    patience: Duration,
    trials: Vec<(Corpus, Vec<Outcome>)>,
}

impl Args {
    pub(crate) fn run(self) -> anyhow::Result<()> {
        let plan = Plan::new(self.quick);
        let decoders = self.decoders()?;
        let is_all = self.corpus.is_empty() && self.peer.is_empty();
        let mut report = Report::new("decode", "cargo xtask bench decode");
        report.note(
            "One pass over 1 MiB, one thread. Decoders take turns in every round; cells show the best round. \
             The ratio is that of us to the fastest peer whose events are right, taken in each round: \
             its median and its quartiles. `ours` has the default features, simdutf8 \
             among them, as sse-stream has it; `ours, no simdutf8` lacks that one.",
        );
        report.note(versions(&decoders));
        for chunk in &self.chunk {
            let cut = self.cut(plan, *chunk, &decoders)?;
            cut.report(&mut report, &decoders)?;
        }
        if is_all {
            curves::add(plan, &mut report, &decoders)?;
        }
        report.finish(is_all && !self.quick, self.write)
    }

    fn decoders(&self) -> anyhow::Result<Vec<&'static Decoder>> {
        let all = || decoders::ALL.iter();
        for name in &self.peer {
            let names: Vec<&str> = all().map(|it| it.name).collect();
            ensure!(names.contains(&name.as_str()), "{name}: not one of {names:?}");
        }
        let wanted = |it: &&Decoder| self.peer.is_empty() || self.peer.iter().any(|n| n == it.name);
        Ok(all().filter(wanted).collect())
    }

    fn cut(&self, plan: Plan, chunk: usize, decoders: &[&Decoder]) -> anyhow::Result<Cut> {
        let title = match chunk {
            0 => "input whole".to_owned(),
            size => format!("{size} B chunks"),
        };
        for name in &self.corpus {
            if !corpus::NAMES.contains(&name.as_str()) {
                bail!("{name}: not one of {:?}", corpus::NAMES);
            }
        }
        let wanted = |name: &&str| self.corpus.is_empty() || self.corpus.iter().any(|n| n == name);
        let named = |name| Corpus::named(name, plan.length);
        let corpora = corpus::NAMES.into_iter().filter(wanted).filter_map(named);
        let trials = corpora.map(|corpus| {
            let outcomes = trial::run(plan, &corpus, chunk, decoders);
            (corpus, outcomes)
        });
        Ok(Cut { trials: trials.collect(), title, patience: plan.patience })
    }
}

impl Cut {
    fn report(&self, report: &mut Report, decoders: &[&Decoder]) -> anyhow::Result<()> {
        let mut speed = self.table("MB/s", decoders, &megabytes_per_second);
        let fastest = self.trials.iter().map(|(_, it)| fastest_peer(decoders, it));
        let fastest: Vec<Option<usize>> = fastest.collect();
        for (index, ours) in decoders.iter().enumerate().filter(|it| it.1.role == Role::Ours) {
            let ratios = self.trials.iter().zip(&fastest).map(|((_, outcomes), fastest)| {
                let fastest = fastest.and_then(|it| outcomes.get(it));
                Cell::spread(ratio(outcomes.get(index), fastest))
            });
            speed.row(format!("{} / fastest peer", ours.name), ratios);
        }
        speed.row(
            "fastest peer",
            fastest.iter().map(|it| match it {
                Some(index) => Cell::text(decoders[*index].name),
                None => Cell::none(),
            }),
        );
        report.table(speed);
        self.note_faults(report, decoders);
        report.table(self.table("ns per block", decoders, &nanoseconds_per_block));
        report.table(
            self.table("allocations per block", decoders, &|_, timing| Some(timing.allocations)),
        );
        let name = format!("decode {}", self.title).replace(' ', "-").to_lowercase();
        report.plot(name, self.plot(decoders)?);
        Ok(())
    }

    /// Says of each decoder that is not timed everywhere what was seen instead.
    fn note_faults(&self, report: &mut Report, decoders: &[&Decoder]) {
        for (index, decoder) in decoders.iter().enumerate() {
            let faults =
                self.trials.iter().filter_map(|(corpus, outcomes)| match outcomes.get(index)? {
                    Outcome::Timed(_) => None,
                    Outcome::Wrong(why) => Some(format!("{} wrong ({why})", corpus.name)),
                    Outcome::TooSlow(bytes) => Some(format!(
                        "{} not finished (over {} ms for {bytes} B)",
                        corpus.name,
                        self.patience.as_millis()
                    )),
                });
            let faults: Vec<String> = faults.collect();
            if !faults.is_empty() {
                let (name, faults) = (decoder.name, faults.join(", "));
                report.note(format!("{name}, {}: {faults}.", self.title));
            }
        }
    }

    fn table(
        &self,
        unit: &str,
        decoders: &[&Decoder],
        value: &dyn Fn(&Corpus, &Timing) -> Option<f64>,
    ) -> Table {
        let columns = self.trials.iter().map(|(corpus, _)| corpus.name);
        let mut table = Table::new(format!("decode, {}, {unit}", self.title), columns);
        for (index, decoder) in decoders.iter().enumerate() {
            let cells = self.trials.iter().filter_map(|(corpus, outcomes)| {
                Some(match outcomes.get(index)? {
                    Outcome::Timed(timing) => {
                        Cell::from(value(corpus, timing)).with_detail(&timing.seconds)
                    }
                    Outcome::Wrong(why) => Cell::text("wrong").with_detail(why),
                    Outcome::TooSlow(bytes) => Cell::text("DNF").with_detail(bytes),
                })
            });
            table.row(decoder.name, cells.collect::<Vec<_>>());
        }
        table
    }

    fn plot(&self, decoders: &[&Decoder]) -> anyhow::Result<String> {
        let shown = decoders.iter().enumerate().filter(|(_, it)| it.name != "copy");
        let series = shown.map(|(index, decoder)| Series {
            name: decoder.name.to_owned(),
            role: decoder.role,
            values: self
                .trials
                .iter()
                .map(|(corpus, outcomes)| match outcomes.get(index) {
                    Some(Outcome::Timed(timing)) => megabytes_per_second(corpus, timing),
                    _ => None,
                })
                .collect(),
        });
        Dots {
            title: format!("Decoding, {}", self.title),
            about: "MB/s, further right is better; by corpus, logarithmic".to_owned(),
            rows: self.trials.iter().map(|(corpus, _)| corpus.name.to_owned()).collect(),
            series: series.collect(),
        }
        .svg()
    }
}

fn nanoseconds_per_block(corpus: &Corpus, timing: &Timing) -> Option<f64> {
    Some(timing.spread()?.least * 1e9 / corpus.blocks as f64)
}

/// The place of the fastest peer whose events are right.
fn fastest_peer(decoders: &[&Decoder], outcomes: &[Outcome]) -> Option<usize> {
    let best = |index: &usize| match outcomes.get(*index) {
        Some(Outcome::Timed(timing)) => timing.spread().map(|it| it.least),
        _ => None,
    };
    let peers = (0..decoders.len()).filter(|it| decoders[*it].role == Role::Peer);
    let timed = peers.filter_map(|index| Some((index, best(&index)?)));
    timed.min_by(|a, b| a.1.total_cmp(&b.1)).map(|it| it.0)
}

/// How much faster we are than a peer, in every round.
fn ratio(ours: Option<&Outcome>, peer: Option<&Outcome>) -> Option<Spread> {
    match (ours?, peer?) {
        (Outcome::Timed(ours), Outcome::Timed(peer)) => {
            Spread::of(peer.seconds.iter().zip(&ours.seconds).map(|(peer, ours)| peer / ours))
        }
        _ => None,
    }
}

fn versions(decoders: &[&Decoder]) -> String {
    let named = decoders.iter().filter(|it| !it.package.is_empty());
    let versions = named.map(|it| format!("{} {}", it.package, report::version(it.package)));
    format!("Versions: {}.", versions.collect::<Vec<_>>().join(", "))
}
