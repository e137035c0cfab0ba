//! `decode`: every corpus, whole and in chunks, by every decoder.

use anyhow::{bail, ensure};
use report::{Bars, Cell, Report, Scale, Series, Spread, Table};

use crate::corpus::{self, Corpus};
use crate::curves;
use crate::decoders::{self, Decoder, Kind};
use crate::rounds::Plan;
use crate::trial::{self, Outcome, Timing};

#[derive(clap::Args)]
pub(crate) struct Args {
    /// Corpora, for instance `llm,tiny`; all if none is named
    #[arg(long, value_delimiter = ',')]
    corpus: Vec<String>,
    /// Decoders, for instance `ours,sse-core`; all if none is named
    #[arg(long, value_delimiter = ',')]
    peer: Vec<String>,
    /// Chunk sizes in bytes; 0 is the whole corpus at once
    #[arg(long, value_delimiter = ',', default_values_t = [0, 1400, 64])]
    chunk: Vec<usize>,
    /// Fewer and shorter rounds, no curves; nothing is written
    #[arg(long)]
    quick: bool,
}

/// What was measured with one chunk size: for each corpus the outcomes of all decoders.
struct Cut {
    title: String,
    trials: Vec<(Corpus, Vec<Outcome>)>,
}

impl Args {
    pub(crate) fn run(self) -> anyhow::Result<()> {
        let plan = Plan::new(self.quick);
        let decoders = self.decoders()?;
        let whole_run = self.corpus.is_empty() && self.peer.is_empty() && !self.quick;
        let mut report = Report::new("decode", "cargo xtask bench decode");
        report.note(
            "One pass over 1 MiB, one thread. Decoders take turns in every round; cells show the best round. \
             The ratio is that of us to the fastest peer whose events are right, taken in each round: \
             its median and its quartiles.",
        );
        report.note(versions(&decoders));
        for chunk in &self.chunk {
            let cut = self.cut(plan, *chunk, &decoders)?;
            cut.report(&mut report, &decoders)?;
        }
        if whole_run {
            curves::add(plan, &mut report, &decoders)?;
            report.write(&report::results())?;
        }
        Ok(())
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
        let corpora = corpus::NAMES.into_iter().filter(wanted).filter_map(Corpus::named);
        let trials = corpora.map(|corpus| {
            let outcomes = trial::run(plan, &corpus, chunk, decoders);
            (corpus, outcomes)
        });
        Ok(Cut { trials: trials.collect(), title })
    }
}

impl Cut {
    fn report(&self, report: &mut Report, decoders: &[&Decoder]) -> anyhow::Result<()> {
        let mut speed = self.table("MB/s", decoders, &megabytes_per_second);
        let ratios = self.trials.iter().map(|(_, it)| Ratio::of(decoders, it));
        let ratios: Vec<Option<Ratio>> = ratios.collect();
        let mut row = |name: &str, cell: fn(&Ratio) -> Cell| {
            let cells = ratios.iter().map(|it| it.as_ref().map_or_else(Cell::none, cell));
            speed.row(name, cells);
        };
        row("ours / fastest peer", |it| Cell::number(it.spread.median).with_detail(it.spread));
        row("quartiles", |it| {
            Cell::text(format!("{:.2}–{:.2}", it.spread.lower_quartile, it.spread.upper_quartile))
        });
        row("fastest peer", |it| Cell::text(it.peer));
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
                        trial::PATIENCE.as_millis()
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
            values: self
                .trials
                .iter()
                .map(|(corpus, outcomes)| match outcomes.get(index) {
                    Some(Outcome::Timed(timing)) => megabytes_per_second(corpus, timing),
                    _ => None,
                })
                .collect(),
        });
        Bars {
            title: format!("Decoding, {}: MB/s, higher is better (logarithmic)", self.title),
            unit: "MB/s".to_owned(),
            groups: self.trials.iter().map(|(corpus, _)| corpus.name.to_owned()).collect(),
            series: series.collect(),
            scale: Scale::Logarithmic,
        }
        .svg()
    }
}

pub(crate) fn megabytes_per_second(corpus: &Corpus, timing: &Timing) -> Option<f64> {
    Some(corpus.bytes.len() as f64 / timing.spread()?.least / 1e6)
}

fn nanoseconds_per_block(corpus: &Corpus, timing: &Timing) -> Option<f64> {
    Some(timing.spread()?.least * 1e9 / corpus.blocks as f64)
}

/// How much faster we are than the fastest peer that is right, in every round.
struct Ratio {
    peer: &'static str,
    spread: Spread,
}

impl Ratio {
    fn of(decoders: &[&Decoder], outcomes: &[Outcome]) -> Option<Ratio> {
        let timings = |kind: Kind| {
            let pairs = decoders.iter().zip(outcomes);
            pairs.filter_map(move |(decoder, outcome)| match outcome {
                Outcome::Timed(timing) if decoder.kind == kind => Some((decoder.name, timing)),
                _ => None,
            })
        };
        let best = |timing: &Timing| timing.spread().map_or(f64::INFINITY, |it| it.least);
        let (_, ours) = timings(Kind::Ours).next()?;
        let (peer, fastest) = timings(Kind::Peer).min_by(|a, b| best(a.1).total_cmp(&best(b.1)))?;
        let rounds = fastest.seconds.iter().zip(&ours.seconds);
        let spread = Spread::of(rounds.map(|(peer, ours)| peer / ours))?;
        Some(Ratio { peer, spread })
    }
}

fn versions(decoders: &[&Decoder]) -> String {
    let named = decoders.iter().filter(|it| !it.package.is_empty());
    let versions = named.map(|it| format!("{} {}", it.package, report::version(it.package)));
    format!("Versions: {}.", versions.collect::<Vec<_>>().join(", "))
}
