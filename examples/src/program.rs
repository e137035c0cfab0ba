//! What every demo program does around its handler: arguments, the address, signals, one line that says where it is.
//!
//! Needs the server's public API and a crate for signals.

use std::fmt::Display;
use std::io::{self, ErrorKind, Write};
use std::process::ExitCode;

use sse_server::{Handle, Request, Response, Server, Shutdown};

/// A program that serves demos until it is told to stop.
#[derive(Debug)]
pub struct Program {
    /// The name under which it is run, for example `--example counter`.
    pub run_as: &'static str,
    /// One line for `--help`.
    pub about: &'static str,
    /// Where it listens unless `--addr` says otherwise.
    pub address: &'static str,
    /// The URL to open first, with `{address}` for the address it listens on.
    pub open: &'static str,
}

impl Program {
    /// Serves `handler` until SIGINT or SIGTERM; the exit code is 0 then, 1 if it could not serve, 2 for wrong arguments.
    pub fn run(&self, handler: impl Fn(&Request) -> Response + Send + Sync + 'static) -> ExitCode {
        self.run_with(handler, |_| {})
    }

    /// The same for a program that wants its server's handle: `begin` gets it once the address is bound.
    pub fn run_with(
        &self,
        handler: impl Fn(&Request) -> Response + Send + Sync + 'static,
        begin: impl FnOnce(Handle),
    ) -> ExitCode {
        let begin = |handle| {
            begin(handle);
            Ok(())
        };
        self.run_from(std::env::args().skip(1), handler, begin)
    }

    /// The same for a program that has taken arguments of its own out, and may fail to begin.
    pub fn run_from(
        &self,
        arguments: impl IntoIterator<Item = String>,
        handler: impl Fn(&Request) -> Response + Send + Sync + 'static,
        begin: impl FnOnce(Handle) -> io::Result<()>,
    ) -> ExitCode {
        let address = match self.address_from(arguments.into_iter()) {
            Ok(Some(address)) => address,
            Ok(None) => {
                say(self.help());
                return ExitCode::SUCCESS;
            }
            Err(mistake) => {
                eprintln!("{mistake}\n\n{}", self.help());
                return ExitCode::from(2);
            }
        };
        match self.serve(&address, handler, begin) {
            Ok(()) => ExitCode::SUCCESS,
            Err(error) => {
                eprintln!("{}", self.explain(&address, &error));
                ExitCode::FAILURE
            }
        }
    }

    /// The address to listen on; `None` asks for help.
    fn address_from(
        &self,
        mut arguments: impl Iterator<Item = String>,
    ) -> Result<Option<String>, String> {
        let mut address = self.address.to_owned();
        while let Some(argument) = arguments.next() {
            match argument.as_str() {
                "-h" | "--help" => return Ok(None),
                "--addr" => {
                    address =
                        arguments.next().ok_or("--addr needs an address, such as 127.0.0.1:8080")?
                }
                other => match other.strip_prefix("--addr=") {
                    Some(value) => address = value.to_owned(),
                    None => return Err(format!("unknown argument: {other}")),
                },
            }
        }
        Ok(Some(address))
    }

    fn help(&self) -> String {
        let Self { run_as, about, address, .. } = self;
        format!(
            "{about}\n\n\
             Usage: cargo run -p examples {run_as} -- [--addr HOST:PORT]\n\n\
             \x20 --addr HOST:PORT  listen here instead of {address}; port 0 takes a free one\n\
             \x20 -h, --help        print this\n\n\
             Ctrl-C or SIGTERM stops it."
        )
    }

    fn serve(
        &self,
        address: &str,
        handler: impl Fn(&Request) -> Response + Send + Sync + 'static,
        begin: impl FnOnce(Handle) -> io::Result<()>,
    ) -> io::Result<()> {
        let server = Server::new(handler).bind(address)?;
        let handle = server.handle();
        begin(handle.clone())?;
        ctrlc::set_handler(move || handle.shutdown(Shutdown::default()))
            .map_err(io::Error::other)?;
        let address = server.local_addr()?.to_string();
        say(format_args!("Open {} (Ctrl-C stops)", self.open.replace("{address}", &address)));
        server.run()
    }

    fn explain(&self, address: &str, error: &io::Error) -> String {
        match error.kind() {
            ErrorKind::AddrInUse => format!(
                "{address} is taken by another program. Stop that program, or choose another port:\n  \
                 cargo run -p examples {} -- --addr 127.0.0.1:0   (0: any free port)",
                self.run_as
            ),
            _ => error.to_string(),
        }
    }
}

/// Writes a line to the standard output. If nobody reads it any more, as after `--help | head`, it is
/// not wanted, and that is no reason to end.
pub fn say(line: impl Display) {
    let _ = writeln!(io::stdout(), "{line}");
}

/// Runs a closure when it is dropped: a stream's future is dropped when its client has left.
#[derive(Debug)]
pub struct OnDrop<F: FnMut()>(pub F);

impl<F: FnMut()> Drop for OnDrop<F> {
    fn drop(&mut self) {
        (self.0)();
    }
}

/// Whether a browser asks for a page to look at; an event source asks for `text/event-stream`.
///
/// Two documents have the page and the stream at the same path.
pub fn wants_page(request: &Request) -> bool {
    request.header("Accept").is_some_and(|accept| accept.contains("text/html"))
}
