//! Replaces a running server without a client that notices: nobody is refused, nothing is missing, nothing comes twice.
//!
//! Run: `cargo run -p examples --example deploy`, `curl -N 127.0.0.1:8080/events`, and `kill` the process that is named:
//! put a new program in place of the old one before, and that is a deploy.
//!
//! The socket: a small parent, that changes seldom, binds it and keeps it open; each server gets it as its standard
//! input, which needs no unsafe code. Between two servers connections wait in its queue. With `SO_REUSEPORT` there would be
//! two queues, and what waits in that of the old server is reset when it ends. systemd can be the parent instead:
//! `examples/systemd` has the units, for `deploy serve` as it is.
//!
//! The log: the old server stops publishing, closes the channel and saves it; the new one goes on in the same epoch.

#[cfg(unix)]
mod keep;
#[cfg(unix)]
mod serve;

use std::process::ExitCode;

#[cfg(unix)]
fn main() -> ExitCode {
    const USAGE: &str = "Usage: cargo run -p examples --example deploy -- [--addr HOST:PORT] [--state FILE]\n\
                         \x20      deploy serve FILE    with a listening socket as standard input";
    let arguments: Vec<_> = std::env::args().skip(1).collect();
    let arguments: Vec<_> = arguments.iter().map(String::as_str).collect();
    let done = match &arguments[..] {
        ["serve", state] => serve::serve(state.as_ref()),
        _ => {
            let (mut address, mut state) = ("127.0.0.1:8080", "deploy.state");
            for pair in arguments.chunks(2) {
                match pair {
                    ["--addr", value] => address = value,
                    ["--state", value] => state = value,
                    _ => {
                        eprintln!("{USAGE}");
                        return ExitCode::from(2);
                    }
                }
            }
            keep::keep(address, state.as_ref())
        }
    };
    match done {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("{error}");
            ExitCode::FAILURE
        }
    }
}

#[cfg(not(unix))]
fn main() -> ExitCode {
    eprintln!("Sockets are not passed on as standard input here.");
    ExitCode::FAILURE
}
