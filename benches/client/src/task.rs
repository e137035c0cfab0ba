//! What a client does in its own process; it tells what it has measured as lines of JSON.

use std::cell::RefCell;
use std::io::Write;
use std::ops::ControlFlow;
use std::rc::Rc;
use std::time::Instant;

use rustix::time::{ClockId, clock_gettime};
use serde::{Deserialize, Serialize};

use crate::seen::Seen;
use crate::subject::{Runtime, Subject};

/// Listen as one client: this program starts itself with it
#[derive(clap::Subcommand)]
pub(crate) enum Args {
    /// Count events, or bytes, up to a number
    Throughput { subject: Subject, url: String, events: u64, bytes: u64 },
    /// Note how long each event was under way
    Latency { subject: Subject, url: String, events: usize },
    /// Listen to many streams at once
    Many { subject: Subject, url: String, streams: usize, events: u64 },
}

/// What is told.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) enum Told {
    Throughput {
        seconds: f64,
        cpu_seconds: f64,
    },
    /// Nanoseconds from publishing to the caller, sorted.
    Latencies(Vec<u64>),
    /// All streams are open, for the first time or again.
    AllOpen {
        seconds: f64,
        memory: u64,
    },
    /// All streams have had all their events.
    AllReceived {
        cpu_seconds: f64,
        memory: u64,
    },
}

impl Args {
    pub(crate) fn run(self) -> anyhow::Result<()> {
        match self {
            Args::Throughput { subject, url, events, bytes } => {
                throughput(subject, url, events, bytes)
            }
            Args::Latency { subject, url, events } => latency(subject, url, events),
            Args::Many { subject, url, streams, events } => many(subject, &url, streams, events),
        }
    }
}

fn throughput(subject: Subject, url: String, events: u64, bytes: u64) -> anyhow::Result<()> {
    let (mut seen_events, mut seen_bytes) = (0, 0);
    let mut start = (Instant::now(), cpu_seconds());
    let listening = subject.listen(
        url,
        Box::new(move |seen| {
            match seen {
                Seen::Open => start = (Instant::now(), cpu_seconds()),
                Seen::Event(_) => seen_events += 1,
                Seen::Bytes(more) => seen_bytes += more.len() as u64,
                Seen::Lost => return ControlFlow::Break(()),
            }
            if seen_events < events && seen_bytes < bytes {
                return ControlFlow::Continue(());
            }
            tell(&Told::Throughput {
                seconds: start.0.elapsed().as_secs_f64(),
                cpu_seconds: cpu_seconds() - start.1,
            });
            ControlFlow::Break(())
        }),
    );
    block_on(subject.runtime(), listening)
}

fn latency(subject: Subject, url: String, events: usize) -> anyhow::Result<()> {
    let mut latencies = Vec::with_capacity(events);
    let listening = subject.listen(
        url,
        Box::new(move |seen| {
            let now = servers::now();
            let mut note = |data: &str| {
                let published = data.split(' ').next().and_then(|it| it.parse().ok());
                latencies.extend(published.map(|published: u64| now.saturating_sub(published)));
            };
            match seen {
                Seen::Event(data) => note(data),
                // One read may bring several events.
                Seen::Bytes(bytes) => {
                    let text = String::from_utf8_lossy(bytes);
                    text.split("data: ").skip(1).for_each(note);
                }
                Seen::Open => {}
                Seen::Lost => return ControlFlow::Break(()),
            }
            if latencies.len() < events {
                return ControlFlow::Continue(());
            }
            latencies.sort_unstable();
            tell(&Told::Latencies(std::mem::take(&mut latencies)));
            ControlFlow::Break(())
        }),
    );
    block_on(subject.runtime(), listening)
}

/// How far all streams of `many` together are.
struct Progress {
    start: Instant,
    memory_at_start: u64,
    open: usize,
    received: u64,
    lost: Option<Instant>,
}

fn many(subject: Subject, url: &str, streams: usize, events: u64) -> anyhow::Result<()> {
    let progress = Rc::new(RefCell::new(Progress {
        start: Instant::now(),
        memory_at_start: memory(),
        open: 0,
        received: 0,
        lost: None,
    }));
    let listen = |_| {
        let progress = Rc::clone(&progress);
        let on_seen = move |seen: Seen<'_>| {
            progress.borrow_mut().take(&seen, streams, events);
            ControlFlow::Continue(())
        };
        subject.listen(url.to_owned(), Box::new(on_seen))
    };
    let all = (0..streams).map(listen);
    match subject.runtime() {
        Runtime::AsyncIo => {
            let executor = async_executor::LocalExecutor::new();
            all.for_each(|listening| executor.spawn(listening).detach());
            async_io::block_on(executor.run(std::future::pending::<()>()));
        }
        Runtime::Tokio => {
            let tasks = tokio::task::LocalSet::new();
            all.for_each(|listening| drop(tasks.spawn_local(listening)));
            let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
            runtime.block_on(tasks);
        }
    }
    Ok(())
}

impl Progress {
    fn take(&mut self, seen: &Seen<'_>, streams: usize, events: u64) {
        match seen {
            Seen::Open => {
                self.open += 1;
                if self.open == streams {
                    let since = self.lost.unwrap_or(self.start);
                    tell(&Told::AllOpen {
                        seconds: since.elapsed().as_secs_f64(),
                        memory: memory().saturating_sub(self.memory_at_start),
                    });
                }
            }
            Seen::Event(_) => {
                self.received += 1;
                if self.received == events * streams as u64 {
                    // The next time all are open is after a loss.
                    self.open = 0;
                    tell(&Told::AllReceived {
                        cpu_seconds: cpu_seconds(),
                        memory: memory().saturating_sub(self.memory_at_start),
                    });
                }
            }
            Seen::Lost => {
                self.lost.get_or_insert_with(Instant::now);
            }
            Seen::Bytes(_) => {}
        }
    }
}

fn block_on(runtime: Runtime, listening: impl Future<Output = ()>) -> anyhow::Result<()> {
    match runtime {
        Runtime::AsyncIo => async_io::block_on(listening),
        Runtime::Tokio => {
            tokio::runtime::Builder::new_current_thread().enable_all().build()?.block_on(listening)
        }
    }
    Ok(())
}

fn tell(told: &Told) {
    let line = serde_json::to_string(told).unwrap_or_default();
    let mut output = std::io::stdout().lock();
    let _ = writeln!(output, "{line}").and_then(|()| output.flush());
}

/// CPU time of this process so far.
fn cpu_seconds() -> f64 {
    let time = clock_gettime(ClockId::ProcessCPUTime);
    time.tv_sec as f64 + time.tv_nsec as f64 / 1e9
}

/// Memory that this process alone holds, in bytes.
fn memory() -> u64 {
    let text = std::fs::read_to_string("/proc/self/smaps_rollup").unwrap_or_default();
    let line = text.lines().find(|line| line.starts_with("Pss:"));
    let size = line.and_then(|line| line.split_whitespace().nth(1));
    size.and_then(|size| size.parse::<u64>().ok()).unwrap_or(0) * 1024
}
