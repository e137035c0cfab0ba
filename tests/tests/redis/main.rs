//! Channels in Redis: `cargo test -p tests --test redis faults::` runs those of `faults.rs`.

#[path = "../redis_support/mod.rs"]
mod redis_support;

mod chaos;
mod cluster;
mod faults;
mod nodes;
mod replica;
