//! `redis-chaos [--seconds N] [--seed N]`: nodes, Redis and wires fail at random; every client's record is complete, or holds
//! a gap that it was told of.

use std::process::ExitCode;
use std::time::Duration;

fn main() -> ExitCode {
    let mut arguments = std::env::args().skip(1);
    let (mut seconds, mut seed) = (60, 1);
    while let Some(name) = arguments.next() {
        let value = arguments.next().and_then(|it| it.parse().ok());
        match (name.as_str(), value) {
            ("--seconds", Some(value)) => seconds = value,
            ("--seed", Some(value)) => seed = value,
            _ => {
                eprintln!("usage: redis-chaos [--seconds N] [--seed N]");
                return ExitCode::FAILURE;
            }
        }
    }
    println!("seed {seed}: {}", tests::redis_chaos::run(Duration::from_secs(seconds), seed));
    ExitCode::SUCCESS
}
