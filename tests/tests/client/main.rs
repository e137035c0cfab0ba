//! The client, at servers that do what they are told: `cargo test -p tests --test client wpt::` runs those of `wpt.rs`.

mod answer;
mod attempt;
mod breaks;
mod connection;
mod examples;
mod faults;
mod gzip;
mod handle;
mod limits;
mod llm;
mod mcp;
mod peers;
mod requests;
mod surface;
mod time;
mod transport;
mod wishes;
mod wpt;
