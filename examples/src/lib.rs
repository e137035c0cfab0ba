//! What the programs of this package share, and the demos of `documents/` as modules.
//!
//! A demo's `server.rs` is a program of its own (`cargo run -p examples --example counter`) and, compiled
//! again as a module here, a part of the one server with the index page (`--bin demo`). It may use
//! `sse-server`, a timer, and this crate under its own name.

extern crate self as examples;

pub mod documents;
pub mod local_time;
mod program;

pub use program::{OnDrop, Program, say, wants_page};

#[doc = include_str!("../../README.md")]
#[cfg(doctest)]
struct Readme;
