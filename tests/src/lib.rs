//! Workspace-wide tests.

pub mod chunking;
pub mod client;
pub mod conformance;
pub mod exchange;
pub mod fault;
pub mod frames;
pub mod oracle;
pub mod pipe;
pub mod program;
pub mod proxy;
pub mod quotations;
pub mod raw;
pub mod source;
pub mod storages;
pub mod streams;
pub mod vectors;
