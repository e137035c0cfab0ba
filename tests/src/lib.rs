//! Workspace-wide tests.

pub mod oracle;
