//! What tests, tasks and benchmarks need around a program that they run: none of the crates under test.
//!
//! A wait has a deadline, and what was started or made goes with the value that stands for it. Unix only.

pub mod descriptors;
pub mod lines;
pub mod port;
pub mod process;
pub mod proxy;
pub mod raw;
pub mod scratch;
pub mod served;
pub mod wait;

pub use lines::Lines;
pub use process::{Child, Signal};
pub use scratch::Scratch;
pub use served::Served;
