//! What the fan-out benchmark drives: a server whose events carry the time they were published.
//!
//! ```text
//! cargo run --release -p examples --example bench_server -- --addr 127.0.0.1:8090 --history 65536
//! curl -N 127.0.0.1:8090/events
//! curl '127.0.0.1:8090/start?rate=100&count=1000&size=100'
//! ```
//!
//! `/start` publishes `count` events of `size` bytes of data at `rate` a second (0: all at once).
//! The data is monotonic nanoseconds (`CLOCK_MONOTONIC`), a sequence number from 0, and padding,
//! separated by spaces. `/stats` shows the counters.

use std::collections::HashMap;
use std::io;
use std::process::ExitCode;
use std::time::{Duration, Instant};

use sse_server::{Channel, Frame, History, Lag, Limits, Replay, Request, Response, Server};

const USAGE: &str =
    "Usage: cargo run --release -p examples --example bench_server -- [OPTION VALUE]...

  --addr HOST:PORT        listen here (127.0.0.1:8090)
  --history EVENTS        events that the log holds (65536)
  --history-bytes BYTES   bytes that it holds (64 MiB)
  --lag disconnect|skip   what happens to who falls off it (disconnect)
  --write-deadline SECONDS, --unsent-bytes BYTES, --threads NUMBER
  -h, --help              print this";

fn main() -> ExitCode {
    match options(std::env::args().skip(1)) {
        Ok(None) => println!("{USAGE}"),
        Ok(Some(options)) => {
            if let Err(error) = serve(&options) {
                eprintln!("bench_server: {error}");
                return ExitCode::FAILURE;
            }
        }
        Err(mistake) => {
            eprintln!("{mistake}\n\n{USAGE}");
            return ExitCode::from(2);
        }
    }
    ExitCode::SUCCESS
}

/// The values of the options by their names; `None` if help is asked for.
fn options(
    mut arguments: impl Iterator<Item = String>,
) -> Result<Option<HashMap<String, String>>, String> {
    let mut options = HashMap::new();
    while let Some(name) = arguments.next() {
        match name.as_str() {
            "-h" | "--help" => return Ok(None),
            "--addr" | "--history" | "--history-bytes" | "--lag" | "--write-deadline"
            | "--unsent-bytes" | "--threads" => {
                let value = arguments.next().ok_or(format!("{name} needs a value"))?;
                options.insert(name, value);
            }
            _ => return Err(format!("unknown option: {name}")),
        }
    }
    Ok(Some(options))
}

fn serve(options: &HashMap<String, String>) -> io::Result<()> {
    let option = |name: &str| options.get(name).cloned();
    let number = |name: &str, default| match options.get(name) {
        None => Ok(default),
        Some(text) => {
            text.parse().map_err(|_| io::Error::other(format!("{name}: {text} is no number")))
        }
    };
    let address = option("--addr").unwrap_or_else(|| "127.0.0.1:8090".to_owned());
    let history = History {
        events: number("--history", 65_536)?,
        bytes: number("--history-bytes", 64 << 20)?,
        lag: if option("--lag").as_deref() == Some("skip") { Lag::Skip } else { Lag::Disconnect },
        ..History::default()
    };
    let channel = Channel::new(history);
    let limits = Limits {
        connections: 1 << 20,
        write_deadline: Duration::from_secs(number("--write-deadline", 30)? as u64),
        unsent_bytes: number("--unsent-bytes", 16 << 10)? as u32,
        ..Limits::default()
    };
    let server = Server::new(move |request: &Request| match request.path() {
        "/events" => Response::events(channel.subscribe(request.last_event_id(), Replay::Live)),
        "/start" => start(&channel, request),
        "/stats" => Response::text(format!("{:#?}\n", channel.stats())),
        _ => Response::not_found(),
    });
    let server = server.limits(limits).threads(number("--threads", 1)?).bind(address)?;
    println!("listening on {}", server.local_addr()?);
    server.run()
}

/// Publishes on a thread of its own, so that the answer comes at once.
fn start(channel: &Channel, request: &Request) -> Response {
    let number =
        |name, default| request.query(name).and_then(|text| text.parse().ok()).unwrap_or(default);
    let (rate, count, size) = (number("rate", 1.0), number("count", 1.0), number("size", 100.0));
    let channel = channel.clone();
    std::thread::spawn(move || {
        let began = Instant::now();
        for sequence in 0..count as u64 {
            if rate > 0.0 {
                let due = began + Duration::from_secs_f64(sequence as f64 / rate);
                std::thread::sleep(due.saturating_duration_since(Instant::now()));
            }
            let now = rustix::time::clock_gettime(rustix::time::ClockId::Monotonic);
            let nanoseconds = now.tv_sec as i128 * 1_000_000_000 + now.tv_nsec as i128;
            let mut data = format!("{nanoseconds} {sequence} ");
            data.extend(std::iter::repeat_n('x', (size as usize).saturating_sub(data.len())));
            channel.publish(&Frame::message(&data));
        }
    });
    Response::text("started\n")
}
