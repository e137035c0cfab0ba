#![doc = include_str!("../README.md")]
#![forbid(unsafe_code)]
#![warn(
    missing_debug_implementations,
    clippy::must_use_candidate,
    clippy::return_self_not_must_use
)]

mod answer;
mod driver;
mod page;
mod play;
mod request;
mod scenario;
mod server;
mod set;
mod sighting;
mod verdict;

pub use driver::Driver;
pub use play::{Exchange, Play, Turn, path};
pub use request::Request;
pub use scenario::{Answer, DONE, End, Ending, Event, Expected, Framing, Need, Scenario, Step};
pub use server::Server;
pub use set::{Group, all, find, groups};
pub use sighting::{Note, Order, Sighting, Visit, What};
pub use verdict::complaints;
