//! HTTP/1.1 on a bare socket: what a server really sent. Needs the standard library alone.

#![expect(clippy::missing_panics_doc, reason = "a panic is a failed test")]

mod peer;
mod response;

pub use peer::{Peer, field, find, status};
pub use response::{Response, get, header_lines, post};
