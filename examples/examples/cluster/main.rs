//! A channel on three nodes behind nginx, in streams of Redis: a node is killed by a button of the page, and the page goes on.
//!
//! Run: `cargo run -p examples --example cluster`, open the page it names, press the button, and press it again. Needs
//! `redis-server` and `nginx`. Without a page:
//!
//! ```text
//! curl -N 127.0.0.1:8080/events
//! curl -d 'hello' 127.0.0.1:8080/say
//! curl -d 'b' 127.0.0.1:8080/kill
//! ```
//!
//! One program is all parts: the [`cluster`] that starts the others and counts, a [`node`], and what [`keep`]s Redis and nginx
//! from outliving the cluster. Of these `node.rs` is what an application has.

#[cfg(unix)]
mod clock;
#[cfg(unix)]
mod cluster;
#[cfg(unix)]
mod keep;
#[cfg(unix)]
mod kept;
#[cfg(unix)]
mod node;
#[cfg(unix)]
mod parts;

use std::process::ExitCode;

#[cfg(unix)]
fn main() -> ExitCode {
    const USAGE: &str = "A channel on three nodes behind nginx, in streams of Redis.\n\n\
         Usage: cargo run -p examples --example cluster -- [--addr HOST:PORT]\n\
         \x20      cluster node NAME HOST:PORT REDIS-URL   one node; it ends when its standard input does\n\n\
         \x20 --addr HOST:PORT  nginx listens here instead of 127.0.0.1:8080; port 0 takes a free one\n\
         \x20 -h, --help        print this\n\n\
         Ctrl-C or SIGTERM stops it, and all that it has started.";
    let arguments: Vec<_> = std::env::args().skip(1).collect();
    let arguments: Vec<_> = arguments.iter().map(String::as_str).collect();
    let done = match &arguments[..] {
        [] => cluster::run("127.0.0.1:8080"),
        ["--addr", address] => cluster::run(address),
        ["node", name, address, redis] => node::serve(name, address, redis),
        ["keep", folder, program, arguments @ ..] => {
            keep::keep(folder.as_ref(), program, arguments)
        }
        ["-h" | "--help"] => {
            examples::say(USAGE);
            return ExitCode::SUCCESS;
        }
        _ => {
            eprintln!("unknown arguments: {}\n\n{USAGE}", arguments.join(" "));
            return ExitCode::from(2);
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
    eprintln!("Redis and nginx do not run here: Linux, macOS or WSL is needed.");
    ExitCode::FAILURE
}
