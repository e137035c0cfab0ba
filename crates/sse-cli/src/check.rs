//! `sse check`: what a browser or a phone would suffer from a server, and why. Depends on the exchange in `system`;
//! what is judged, and how, is pure.

mod evidence;
mod finding;
mod findings;
mod head_rules;
mod peer_rules;
mod probe;
mod report;
mod stream;
mod stream_rules;
#[cfg(test)]
mod tests;
mod time_rules;

use crate::exit::Exit;
use crate::request::{Request, seconds};
use crate::terminal::Colour;
use evidence::Evidence;
use finding::{Finding, Severity};
use findings::Findings;
use std::io;
use std::time::Duration;

const HELP: &str = "\
The stream is watched for a time, and asked for again in other ways: with compression, with a last event ID, as a
page of another origin, by HEAD and OPTIONS. A request with a body or another method than GET is sent once.

Exit codes:
  0  nothing but notes
  1  errors: clients do not work, or lose events
  2  the command line is wrong
  3  warnings: clients suffer on some networks, or when the connection is lost

Examples:
  sse check https://example.org/events
  sse check --time 5 localhost:8080/events
  sse check --json localhost:8080/events | jq -r '.findings[] | select(.severity == \"error\") | .code'
  sse check --explain compression";

#[derive(Debug, clap::Args)]
#[command(after_help = HELP)]
pub(crate) struct Args {
    #[command(flatten)]
    request: Option<Request>,
    /// Watch the stream for so many seconds: 20 see a heartbeat of 15
    #[arg(long, value_name = "SECONDS", default_value = "20", value_parser = seconds)]
    time: Duration,
    /// Read at most so many bytes of each answer
    #[arg(long, value_name = "BYTES", default_value_t = 1024 * 1024)]
    bytes: usize,
    /// Print one JSON object
    #[arg(long)]
    json: bool,
    /// Say nothing of what is as it should be
    #[arg(short, long)]
    quiet: bool,
    /// Explain what a finding means, instead of checking
    #[arg(long, value_name = "CODE", exclusive = true)]
    explain: Option<String>,
}

pub(crate) fn run(args: &Args, colour: Colour) -> Exit {
    if let Some(code) = &args.explain {
        return match report::explanation(code) {
            Some(text) => io::Write::write_all(&mut io::stdout(), text.as_bytes()).into(),
            None => Exit::failed(format_args!(
                "there is no finding {code:?}; there are: {}",
                finding::CATALOGUE.iter().map(|it| it.code).collect::<Vec<_>>().join(", ")
            )),
        };
    }
    let Some(request) = &args.request else {
        return Exit::failed("there is nothing to check: name a URL");
    };
    let probed = probe::Probe::new(request, args.time, args.bytes).map(|probe| probe.run());
    let (evidence, findings) = match probed {
        Ok(Ok(evidence)) => {
            let findings = judge(&evidence);
            (evidence, findings)
        }
        Ok(Err(why)) => {
            let mut found = Findings::default();
            found.add(Severity::Error, "unreachable", why);
            (Evidence::default(), found.0)
        }
        Err(why) => return Exit::failed(why),
    };
    let report = report::Report { url: &request.url(), evidence: &evidence, findings: &findings };
    let written = match args.json {
        true => report.write_json(&mut io::stdout()),
        false => report.write(&mut io::stdout(), colour.on(&io::stdout()), args.quiet),
    };
    Exit::after(written, verdict(&findings))
}

/// What is found in what was seen, the worst first.
fn judge(evidence: &Evidence) -> Vec<Finding> {
    let mut found = Findings::default();
    if head_rules::judge(evidence, &mut found) {
        time_rules::judge(evidence, &mut found);
        stream_rules::judge(evidence, &mut found);
        peer_rules::judge(evidence, &mut found);
    }
    found.0.sort_by_key(|finding| finding.severity);
    found.0
}

fn verdict(findings: &[Finding]) -> Exit {
    match findings.iter().map(|it| it.severity).min() {
        Some(Severity::Error) => Exit::Failed,
        Some(Severity::Warning) => Exit::Warned,
        _ => Exit::Done,
    }
}
