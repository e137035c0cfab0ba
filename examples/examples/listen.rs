//! curl for event streams: prints events to standard output, what happens to standard error.
//!
//! `cargo run -p examples --example listen -- http://127.0.0.1:3000/events --json`

use futures_lite::future::block_on;
use sse_client::{BuildError, ErrorKind, Event, EventSource, Item};
use std::error::Error;
use std::io::{self, Write};
use std::process::ExitCode;

const HELP: &str = "usage: listen URL [options]
  --json                 one JSON object per line instead of text
  --type TYPE            only events of this type; may be repeated
  --last-event-id ID     begin after this event
  --header 'NAME: VALUE' add a header field; may be repeated
  --post BODY            send BODY by POST
  --details              tell of comments, reconnection times and lone IDs too
  --once                 end when the stream ends
Comes back by itself, with the last event ID. Ends with 1 when the server refuses.";

/// What the command line asks for.
struct Options {
    source: EventSource,
    json: bool,
    once: bool,
    types: Vec<String>,
}

fn main() -> ExitCode {
    let Some(options) = options() else {
        eprintln!("{HELP}");
        return ExitCode::from(2);
    };
    let outcome = options.map_err(Into::into).and_then(|options| block_on(listen(options)));
    outcome.unwrap_or_else(|error| {
        eprintln!("{error}");
        ExitCode::FAILURE
    })
}

/// `None` when the command line is not understood.
fn options() -> Option<Result<Options, BuildError>> {
    let mut arguments = std::env::args().skip(1);
    let mut builder = EventSource::builder(&arguments.next()?).proxy_from_env();
    let (mut json, mut once, mut types) = (false, false, Vec::new());
    while let Some(argument) = arguments.next() {
        match argument.as_str() {
            "--json" => json = true,
            "--once" => once = true,
            "--details" => builder = builder.details(true),
            "--type" => types.push(arguments.next()?),
            "--last-event-id" => builder = builder.last_event_id(&arguments.next()?),
            "--post" => builder = builder.method("POST").body(arguments.next()?),
            "--header" => {
                let field = arguments.next()?;
                let (name, value) = field.split_once(':')?;
                builder = builder.header(name, value.trim());
            }
            _ => return None,
        }
    }
    Some(builder.build().map(|source| Options { source, json, once, types }))
}

async fn listen(mut options: Options) -> Result<ExitCode, Box<dyn Error>> {
    let mut out = io::stdout().lock();
    while let Some(item) = options.source.next().await {
        match item {
            Item::Open(open) => eprintln!("open: {}", open.url()),
            Item::Event(event) => {
                let wanted = &options.types;
                if !wanted.is_empty() && !wanted.iter().any(|it| *it == event.event_type) {
                    continue;
                }
                print(&mut out, &event, options.json)?;
            }
            Item::Comment(text) => eprintln!("comment: {text}"),
            Item::ReconnectionTime(time) => eprintln!("reconnection time: {time:?}"),
            Item::LastEventId(id) => eprintln!("last event ID: {id}"),
            Item::Error(error) => {
                eprintln!("{error}");
                if let Some(response) = error.response() {
                    eprintln!("{}", response.text());
                }
                let ended = matches!(error.kind(), ErrorKind::Ended | ErrorKind::Status(204));
                if error.is_final() || (options.once && ended) {
                    return Ok(ExitCode::from(u8::from(!ended)));
                }
            }
            _ => {}
        }
    }
    Ok(ExitCode::SUCCESS)
}

fn print(out: &mut impl Write, event: &Event, json: bool) -> io::Result<()> {
    let (kind, id, data) = (&event.event_type, &event.last_event_id, &event.data);
    if json {
        let line = serde_json::json!({ "type": kind, "id": id, "data": data });
        writeln!(out, "{line}")?;
    } else {
        let mark = if id.is_empty() { "" } else { " #" };
        writeln!(out, "[{kind}{mark}{id}] {data}")?;
    }
    out.flush()
}
