//! Reads a stream over many runs and misses nothing: the last event ID is kept in a file.
//!
//! `cargo run -p examples --example resume -- http://127.0.0.1:9999/stream cursor.txt`

use futures_lite::future::block_on;
use sse_client::{EventSource, Item};
use std::io::{self, Write};
use std::path::Path;
use std::process::ExitCode;
use std::{fs, path::PathBuf};

fn main() -> ExitCode {
    let arguments: Vec<_> = std::env::args().skip(1).collect();
    let [url, file] = arguments.as_slice() else {
        eprintln!("usage: resume URL FILE");
        return ExitCode::from(2);
    };
    match block_on(follow(url, Path::new(file))) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("{error}");
            ExitCode::FAILURE
        }
    }
}

async fn follow(url: &str, file: &Path) -> Result<(), Box<dyn std::error::Error>> {
    // Details, because an ID can come without an event: there is nothing to do then but to keep it.
    let builder = EventSource::builder(url).last_event_id(&load(file)?).details(true);
    let mut source = builder.build()?;
    while let Some(item) = source.next().await {
        match item {
            Item::Event(event) => {
                // First the work, then the cursor: a crash in between repeats the work of one event.
                // In the other order it would lose it.
                handle(&event.data)?;
                save(file, &event.last_event_id)?;
            }
            Item::LastEventId(id) => save(file, &id)?,
            Item::Error(error) if error.is_final() => return Err(error.into()),
            Item::Error(error) => eprintln!("{error}"),
            _ => {}
        }
    }
    Ok(())
}

fn handle(data: &str) -> io::Result<()> {
    let mut out = io::stdout().lock();
    writeln!(out, "{data}")?;
    out.flush()
}

/// Empty in the first run.
fn load(file: &Path) -> io::Result<String> {
    match fs::read_to_string(file) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(String::new()),
        read => read,
    }
}

/// Replaces the file at once: whenever the program is stopped, the old ID or the new one is there.
fn save(file: &Path, id: &str) -> io::Result<()> {
    let mut draft = file.as_os_str().to_owned();
    draft.push(".new");
    let draft = PathBuf::from(draft);
    fs::write(&draft, id)?;
    fs::rename(draft, file)
}
