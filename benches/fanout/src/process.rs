//! A server under test: started on its core, observed through `/proc`, killed when dropped.

use std::fs;
use std::net::SocketAddr;
use std::process::Command;

use anyhow::Context;
use serde::Serialize;
use testkit::Served;
use testkit::raw::{Peer, field};

use crate::cores;

pub(crate) struct Server {
    served: Served,
    pub(crate) address: SocketAddr,
}

/// CPU time of a server so far, all its threads and processes together.
#[derive(Clone, Copy)]
pub(crate) struct Cpu {
    /// Nanoseconds, exact.
    pub(crate) total: u64,
    pub(crate) ticks: Ticks,
}

/// Where the server was when the kernel's clock ticked, in units of 10 ms.
#[derive(Clone, Copy, Default, Serialize)]
pub(crate) struct Ticks {
    pub(crate) user: u64,
    pub(crate) all: u64,
}

impl Ticks {
    pub(crate) fn since(self, before: Ticks) -> Ticks {
        Ticks { user: self.user - before.user, all: self.all - before.all }
    }
}

impl Server {
    /// Starts `command` and waits until it accepts connections.
    pub(crate) fn start(mut command: Command, address: SocketAddr) -> anyhow::Result<Server> {
        Ok(Server { served: Served::at(&mut command, address)?, address })
    }

    /// Asks for a burst of events. The connection must be kept until the burst is over.
    pub(crate) fn ask_to_start(&self, rate: f64, count: u64, size: usize) -> anyhow::Result<Peer> {
        // In one write: the limit reads a request with one read.
        self.ask(&format!("/start?rate={rate}&count={count}&size={size}"))
    }

    /// Publishes one event and returns the ID that the server has given it.
    pub(crate) fn id_of_an_event(&self) -> anyhow::Result<String> {
        let mut peer = self.ask("/events")?;
        peer.try_head().context("the server does not answer")?;
        let _asked = self.ask_to_start(0.0, 1, 100)?;
        let event = peer.event().context("the stream ended before an event came")?;
        Ok(field(&event, "id").context("the events have no ID")?.to_owned())
    }

    fn ask(&self, target: &str) -> anyhow::Result<Peer> {
        let mut peer = Peer::try_connect(self.address).context("the server does not listen")?;
        let request = format!("GET {target} HTTP/1.1\r\nHost: localhost\r\n\r\n");
        peer.try_send(request).context("the server has gone")?;
        Ok(peer)
    }

    pub(crate) fn cpu(&self) -> Cpu {
        let mut cpu = Cpu { total: 0, ticks: Ticks::default() };
        for process in self.processes() {
            let folder = format!("/proc/{process}/task");
            for thread in fs::read_dir(folder).into_iter().flatten().flatten() {
                let text = fs::read_to_string(thread.path().join("schedstat"));
                let text = text.unwrap_or_default();
                let first = text.split(' ').next();
                cpu.total += first.and_then(|it| it.parse().ok()).unwrap_or(0);
            }
            let fields = stat(process);
            let ticks = |field: usize| fields.get(field).and_then(|it| it.parse().ok());
            // Fields 14 and 15 of proc_pid_stat(5), counted here from the state, field 3.
            let (user, system): (u64, u64) = (ticks(11).unwrap_or(0), ticks(12).unwrap_or(0));
            cpu.ticks.user += user;
            cpu.ticks.all += user + system;
        }
        cpu
    }

    /// The bytes that wait in the server's ends of all its connections, and the most in one.
    pub(crate) fn unsent(&self) -> (u64, u64) {
        let text = fs::read_to_string("/proc/net/tcp").unwrap_or_default();
        let local = format!(":{:04X}", self.address.port());
        let waiting = text.lines().filter_map(|line| {
            let mut fields = line.split_whitespace().skip(1);
            let is_ours = fields.next()?.ends_with(&local);
            let queues = fields.nth(2)?;
            let (unsent, _) = queues.split_once(':').filter(|_| is_ours)?;
            u64::from_str_radix(unsent, 16).ok()
        });
        waiting.fold((0, 0), |(sum, most), it| (sum + it, most.max(it)))
    }

    /// Memory that the server alone holds, in bytes.
    pub(crate) fn memory(&self) -> u64 {
        self.sum("Pss:")
    }

    /// The same without the program's file, which other processes may share more or less of.
    pub(crate) fn heap(&self) -> u64 {
        self.sum("Pss_Anon:")
    }

    fn sum(&self, field: &str) -> u64 {
        let resident = |process: u32| {
            let file = format!("/proc/{process}/smaps_rollup");
            let text = fs::read_to_string(file).unwrap_or_default();
            let line = text.lines().find(|line| line.starts_with(field));
            let size = line.and_then(|line| line.split_whitespace().nth(1));
            size.and_then(|size| size.parse::<u64>().ok()).unwrap_or(0) * 1024
        };
        self.processes().into_iter().map(resident).sum()
    }

    /// The server and the processes that it has started.
    pub(crate) fn processes(&self) -> Vec<u32> {
        self.served.process().family()
    }
}

/// The command, kept to the server's core.
pub(crate) fn on_server_core(program: impl AsRef<std::ffi::OsStr>) -> Command {
    let mut command = Command::new("taskset");
    command.arg("-c").arg(cores::SERVER.to_string()).arg(program);
    command
}

/// What the kernel holds for its own structures, sockets among them, in bytes.
pub(crate) fn kernel_memory() -> u64 {
    let text = fs::read_to_string("/proc/meminfo").unwrap_or_default();
    let line = text.lines().find(|line| line.starts_with("Slab:"));
    let size = line.and_then(|line| line.split_whitespace().nth(1));
    size.and_then(|size| size.parse::<u64>().ok()).unwrap_or(0) * 1024
}

/// The fields of `/proc/PROCESS/stat` after the name of the program.
fn stat(process: u32) -> Vec<String> {
    let text = fs::read_to_string(format!("/proc/{process}/stat")).unwrap_or_default();
    let fields = text.rsplit_once(") ").map_or("", |(_, fields)| fields);
    fields.split(' ').map(str::to_owned).collect()
}
