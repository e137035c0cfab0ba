//! Nodes with their clients, and a burst of events through all of them.

use std::fs;
use std::io::{BufRead, BufReader, Lines};
use std::process::{Child, ChildStdout, Command, Stdio};
use std::thread;
use std::time::{Duration, Instant};

use anyhow::{Context, ensure};
use futures_lite::future::block_on;
use serde::Serialize;
use servers::Burst;
use sse_redis::{Frame, Hub, Options};
use testkit::{Scratch, port};

use super::clients::Outcome;
use super::redis::{Redis, Work};
use crate::process::{Server, kernel_memory};
use crate::recorder::Percentiles;

/// How long clients may take beyond the events' own time.
const PATIENCE: Duration = Duration::from_secs(60);

/// Nodes that run.
pub(crate) struct Site<'a> {
    redis: &'a Redis,
    key: String,
    nodes: Vec<Server>,
    connections: usize,
    folder: Scratch,
}

/// A process of clients.
struct Clients {
    child: Child,
    lines: Lines<BufReader<ChildStdout>>,
    file: std::path::PathBuf,
}

/// What a burst cost, and how it arrived.
#[derive(Debug, Serialize)]
pub(crate) struct Trial {
    pub(crate) nodes: usize,
    pub(crate) clients: usize,
    pub(crate) events: u64,
    pub(crate) per_second: f64,
    pub(crate) seconds: f64,
    /// Until the last client was connected.
    pub(crate) connecting: f64,
    pub(crate) deliveries: u64,
    pub(crate) disordered: u64,
    pub(crate) skipped: u64,
    pub(crate) closed: usize,
    pub(crate) complete: usize,
    pub(crate) latency: Option<Percentiles>,
    pub(crate) last_client: Option<Percentiles>,
    pub(crate) node_cpu_seconds: f64,
    /// Bytes for each idle connection: of the nodes, of the kernel for both ends.
    pub(crate) node_memory: f64,
    pub(crate) kernel_memory: f64,
    /// Bytes that clients have read for the events, without the heads of packets.
    pub(crate) bytes: u64,
    pub(crate) redis: Work,
}

impl<'a> Site<'a> {
    /// Starts the nodes. Their clients come when it is measured.
    pub(crate) fn open(redis: &'a Redis, nodes: usize, connections: usize) -> anyhow::Result<Self> {
        let key = format!("news:{connections}");
        let folder = Scratch::new("cluster")?;
        let node = || {
            let address = port::free();
            let mut command = Command::new(std::env::current_exe()?);
            command.args(["cluster-node", "--addr", &address.to_string(), "--key", &key]);
            command.args(["--redis", &redis.url()]);
            Server::start(command, address)
        };
        let nodes = (0..nodes).map(|_| node()).collect::<anyhow::Result<_>>()?;
        Ok(Self { redis, nodes, connections, folder, key })
    }

    /// Connects all clients, publishes the events, and collects what came.
    pub(crate) fn measure(self, burst: Burst) -> anyhow::Result<Trial> {
        let clients = (self.nodes.len() * self.connections) as f64;
        let (memory, kernel) = (self.memory(), kernel_memory());
        let (mut all, connecting) = self.connect(burst)?;
        let node_memory = (self.memory() as f64 - memory as f64) / clients;
        let kernel_memory = kernel_memory().saturating_sub(kernel) as f64 / clients;
        let (cpu, work) = (self.cpu(), self.redis.work()?);
        let start = Instant::now();
        self.publish(burst)?;
        let outcomes = all.iter_mut().map(Clients::outcome).collect::<anyhow::Result<Vec<_>>>()?;
        let mut latencies = Vec::new();
        for clients in &all {
            let bytes = fs::read(&clients.file)?;
            let (numbers, _) = bytes.as_chunks::<4>();
            latencies.extend(numbers.iter().map(|it| u32::from_le_bytes(*it)));
        }
        let sum = |value: fn(&Outcome) -> u64| outcomes.iter().map(value).sum::<u64>();
        let last_of = |event: usize| outcomes.iter().filter_map(|it| it.last.get(event)).max();
        Ok(Trial {
            nodes: self.nodes.len(),
            clients: self.nodes.len() * self.connections,
            events: burst.count,
            per_second: burst.rate,
            seconds: start.elapsed().as_secs_f64(),
            connecting,
            deliveries: sum(|it| it.deliveries),
            disordered: sum(|it| it.disordered),
            skipped: sum(|it| it.skipped),
            closed: outcomes.iter().map(|it| it.closed).sum(),
            complete: outcomes.iter().map(|it| it.complete).sum(),
            latency: Percentiles::of(latencies),
            last_client: Percentiles::of(
                (0..burst.count as usize).filter_map(last_of).copied().collect(),
            ),
            node_cpu_seconds: (self.cpu() - cpu) as f64 / 1e9,
            node_memory,
            kernel_memory,
            bytes: sum(|it| it.bytes),
            redis: self.redis.work()?.since(&work),
        })
    }

    /// The clients of every node, all at the same time; how long it took.
    fn connect(&self, burst: Burst) -> anyhow::Result<(Vec<Clients>, f64)> {
        let start = Instant::now();
        let seconds = (burst.due(burst.count) + PATIENCE).as_secs().to_string();
        let mut all = Vec::new();
        for (number, node) in self.nodes.iter().enumerate() {
            let file = self.folder.join(format!("latencies-{number}"));
            let mut command = Command::new(std::env::current_exe()?);
            command.args(["cluster-clients", "--addr", &node.address.to_string()]);
            command.args(["--connections", &self.connections.to_string()]);
            command.args(["--events", &burst.count.to_string(), "--network", &number.to_string()]);
            command.args(["--seconds", &seconds, "--latencies"]).arg(&file);
            let mut child = command.stdin(Stdio::null()).stdout(Stdio::piped()).spawn()?;
            let lines = BufReader::new(child.stdout.take().context("no output")?).lines();
            all.push(Clients { child, lines, file });
        }
        for clients in &mut all {
            clients.line().context("the clients cannot connect")?;
        }
        Ok((all, start.elapsed().as_secs_f64()))
    }

    /// As a node does that has no clients.
    fn publish(&self, burst: Burst) -> anyhow::Result<()> {
        // Who only publishes needs no reader.
        let (hub, _reader) = Hub::new(&self.redis.url(), Options::default(), |_| {})?;
        let (channel, start) = (hub.channel(&self.key), Instant::now());
        for number in 0..burst.count {
            thread::sleep((start + burst.due(number)).saturating_duration_since(Instant::now()));
            block_on(channel.publish(&Frame::message(&burst.data(number))))?;
        }
        Ok(())
    }

    fn cpu(&self) -> u64 {
        self.nodes.iter().map(|node| node.cpu().total).sum()
    }

    fn memory(&self) -> u64 {
        self.nodes.iter().map(Server::heap).sum()
    }
}

impl Clients {
    fn line(&mut self) -> anyhow::Result<String> {
        self.lines.next().context("they have ended")?.context("their output breaks")
    }

    fn outcome(&mut self) -> anyhow::Result<Outcome> {
        Ok(serde_json::from_str(&self.line()?)?)
    }
}

impl Drop for Clients {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

impl Trial {
    /// CPU time of the nodes for each delivery.
    pub(crate) fn microseconds(&self) -> f64 {
        self.node_cpu_seconds * 1e6 / self.deliveries.max(1) as f64
    }

    pub(crate) fn bytes_per_delivery(&self) -> f64 {
        self.bytes as f64 / self.deliveries.max(1) as f64
    }

    /// Whether every client has everything, once and in order.
    ///
    /// # Errors
    ///
    /// Some have not.
    pub(crate) fn check(&self) -> anyhow::Result<()> {
        let expected = self.events * self.clients as u64;
        ensure!(
            self.deliveries == expected
                && self.disordered + self.skipped == 0
                && self.complete == self.clients,
            "of {expected} deliveries to {} clients there were {}, {} out of order, {} left out; {} clients have the \
             last event, {} were cut",
            self.clients,
            self.deliveries,
            self.disordered,
            self.skipped,
            self.complete,
            self.closed
        );
        Ok(())
    }
}
