//! The demos, run as a user runs them: `cargo test -p tests --test examples relay::` runs those of `relay.rs`.

mod documents;
mod programs;
mod relay;
