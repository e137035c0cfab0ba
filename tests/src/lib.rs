//! Workspace-wide tests.

pub mod chunking;
pub mod conformance;
pub mod fault;
pub mod frames;
pub mod oracle;
pub mod streams;
pub mod vectors;
