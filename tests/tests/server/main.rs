//! The server, through sockets: `cargo test -p tests --test server http::` runs those of `http.rs`.
//!
//! One program, because each links all crates. What measures or changes its whole process (memory, limits,
//! descriptors, the logger) is a program of its own beside this folder: `server_*.rs`.

#[path = "../server_support/mod.rs"]
mod server_support;

mod access;
mod capacity;
mod channel;
mod channel_laws;
mod commands;
mod compressors;
mod cors;
mod deploy;
mod embedding;
mod events;
mod examples;
mod handlers;
mod heartbeats;
mod http;
mod lagging;
mod leaving;
mod listener;
mod parting;
mod proxies;
mod redis;
mod refusals;
mod requests;
mod responses;
mod resume;
mod reuse;
mod seam;
mod several;
mod shutdown;
mod site;
mod stalled;
mod streams;
mod turns;
