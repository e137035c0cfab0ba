//! The parts of the benchmark, one file each.

pub(crate) mod growth;
pub(crate) mod reconnect;
pub(crate) mod slowloris;
pub(crate) mod stalled;
pub(crate) mod steady;
pub(crate) mod wide;
