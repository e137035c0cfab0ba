//! Decoders and encoders: ours, the peers and the limit, in interleaved rounds of one run.

mod allocations;
mod corpus;
mod curves;
mod decode;
mod decoders;
mod encode;
mod encoders;
mod rounds;
mod sink;
mod trial;

use clap::Parser;

/// Measures decoders and encoders beside the peers
#[derive(Parser)]
enum Cli {
    /// Decoders: every corpus, input whole and in chunks
    Decode(decode::Args),
    /// Encoders: events to bytes
    Encode(encode::Args),
}

fn main() -> anyhow::Result<()> {
    match Cli::parse() {
        Cli::Decode(args) => args.run(),
        Cli::Encode(args) => args.run(),
    }
}
