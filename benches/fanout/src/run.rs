//! One server with its subscribers, and bursts of events through it.

use std::thread;
use std::time::{Duration, Instant};

use serde::Serialize;
use servers::Burst;

use crate::courier::Courier;
use crate::process::{Cpu, Server, Ticks};
use crate::recorder::{Percentiles, Recorder};
use crate::subject::{Running, Subject};
use crate::swarm::Swarm;

/// The time for which a server is left alone once all have come.
const SETTLING: Duration = Duration::from_millis(250);

pub(crate) struct Run {
    subject: Subject,
    pub(crate) running: Running,
    pub(crate) swarm: Swarm,
    memory_at_start: u64,
    pub(crate) connecting: Duration,
}

/// What a burst cost and how it arrived.
#[derive(Clone, Copy, Serialize)]
pub(crate) struct Measured {
    pub(crate) expected: u64,
    pub(crate) deliveries: u64,
    pub(crate) disordered: u64,
    pub(crate) skipped: u64,
    pub(crate) closed: usize,
    pub(crate) seconds: f64,
    pub(crate) cpu_seconds: f64,
    pub(crate) ticks: Ticks,
    pub(crate) latency: Option<Percentiles>,
    pub(crate) time_to_last: Option<Percentiles>,
}

impl Measured {
    pub(crate) fn is_complete(&self) -> bool {
        self.deliveries == self.expected && self.disordered == 0 && self.skipped == 0
    }

    pub(crate) fn microseconds_per_delivery(&self) -> f64 {
        self.cpu_seconds * 1e6 / self.deliveries.max(1) as f64
    }

    pub(crate) fn deliveries_per_second(&self) -> f64 {
        self.deliveries as f64 / self.seconds
    }
}

impl Run {
    /// Starts the server and opens the streams.
    pub(crate) fn open(
        subject: Subject,
        connections: usize,
        options: &[&str],
    ) -> anyhow::Result<Run> {
        let running = subject.start(options)?;
        let memory_at_start = running.server.memory();
        let start = Instant::now();
        let address = running.server.address;
        let mut swarm = Swarm::connect(address, connections, 0, "", &mut Recorder::default())?;
        let connecting = start.elapsed();
        thread::sleep(SETTLING);
        swarm.until(&mut Recorder::default(), Duration::from_millis(50), |_| false)?;
        Ok(Run { subject, running, swarm, memory_at_start, connecting })
    }

    /// Memory of the server for each connection, beyond what it held without any.
    pub(crate) fn memory_per_connection(&self) -> f64 {
        let grown = self.server().memory() as f64 - self.memory_at_start as f64;
        grown / self.swarm.connections.len() as f64
    }

    /// Publishes one burst and waits until every connection that reads has all of it.
    pub(crate) fn burst(&mut self, burst: Burst, readers: usize) -> anyhow::Result<Measured> {
        let mut recorder = Recorder::default();
        let before = self.server().cpu();
        let start = Instant::now();
        self.publish(burst, readers, &mut recorder)?;
        Ok(self.measured(burst.count * readers as u64, &recorder, start, before))
    }

    /// Like [`burst`](Self::burst), but only what came, for those who look at it closer.
    pub(crate) fn record(&mut self, burst: Burst, readers: usize) -> anyhow::Result<Recorder> {
        let mut recorder = Recorder::default();
        self.publish(burst, readers, &mut recorder)?;
        Ok(recorder)
    }

    /// Publishes bursts one after another, each when all have the one before.
    pub(crate) fn bursts(&mut self, burst: Burst, times: u64) -> anyhow::Result<Measured> {
        let readers = self.swarm.connections.len();
        let mut recorder = Recorder::default();
        let before = self.server().cpu();
        let start = Instant::now();
        for _ in 0..times {
            recorder.begin();
            self.publish(burst, readers, &mut recorder)?;
        }
        Ok(self.measured(times * burst.count * readers as u64, &recorder, start, before))
    }

    fn publish(
        &mut self,
        burst: Burst,
        readers: usize,
        recorder: &mut Recorder,
    ) -> anyhow::Result<()> {
        self.swarm.forget();
        let goal = recorder.deliveries + burst.count * readers as u64;
        let limit = burst.due(burst.count) * 2 + Duration::from_secs(10);
        if self.subject.is_fed_by_generator() {
            let mut courier = Courier::start(self.server().address, burst)?;
            let deadline = Instant::now() + limit;
            while recorder.deliveries < goal && Instant::now() < deadline {
                courier.turn()?;
                self.swarm.turn(recorder)?;
            }
        } else {
            let asked = self.server().ask_to_start(burst.rate, burst.count, burst.size)?;
            self.swarm.until(recorder, limit, |it| it.deliveries >= goal)?;
            drop(asked);
        }
        Ok(())
    }

    fn measured(
        &self,
        expected: u64,
        recorder: &Recorder,
        start: Instant,
        before: Cpu,
    ) -> Measured {
        let seconds = start.elapsed().as_secs_f64();
        let after = self.server().cpu();
        Measured {
            expected,
            deliveries: recorder.deliveries,
            disordered: recorder.disordered,
            skipped: recorder.skipped,
            closed: self.swarm.closed(),
            seconds,
            cpu_seconds: (after.total - before.total) as f64 / 1e9,
            ticks: after.ticks.since(before.ticks),
            latency: recorder.latency(),
            time_to_last: recorder.time_to_last(),
        }
    }

    fn server(&self) -> &Server {
        &self.running.server
    }
}
