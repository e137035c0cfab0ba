//! The parts of the benchmark.

use report::Report;

use crate::plan::Plan;
use crate::subject::Subject;
use crate::trials;

/// A part that can be run alone.
#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum)]
pub(crate) enum Part {
    /// One event at a time and 16 in flight, to 1,000 connections and to 10,000
    Steady,
    /// 19,000 connections, one event a second: ours and the limit
    Wide,
    /// A tenth of the clients stop reading
    Stalled,
    /// Clients come back with Last-Event-ID: ours
    Reconnect,
    /// Clients that never finish their request: ours
    Slowloris,
    /// Cost over connections and size of event: ours, limit, axum
    Growth,
    /// Where the time goes, by `perf`; only when named
    Profile,
}

impl Part {
    /// What a whole run measures.
    pub(crate) const ALL: [Part; 6] =
        [Part::Steady, Part::Wide, Part::Stalled, Part::Reconnect, Part::Slowloris, Part::Growth];

    pub(crate) fn title(self) -> &'static str {
        match self {
            Part::Steady => "one event at a time, and 16 in flight",
            Part::Wide => "many connections",
            Part::Stalled => "clients that stop reading",
            Part::Reconnect => "clients that come back",
            Part::Slowloris => "clients that never finish their request",
            Part::Growth => "how the cost grows",
            Part::Profile => "where the time goes",
        }
    }

    pub(crate) fn measure(
        self,
        plan: &Plan,
        subjects: &[Subject],
        report: &mut Report,
    ) -> anyhow::Result<()> {
        match self {
            Part::Steady => trials::steady::measure(plan, subjects, report),
            Part::Wide => trials::wide::measure(plan, subjects, report),
            Part::Stalled => trials::stalled::measure(plan, subjects, report),
            Part::Reconnect => trials::reconnect::measure(plan, subjects, report),
            Part::Slowloris => trials::slowloris::measure(plan, subjects, report),
            Part::Growth => trials::growth::measure(plan, subjects, report),
            Part::Profile => trials::profile::measure(plan, subjects, report),
        }
    }
}
