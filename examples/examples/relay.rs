//! Reads an event stream from standard input and writes it to standard output: the events of the
//! types that are asked for, and all comments, reconnection times and IDs, in the one form of our encoder.
//! The last event ID moves even where events are left out, so a receiver resumes at the right place.
//!
//! Run: `curl -N http://127.0.0.1:8080/events | cargo run -p examples --example relay -- --type age`

use std::io::{self, Read, Write};
use std::process::ExitCode;

use sse_proto::{Decoder, Frame, Item};

const USAGE: &str = "Usage: cargo run -p examples --example relay -- [--type TYPE]...

Without --type every event is written; events without a type are of the type `message`.";

fn main() -> ExitCode {
    let mut types = Vec::new();
    let mut arguments = std::env::args().skip(1);
    while let Some(argument) = arguments.next() {
        match (&*argument, arguments.next()) {
            ("--type", Some(event_type)) => types.push(event_type),
            ("-h" | "--help", _) => {
                examples::say(USAGE);
                return ExitCode::SUCCESS;
            }
            _ => {
                eprintln!("{argument}: not understood\n\n{USAGE}");
                return ExitCode::from(2);
            }
        }
    }
    match relay(io::stdin().lock(), io::stdout().lock(), &types) {
        // Whoever reads has had enough, as with `relay | head`.
        Err(error) if error.kind() == io::ErrorKind::BrokenPipe => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("relay: {error}");
            ExitCode::FAILURE
        }
        Ok(()) => ExitCode::SUCCESS,
    }
}

/// Passes on what is wanted, chunk by chunk as it comes in.
fn relay(mut input: impl Read, mut output: impl Write, types: &[String]) -> io::Result<()> {
    let mut decoder = Decoder::new();
    let mut chunk = [0; 16 * 1024];
    let (mut frames, mut id) = (Vec::new(), String::new());
    loop {
        let length = match input.read(&mut chunk) {
            Ok(0) => return Ok(()),
            Ok(length) => length,
            Err(error) if error.kind() == io::ErrorKind::Interrupted => continue,
            Err(error) => return Err(error),
        };
        let mut rest = &chunk[..length];
        while let Some(item) = decoder.next(&mut rest) {
            match item {
                Ok(item) => pass_on(&item, types, &mut id, &mut frames),
                // Those behind us must know that something is missing.
                Err(error) => {
                    eprintln!("relay: {error}");
                    Frame::comment(&error.to_string()).append_to(&mut frames);
                }
            }
        }
        output.write_all(&frames)?;
        output.flush()?;
        frames.clear();
    }
}

/// Appends the item; of an event that nobody asked for only its ID, if that is not `id` any more.
fn pass_on(item: &Item<'_>, types: &[String], id: &mut String, frames: &mut Vec<u8>) {
    if let Item::Event(event) = item {
        let wanted = types.is_empty() || types.iter().any(|it| it == event.event_type());
        let moved = event.last_event_id() != id;
        id.replace_range(.., event.last_event_id());
        match (wanted, moved) {
            (true, _) => {}
            (false, true) => return append(&Item::LastEventId(id), frames),
            (false, false) => return,
        }
    }
    append(item, frames);
}

/// Those behind us could not come back with an ID that no request can carry: they get the event without it.
fn append(item: &Item<'_>, frames: &mut Vec<u8>) {
    match (item.to_frame(), item) {
        (Ok(frame), _) => frame.append_to(frames),
        (Err(error), Item::Event(event)) => {
            eprintln!("relay: {error}");
            event.to_frame_without_id().append_to(frames);
        }
        (Err(error), _) => eprintln!("relay: {error}"),
    }
}
