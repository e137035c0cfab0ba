//! A server that misbehaves as it is told: the counterpart of the client's tests.
//!
//! Each request is answered by a [`Script`]: bytes to send in pieces of any size, pauses that the
//! test ends, and a way to part. Blocking threads on loopback; everything ends with the [`Server`].

mod front;
mod request;
mod script;
mod server;

pub use front::Front;
pub use request::Request;
pub use script::{Gate, Script};
pub use server::Server;
