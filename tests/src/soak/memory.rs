//! The memory of this process over time, where the system tells (Linux).

use std::fmt;
use std::fs;
use std::time::{Duration, Instant};

/// How much higher than in the first third it may get later: what an allocator scatters. A leak of
/// a kilobyte for each connection would be found in ten minutes.
const GROWTH: u64 = 8 << 20;
/// What it may get to at all: logs, sockets and clients take about a third of it.
const MOST: u64 = 48 << 20;

#[derive(Debug, Default)]
pub(crate) struct Memory {
    looked: Option<Instant>,
    early_peak: u64,
    late_peak: u64,
    now: u64,
}

impl Memory {
    /// Looks once a second.
    pub(crate) fn look(&mut self, elapsed: Duration, length: Duration) {
        let second = Duration::from_secs(1);
        if self.looked.is_some_and(|looked| looked.elapsed() < second) {
            return;
        }
        self.looked = Some(Instant::now());
        self.now = resident();
        let peak = match elapsed * 3 < length {
            true => &mut self.early_peak,
            false => &mut self.late_peak,
        };
        *peak = self.now.max(*peak);
    }

    pub(crate) fn is_bounded(&self) -> Result<(), String> {
        let grown = self.late_peak.saturating_sub(self.early_peak);
        match grown < GROWTH && self.late_peak < MOST {
            true => Ok(()),
            false => Err(format!("the memory is not bounded: {self}")),
        }
    }
}

impl fmt::Display for Memory {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "memory: at most {} KiB in the first third, {} KiB later, {} KiB at last",
            self.early_peak >> 10,
            self.late_peak >> 10,
            self.now >> 10
        )
    }
}

/// Bytes of this process that are in memory; 0 where the system does not tell.
fn resident() -> u64 {
    let status = fs::read_to_string("/proc/self/status").unwrap_or_default();
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:"));
    let kibibytes = line.and_then(|line| line.trim().strip_suffix("kB"));
    kibibytes.and_then(|it| it.trim().parse().ok()).unwrap_or(0) << 10
}
