//! Follows a file, or standard input, like `tail -f`: each line is an event. Its ID is the place where
//! the next line begins, so that a reader resumes even when this program was started anew meanwhile.
//!
//! Run: `cargo run -p examples --example tail -- /var/log/syslog`, or `make 2>&1 | cargo run ...`,
//! then open the page it names, or `curl -N 127.0.0.1:8080/events`.

use std::fs::File;
use std::io::{self, BufRead, BufReader, Seek, SeekFrom};
use std::thread;
use std::time::Duration;

use sse_server::{Channel, Frame, History, Replay, Request, Response, Server, Shutdown};

const USAGE: &str = "Usage: cargo run -p examples --example tail -- [--addr HOST:PORT] [FILE]";
/// Longest line shown, in bytes; the rest of a longer one is the next event.
const LINE: u64 = 64 * 1024;
/// How often a file is looked at when it has no more lines.
const PAUSE: Duration = Duration::from_millis(100);

fn main() -> io::Result<()> {
    let (mut address, mut file) = ("127.0.0.1:8080".to_owned(), None);
    let mut arguments = std::env::args().skip(1);
    while let Some(argument) = arguments.next() {
        match argument.as_str() {
            "-h" | "--help" => {
                println!("{USAGE}");
                return Ok(());
            }
            "--addr" => address = arguments.next().ok_or_else(|| io::Error::other(USAGE))?,
            path => file = Some(File::open(path)?),
        }
    }
    let lines = Channel::new(History { events: 10_000, ..History::default() });
    let channel = lines.clone();
    let server = Server::new(move |request: &Request| match request.path() {
        "/" => Response::html(include_str!("../pages/tail.html")),
        "/events" => Response::channel(&channel).replay(Replay::Last(100)),
        _ => Response::not_found(),
    })
    .bind(address)?;
    let handle = server.handle();
    ctrlc::set_handler(move || handle.shutdown(Shutdown::default())).map_err(io::Error::other)?;
    thread::spawn(move || match file {
        Some(file) => follow_file(file, &lines),
        None => publish_lines(&mut io::stdin().lock(), &mut 0, &mut Vec::new(), true, &lines),
    });
    println!("Open http://{}/ (Ctrl-C stops)", server.local_addr()?);
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
        lines.publish(&Frame::message(line).id(&id).map_err(io::Error::other)?);
        partial.clear();
    }
}
