//! The parts of the benchmark, one file each.

mod figures;
pub(crate) mod growth;
pub(crate) mod profile;
pub(crate) mod reconnect;
pub(crate) mod slowloris;
pub(crate) mod stalled;
pub(crate) mod steady;
pub(crate) mod wide;
