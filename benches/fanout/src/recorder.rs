//! What came: how many events, in which order, after how long.

use report::Spread;
use serde::Serialize;

use crate::connection::Delivery;

#[derive(Default)]
pub(crate) struct Recorder {
    pub(crate) deliveries: u64,
    /// Events that a connection got although a later one or the same had come before.
    pub(crate) disordered: u64,
    /// Events that were left out before a later one.
    pub(crate) skipped: u64,
    /// The number of the first event of the burst.
    first: Option<u64>,
    /// Nanoseconds from publishing to reading, one for each delivery.
    latencies: Vec<u32>,
    /// The same for the connection that got an event last, one for each event.
    last_latencies: Vec<u32>,
}

/// Percentiles of times in milliseconds.
#[derive(Clone, Copy, Debug, Serialize)]
pub(crate) struct Percentiles {
    pub(crate) p50: f64,
    pub(crate) p99: f64,
    pub(crate) most: f64,
}

impl Recorder {
    /// Another burst follows, whose numbers may begin anew.
    pub(crate) fn begin(&mut self) {
        self.first = None;
    }

    /// `last` is the number of the last event of this connection, if it had any in this burst.
    pub(crate) fn deliver(&mut self, last: &mut Option<u64>, delivery: Delivery, now: u64) {
        let first = *self.first.get_or_insert(delivery.sequence);
        let next = last.map_or(first, |last| last + 1);
        self.disordered += u64::from(delivery.sequence < next);
        self.skipped += delivery.sequence.saturating_sub(next);
        *last = Some(delivery.sequence);
        self.deliveries += 1;
        let latency = u32::try_from(now.saturating_sub(delivery.published)).unwrap_or(u32::MAX);
        self.latencies.push(latency);
        let index = delivery.sequence.saturating_sub(first) as usize;
        if self.last_latencies.len() <= index {
            self.last_latencies.resize(index + 1, 0);
        }
        let slowest = &mut self.last_latencies[index];
        *slowest = latency.max(*slowest);
    }

    /// Nanoseconds from publishing to reading: of each delivery; of the last one of each event.
    pub(crate) fn nanoseconds(&self) -> (&[u32], &[u32]) {
        (&self.latencies, &self.last_latencies)
    }

    /// The time from publishing to reading.
    pub(crate) fn latency(&self) -> Option<Percentiles> {
        Percentiles::of(self.latencies.clone())
    }

    /// The percentile 99 of the time from publishing to reading in milliseconds, in each of
    /// `parts` equal parts of the deliveries, first to last.
    pub(crate) fn p99_in_parts(&self, parts: usize) -> Option<Spread> {
        let part = self.latencies.len().div_ceil(parts).max(1);
        let parts = self.latencies.chunks(part);
        Spread::of(parts.filter_map(|part| Some(Percentiles::of(part.to_vec())?.p99)))
    }

    /// The time from publishing until the last connection has read the event.
    pub(crate) fn time_to_last(&self) -> Option<Percentiles> {
        Percentiles::of(self.last_latencies.clone())
    }
}

impl Percentiles {
    pub(crate) fn of(mut nanoseconds: Vec<u32>) -> Option<Percentiles> {
        nanoseconds.sort_unstable();
        let at = |part: f64| {
            let last = nanoseconds.len().checked_sub(1)?;
            let value = nanoseconds.get((part * last as f64).round() as usize)?;
            Some(f64::from(*value) / 1e6)
        };
        Some(Percentiles { p50: at(0.5)?, p99: at(0.99)?, most: at(1.0)? })
    }

    /// The median of several rounds, for each percentile.
    pub(crate) fn median(rounds: &[Percentiles]) -> Option<Percentiles> {
        let median =
            |field: fn(&Percentiles) -> f64| Some(Spread::of(rounds.iter().map(field))?.median);
        Some(Percentiles {
            p50: median(|it| it.p50)?,
            p99: median(|it| it.p99)?,
            most: median(|it| it.most)?,
        })
    }
}
