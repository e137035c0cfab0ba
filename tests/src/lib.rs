//! Workspace-wide tests.

pub mod oracle;
pub mod vectors;
