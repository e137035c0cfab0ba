//! The clients of one node: a process that connects them all, says so, and tells in the end what they got.

use std::io::{self, Write};
use std::net::SocketAddr;
use std::path::PathBuf;
use std::time::{Duration, Instant};

use serde::{Deserialize, Serialize};

use crate::recorder::Recorder;
use crate::swarm::Swarm;

/// How long something is waited for that should not come.
const AFTERWARDS: Duration = Duration::from_millis(500);

/// What it is told.
#[derive(clap::Args)]
pub(crate) struct Args {
    /// The node
    #[arg(long)]
    addr: SocketAddr,
    #[arg(long)]
    connections: usize,
    /// Events that each is to get
    #[arg(long)]
    events: u64,
    /// They leave from addresses 127.0.NETWORK.x
    #[arg(long)]
    network: u8,
    /// How long the events may take, from the last connection on
    #[arg(long)]
    seconds: u64,
    /// Where to write the time that each delivery took: nanoseconds, 32 bits, the lowest byte first
    #[arg(long)]
    latencies: PathBuf,
}

/// What came.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct Outcome {
    pub(crate) deliveries: u64,
    pub(crate) disordered: u64,
    pub(crate) skipped: u64,
    pub(crate) closed: usize,
    /// Connections whose last event is the last one that was published.
    pub(crate) complete: usize,
    /// Bytes that were read since all were connected.
    pub(crate) bytes: u64,
    /// For each event, nanoseconds until the last of these clients had it.
    #[serde(skip_serializing_if = "Vec::is_empty", default)]
    pub(crate) last: Vec<u32>,
}

impl Args {
    pub(crate) fn run(&self) -> anyhow::Result<()> {
        let mut recorder = Recorder::default();
        let start = Instant::now();
        let mut swarm =
            Swarm::connect(self.addr, self.connections, self.network, "", &mut recorder)?;
        println!("{}", start.elapsed().as_secs_f64());
        io::stdout().flush()?;
        // Many processes share the cores: none may spin.
        swarm.sleep_at_most(Duration::from_millis(100));
        let before = swarm.received();
        let goal = self.events * self.connections as u64;
        let time = Duration::from_secs(self.seconds);
        swarm.until(&mut recorder, time, |it| it.deliveries >= goal)?;
        swarm.until(&mut recorder, AFTERWARDS, |_| false)?;
        let newest = self.events.checked_sub(1);
        let complete = swarm.connections.iter().filter(|it| it.last == newest).count();
        let (latencies, last) = recorder.nanoseconds();
        let bytes: Vec<u8> = latencies.iter().flat_map(|it| it.to_le_bytes()).collect();
        std::fs::write(&self.latencies, bytes)?;
        let outcome = Outcome {
            deliveries: recorder.deliveries,
            disordered: recorder.disordered,
            skipped: recorder.skipped,
            closed: swarm.closed(),
            complete,
            bytes: swarm.received() - before,
            last: last.to_vec(),
        };
        println!("{}", serde_json::to_string(&outcome)?);
        Ok(())
    }
}
