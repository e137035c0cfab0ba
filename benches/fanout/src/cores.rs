//! Which core belongs to whom.

use anyhow::{Context, ensure};
use rustix::process::Pid;
use rustix::thread::{CpuSet, sched_setaffinity};

/// The core of the server under test.
pub(crate) const SERVER: usize = 0;

/// The core of this program.
const GENERATOR: usize = 1;

/// Keeps this program on its core, and returns that core.
pub(crate) fn split() -> anyhow::Result<usize> {
    let cores = std::thread::available_parallelism().map_or(1, usize::from);
    ensure!(cores > GENERATOR, "server and generator need a core each");
    pin(None, GENERATOR)?;
    Ok(GENERATOR)
}

/// Keeps a process, or this one, on a core.
pub(crate) fn pin(process: Option<Pid>, core: usize) -> anyhow::Result<()> {
    let mut set = CpuSet::new();
    set.set(core);
    sched_setaffinity(process, &set).context("cannot keep a process on a core")
}
