//! `sse listen`: prints events, one connection after the other. Depends on the client and on `cursor`.

use crate::cursor::Cursor;
use crate::exit::Exit;
use crate::raw;
use crate::request::{Request, seconds};
use crate::system::{Deadline, block_on};
use crate::terminal::{Colour, Paint, Style, Visible};
use futures_lite::future::{or, poll_once};
use sse_client::{Error, ErrorKind, Event, EventSource, Item};
use std::io::{self, BufWriter, Stdout, Write};
use std::path::PathBuf;
use std::time::Duration;

const HELP: &str = "\
Events go to standard output, what happens to standard error. The connection is made again whenever it is
lost, with the last event ID; what the server refuses is final, and ends with 1.

Examples:
  sse listen localhost:8080/events
  sse listen --json https://example.org/events | jq -r .data
  sse listen --state cursor https://example.org/events    # goes on where the last run ended
  sse listen --raw localhost:8080/events                  # is that a CR?
  sse listen --max 1 --timeout 10 --type ready localhost:8080/events
  sse listen -H 'Content-Type: application/json' -d '{\"stream\": true}' --bearer \"$KEY\" URL";

/// Events between two looks at the state file while there is no pause in the stream.
const SETTLE: u64 = 1000;

#[derive(Debug, clap::Args)]
#[command(after_help = HELP)]
pub(crate) struct Args {
    #[command(flatten)]
    request: Request,
    /// Print each event as a JSON object on a line of its own: type, id, data
    #[arg(long)]
    json: bool,
    /// Print the bytes of one connection as they come, with visible line ends, and its head on standard error
    #[arg(long, conflicts_with_all = ["json", "types", "state", "max", "silence", "resend",
        "retry_status", "details"])]
    raw: bool,
    /// Print only events of this type; may be repeated
    #[arg(long = "type", value_name = "TYPE")]
    types: Vec<String>,
    /// Begin after the event with this ID
    #[arg(long, value_name = "ID")]
    last_event_id: Option<String>,
    /// Keep the last event ID in this file, and begin after it the next time
    ///
    /// It is replaced, atomically, after the events up to it have been written. What it says goes before
    /// --last-event-id.
    #[arg(long, value_name = "FILE")]
    state: Option<PathBuf>,
    /// End after so many events
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u64).range(1..))]
    max: Option<u64>,
    /// End after so many seconds, with 124
    #[arg(long, value_name = "SECONDS", value_parser = seconds)]
    timeout: Option<Duration>,
    /// Make the connection again when nothing, not even a comment, has come for so many seconds
    #[arg(long, value_name = "SECONDS", value_parser = seconds)]
    silence: Option<Duration>,
    /// End when the server ends the stream, instead of coming back
    #[arg(long)]
    once: bool,
    /// Send a POST again when its connection is lost, which the server may act on twice
    #[arg(long)]
    resend: bool,
    /// Come back after this status too, such as 429 or 503, and heed Retry-After; may be repeated
    #[arg(long, value_name = "STATUS")]
    retry_status: Vec<u16>,
    /// Tell of comments, reconnection times and IDs without an event too, on standard error
    #[arg(long)]
    details: bool,
}

pub(crate) fn run(args: Args, colour: Colour) -> Exit {
    if args.raw {
        let (id, paints) =
            (args.last_event_id.as_deref(), (colour.on(&io::stdout()), colour.on(&io::stderr())));
        return raw::run(&args.request, id, args.timeout, paints).unwrap_or_else(Exit::failed);
    }
    match Listener::new(args, colour) {
        Ok(listener) => block_on(listener.listen()).unwrap_or_else(Into::into),
        Err(why) => Exit::failed(why),
    }
}

/// A source, and what is done with what comes out of it.
struct Listener {
    args: Args,
    source: EventSource,
    cursor: Option<Cursor>,
    out: BufWriter<Stdout>,
    paint: Paint,
    aside: Paint,
    deadline: Deadline,
    seen: u64,
}

impl Listener {
    fn new(args: Args, colour: Colour) -> Result<Self, Box<dyn std::error::Error>> {
        let cursor = args.state.as_deref().map(Cursor::open).transpose()?;
        let kept = cursor.as_ref().map(Cursor::last_event_id).filter(|id| !id.is_empty());
        let mut builder = args.request.builder()?.details(args.details || cursor.is_some());
        if let Some(id) = kept.or(args.last_event_id.as_deref()) {
            builder = builder.last_event_id(id);
        }
        if args.resend {
            builder = builder.resend(true);
        }
        let builder = builder.retry_statuses(&args.retry_status).silence_timeout(args.silence);
        Ok(Self {
            source: builder.build()?,
            cursor,
            out: BufWriter::new(io::stdout()),
            paint: colour.on(&io::stdout()),
            aside: colour.on(&io::stderr()),
            deadline: Deadline::within(args.timeout),
            seen: 0,
            args,
        })
    }

    async fn listen(mut self) -> io::Result<Exit> {
        let exit = loop {
            if self.deadline.is_over() {
                break Exit::TimedOut;
            }
            let item = match poll_once(self.source.next()).await {
                Some(item) => item,
                None => {
                    // Whoever reads the output has everything before this waits.
                    self.settle()?;
                    let over = self.deadline.over();
                    let item = async { Some(self.source.next().await) };
                    match or(item, async {
                        over.await;
                        None
                    })
                    .await
                    {
                        Some(item) => item,
                        None => break Exit::TimedOut,
                    }
                }
            };
            let Some(item) = item else { break Exit::Done };
            if let Some(exit) = self.take(item)? {
                break exit;
            }
        };
        self.settle()?;
        Ok(exit)
    }

    /// Writes what is buffered, and then notes how far that was.
    fn settle(&mut self) -> io::Result<()> {
        self.out.flush()?;
        match &mut self.cursor {
            Some(cursor) => cursor.save(self.source.last_event_id()),
            None => Ok(()),
        }
    }

    /// Prints an item; says how to end if it was the last.
    fn take(&mut self, item: Item) -> io::Result<Option<Exit>> {
        match item {
            Item::Event(event) => return self.event(&event),
            Item::Open(open) => self.tell(format_args!("open: {}", open.url())),
            Item::Comment(text) if self.args.details => self.tell(format_args!("comment: {text}")),
            Item::ReconnectionTime(time) if self.args.details => {
                self.tell(format_args!("reconnection time: {time:?}"));
            }
            Item::LastEventId(id) if self.args.details => {
                self.tell(format_args!("last event ID: {id}"));
            }
            Item::Error(error) => return Ok(self.error(&error)),
            _ => {}
        }
        Ok(None)
    }

    fn event(&mut self, event: &Event) -> io::Result<Option<Exit>> {
        let types = &self.args.types;
        if !types.is_empty() && !types.iter().any(|it| *it == event.event_type) {
            return Ok(None);
        }
        print(&mut self.out, event, self.args.json, self.paint)?;
        self.seen += 1;
        if self.seen % SETTLE == 0 {
            self.settle()?;
        }
        Ok((Some(self.seen) == self.args.max).then_some(Exit::Done))
    }

    fn error(&mut self, error: &Error) -> Option<Exit> {
        self.tell(error);
        if let Some(response) = error.response() {
            self.tell(response.text().trim_end());
        }
        let ended = matches!(error.kind(), ErrorKind::Ended | ErrorKind::Status(204));
        let is_last = error.is_final() || (self.args.once && ended);
        is_last.then_some(if ended { Exit::Done } else { Exit::Failed })
    }

    /// Says on standard error what happens; that nobody reads it is no reason to stop.
    fn tell(&self, what: impl std::fmt::Display) {
        let text = what.to_string();
        let line = self.aside.paint(Style::Aside, Visible(&text));
        let _ = writeln!(io::stderr(), "{line}");
    }
}

fn print(out: &mut impl Write, event: &Event, json: bool, paint: Paint) -> io::Result<()> {
    let (kind, id, data) = (&event.event_type, &event.last_event_id, &event.data);
    if json {
        return writeln!(out, "{}", serde_json::json!({ "type": kind, "id": id, "data": data }));
    }
    let name = paint.paint(Style::Name, Visible(kind));
    let mark = if id.is_empty() { String::new() } else { format!(" #{}", Visible(id)) };
    let mark = paint.paint(Style::Aside, mark);
    // Lines after the first stand below it, so that none can be taken for the head of an event.
    writeln!(out, "[{name}{mark}] {}", Visible(&data.replace('\n', "\n  ")))
}
