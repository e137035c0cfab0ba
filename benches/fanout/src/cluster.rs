//! Several nodes on one Redis, and more clients than one process may have: what the clients get, what it costs, and what
//! Redis has to do for it.

mod clients;
mod figures;
mod node;
mod redis;
mod site;

use std::path::PathBuf;

use report::Report;
use servers::Burst;

use self::redis::Redis;
use self::site::Site;

/// What this program is in place of the whole benchmark.
#[derive(clap::Subcommand)]
pub(crate) enum Command {
    /// Measures several nodes on one Redis
    Cluster(Args),
    /// One of the nodes
    #[command(hide = true)]
    ClusterNode(node::Args),
    /// The clients of one node
    #[command(hide = true)]
    ClusterClients(clients::Args),
}

impl Command {
    pub(crate) fn run(&self) -> anyhow::Result<()> {
        match self {
            Command::Cluster(args) => args.run(),
            Command::ClusterNode(args) => args.run(),
            Command::ClusterClients(args) => args.run(),
        }
    }
}

/// What is measured.
#[derive(clap::Args)]
pub(crate) struct Args {
    /// Few connections and events; nothing is written
    #[arg(long)]
    quick: bool,
    /// Nodes, each a process with a process of clients
    #[arg(long)]
    nodes: Option<usize>,
    /// Connections of each node, below the number of its descriptors
    #[arg(long)]
    connections: Option<usize>,
    /// Write the results into this folder, whatever was measured
    #[arg(long, value_name = "FOLDER")]
    write: Option<PathBuf>,
}

impl Args {
    fn run(&self) -> anyhow::Result<()> {
        let (nodes, few, many) = if self.quick { (2, 10, 400) } else { (5, 200, 19_000) };
        let (nodes, many) = (self.nodes.unwrap_or(nodes), self.connections.unwrap_or(many));
        let burst = |count| Burst { rate: if self.quick { 5.0 } else { 1.0 }, count, size: 100 };
        let (short, long) = if self.quick { (5, 5) } else { (30, 60) };
        let arguments: Vec<String> = std::env::args().skip(2).collect();
        let separator = if arguments.is_empty() { "" } else { " -- " };
        let command = format!("cargo xtask bench cluster{separator}{}", arguments.join(" "));
        let mut report = Report::new("cluster", command);
        let redis = Redis::start()?;
        report.note(format!(
            "{nodes} nodes, sse-server with a channel of sse-redis and one thread each, and a process of clients for each \
             node; {}; all on the cores of one machine, over loopback. An event is published by a hub without clients, and \
             carries its number and the time before it was published. Every connection's record is checked: each event \
             once, in order, up to the last. CPU time is that of all threads, from the scheduler; sending over loopback \
             includes what the kernel does for the receiving end.",
            redis.version()?
        ));
        let mut trials = Vec::new();
        for (connections, events) in [(few, short), (many, long)] {
            println!("{nodes} nodes, {connections} connections each, {events} events");
            trials.push(Site::open(&redis, nodes, connections)?.measure(burst(events))?);
        }
        figures::tables(&trials).into_iter().for_each(|table| report.table(table));
        let is_whole = !self.quick && self.nodes.is_none() && self.connections.is_none();
        report.finish(is_whole, self.write.clone())?;
        trials.iter().try_for_each(site::Trial::check)
    }
}
