//! A state that follows a log that is fed.

mod cases;
mod laws;
mod support;
#[path = "../support/wakes.rs"]
mod wakes;
