//! The parts of the benchmark, one file each.

pub(crate) mod latency;
pub(crate) mod many;
pub(crate) mod memory;
pub(crate) mod throughput;
