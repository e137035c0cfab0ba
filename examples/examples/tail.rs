//! Follows a file, or standard input, like `tail -f`: each line is an event. Its ID is the place where
//! the next line begins, so that a reader resumes even when this program was started anew meanwhile.
//!
//! Run: `cargo run -p examples --example tail -- /var/log/syslog`, or `make 2>&1 | cargo run ...`,
//! then open the page it names, or `curl -N 127.0.0.1:8080/events`.

use std::fs::File;
use std::io::{self, BufRead, BufReader, Seek, SeekFrom};
use std::process::ExitCode;
use std::thread;
use std::time::Duration;

use sse_server::{Channel, Frame, History, Replay, Request, Response, Server, Shutdown};

const HELP: &str = "Follows a file, or standard input: each line is an event.

Usage: cargo run -p examples --example tail -- [--addr HOST:PORT] [FILE]

  FILE              the file to follow; without one, standard input is read
  --addr HOST:PORT  listen here instead of 127.0.0.1:8080; port 0 takes a free one
  -h, --help        print this

Ctrl-C or SIGTERM stops it.";
/// Longest line shown, in bytes; the rest of a longer one is the next event.
const LINE: u64 = 64 * 1024;
/// How often a file is looked at when it has no more lines.
const PAUSE: Duration = Duration::from_millis(100);

fn main() -> ExitCode {
    let (mut address, mut path) = ("127.0.0.1:8080".to_owned(), None);
    let mut arguments = std::env::args().skip(1);
    while let Some(argument) = arguments.next() {
        match (argument.as_str(), &path) {
            ("-h" | "--help", _) => {
                examples::say(HELP);
                return ExitCode::SUCCESS;
            }
            ("--addr", _) => match arguments.next() {
                Some(value) => address = value,
                None => return wrong("--addr needs an address, such as 127.0.0.1:8080"),
            },
            (option, _) if option.starts_with('-') => {
                return wrong(&format!("unknown argument: {option}"));
            }
            (_, None) => path = Some(argument),
            (other, Some(_)) => return wrong(&format!("one file, no more: {other}")),
        }
    }
    match serve(&address, path.as_deref()) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("{error}");
            ExitCode::FAILURE
        }
    }
}

fn wrong(mistake: &str) -> ExitCode {
    eprintln!("{mistake}\n\n{HELP}");
    ExitCode::from(2)
}

fn serve(address: &str, path: Option<&str>) -> io::Result<()> {
    let open = |path| {
        File::open(path).map_err(|error| io::Error::other(format!("cannot open {path}: {error}")))
    };
    let file = path.map(open).transpose()?;
    let lines = Channel::new(History { events: 10_000, ..History::default() });
    let channel = lines.clone();
    let server = Server::new(move |request: &Request| match request.path() {
        "/" => Response::html(include_str!("../pages/tail.html")),
        "/events" => {
            Response::events(channel.subscribe(request.last_event_id(), Replay::Last(100)))
        }
        _ => Response::not_found(),
    })
    .bind(address)?;
    let handle = server.handle();
    ctrlc::set_handler(move || handle.shutdown(Shutdown::default())).map_err(io::Error::other)?;
    thread::spawn(move || match file {
        Some(file) => follow_file(file, &lines),
        None => publish_lines(&mut io::stdin().lock(), &mut 0, &mut Vec::new(), true, &lines),
    });
    examples::say(format_args!("Open http://{}/ (Ctrl-C stops)", server.local_addr()?));
    server.run()
}

/// Publishes what is there and what is appended; begins anew when the file was cut short.
fn follow_file(file: File, lines: &Channel) -> io::Result<()> {
    let (mut reader, mut place, mut partial) = (BufReader::new(file), 0, Vec::new());
    loop {
        publish_lines(&mut reader, &mut place, &mut partial, false, lines)?;
        thread::sleep(PAUSE);
        if reader.get_ref().metadata()?.len() < place {
            reader.seek(SeekFrom::Start(0))?;
            (place, partial) = (0, Vec::new());
        }
    }
}

/// Publishes every whole line up to the end; `partial` keeps the beginning of one that is not, unless
/// the end is final.
fn publish_lines(
    reader: &mut impl BufRead,
    place: &mut u64,
    partial: &mut Vec<u8>,
    is_final: bool,
    lines: &Channel,
) -> io::Result<()> {
    loop {
        let room = LINE - partial.len() as u64;
        let count = io::Read::take(&mut *reader, room).read_until(b'\n', partial)?;
        *place += count as u64;
        let whole = partial.ends_with(b"\n") || partial.len() as u64 == LINE;
        if !whole && (!is_final || partial.is_empty()) {
            return Ok(());
        }
        let line = String::from_utf8_lossy(partial);
        let line = line.trim_end_matches(['\r', '\n']);
        let id = place.to_string();
        lines.publish(&Frame::message(line).with_id(&id).map_err(io::Error::other)?);
        partial.clear();
    }
}
