//! `sse scenarios`: what a conforming client does, to look at, or to try a client on. Depends on sse-scenarios.

mod report;
mod trial;

use crate::exit::Exit;
use crate::request::seconds;
use crate::system::until_signal;
use crate::terminal::Colour;
use report::Report;
use sse_scenarios::{Need, Scenario, Server, all, groups};
use std::io::{self, Write};
use std::time::Duration;
use trial::Trial;

const HELP: &str = "\
Without --client, a server plays the scenarios, and a page at its address says for each what a conforming client
does. With it, a driver around your client is started and given one order after the other, a line of JSON each; it
prints what the client sees. The protocol is ten lines, in crates/sse-scenarios/README.md, and drivers to begin with
are in tests/drivers.

Examples:
  sse scenarios --addr :8090
  sse scenarios --list
  sse scenarios --client 'node tests/drivers/driver.mjs'
  sse scenarios --client ./driver --only resume --only 'bom*' --lacks redirects --json";

#[derive(Debug, clap::Args)]
#[command(after_help = HELP)]
pub(crate) struct Args {
    /// Address and port to listen on; :8090 is every address, 8090 this machine alone, port 0 any free one
    #[arg(long, value_name = "ADDRESS", default_value = "127.0.0.1:0", value_parser = crate::request::address)]
    addr: String,
    /// Try this client: a command for the shell, that starts its driver
    #[arg(long, value_name = "COMMAND")]
    client: Option<String>,
    /// Only the scenarios of this name, or of those that begin with it if it ends with *; may be repeated
    #[arg(long, value_name = "NAME")]
    only: Vec<String>,
    /// What the client does not do, and need not: scenarios that ask for it are not applicable; may be repeated
    #[arg(long, value_name = "WHAT", requires = "client")]
    lacks: Vec<Lack>,
    /// Give each scenario so many seconds
    #[arg(long, value_name = "SECONDS", default_value = "15", value_parser = seconds, requires = "client")]
    time: Duration,
    /// Start so many drivers at once
    #[arg(long, value_name = "N", default_value_t = 4, requires = "client",
        value_parser = clap::value_parser!(u16).range(1..=64))]
    jobs: u16,
    /// List the scenarios
    #[arg(long, conflicts_with = "client")]
    list: bool,
    /// Print one JSON object
    #[arg(long)]
    json: bool,
}

/// What not every client does.
#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
enum Lack {
    /// It reads bytes, not events
    Events,
    /// It does not tell the last event ID
    LastEventId,
    /// It does not reconnect by itself
    Reconnection,
    /// It does not look at status and type of the answer
    Response,
    /// It does not follow redirects
    Redirects,
    /// It has no origin, and does not keep to the same-origin policy
    Origins,
}

impl Lack {
    fn need(self) -> Need {
        match self {
            Self::Events => Need::Events,
            Self::LastEventId => Need::LastEventId,
            Self::Reconnection => Need::Reconnection,
            Self::Response => Need::Response,
            Self::Redirects => Need::Redirects,
            Self::Origins => Need::Origins,
        }
    }
}

pub(crate) fn run(args: &Args, colour: Colour) -> Exit {
    let scenarios: Vec<Scenario> =
        all().into_iter().filter(|it| is_chosen(it, &args.only)).collect();
    if scenarios.is_empty() {
        return Exit::failed(format_args!("no scenario is called {}", args.only.join(" or ")));
    }
    let ran = match &args.client {
        _ if args.list => list(args),
        Some(command) => return try_client(args, command, scenarios, colour),
        None => serve(args),
    };
    ran.into()
}

fn is_chosen(scenario: &Scenario, only: &[String]) -> bool {
    let matches = |pattern: &String| match pattern.strip_suffix('*') {
        Some(beginning) => scenario.name.starts_with(beginning),
        None => scenario.name == pattern,
    };
    only.is_empty() || only.iter().any(matches)
}

fn list(args: &Args) -> io::Result<()> {
    let mut out = io::stdout().lock();
    for group in groups() {
        let scenarios = group.scenarios.iter().filter(|it| is_chosen(it, &args.only));
        for scenario in scenarios {
            let Scenario { name, about, clause, .. } = scenario;
            match args.json {
                true => {
                    let (group, needs) = (group.name, scenario.needs.iter().map(|it| it.lack()));
                    let needs: Vec<_> = needs.collect();
                    let line = serde_json::json!({
                        "name": name, "about": about, "clause": clause, "group": group,
                        "not_applicable_if": needs,
                    });
                    writeln!(out, "{line}")?;
                }
                false => writeln!(out, "{name:<32} {about}")?,
            }
        }
    }
    Ok(())
}

fn serve(args: &Args) -> io::Result<()> {
    let server = Server::start(&*args.addr).map_err(|error| explain(&args.addr, &error))?;
    let mut out = io::stdout();
    let _ = writeln!(out, "http://{}/", server.address()).and_then(|()| out.flush());
    let _ = writeln!(io::stderr(), "the page says what a conforming client does; Ctrl-C ends");
    until_signal()
}

fn explain(address: &str, error: &io::Error) -> io::Error {
    let what_to_do = match error.kind() {
        io::ErrorKind::AddrInUse => "; stop the program that listens there, or choose another port",
        _ => "",
    };
    io::Error::new(error.kind(), format!("cannot listen on {address}: {error}{what_to_do}"))
}

fn try_client(args: &Args, command: &str, scenarios: Vec<Scenario>, colour: Colour) -> Exit {
    let server = match Server::start(&*args.addr) {
        Ok(server) => server,
        Err(error) => return Exit::failed(explain(&args.addr, &error)),
    };
    let lacks: Vec<Need> = args.lacks.iter().map(|it| it.need()).collect();
    let trial = Trial { server: &server, command, lacks: &lacks, limit: args.time };
    let results = trial.run(&scenarios, usize::from(args.jobs));
    let report = Report { results: &results };
    let written = match args.json {
        true => report.write_json(&mut io::stdout()),
        false => report.write(&mut io::stdout(), colour.on(&io::stdout())),
    };
    Exit::after(written, if report.is_conforming() { Exit::Done } else { Exit::Failed })
}
