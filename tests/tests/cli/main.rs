//! The program `sse`, run as a user runs it: `cargo test -p tests --test cli serve::` runs those of `serve.rs`.

mod check;
mod listen;
mod scenarios;
mod serve;
