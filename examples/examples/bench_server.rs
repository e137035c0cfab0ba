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

use std::io;
use std::time::{Duration, Instant};

use sse_server::{Channel, Frame, History, Lag, Limits, Replay, Request, Response, Server};

fn main() -> io::Result<()> {
    let option = |name: &str| {
        let mut args = std::env::args().skip_while(|arg| arg != name);
        args.nth(1)
    };
    let number = |name: &str, default| option(name).and_then(|n| n.parse().ok()).unwrap_or(default);
    let address = option("--addr").unwrap_or_else(|| "127.0.0.1:8090".to_owned());
    let history = History {
        events: number("--history", 65_536),
        bytes: number("--history-bytes", 64 << 20),
        lag: if option("--lag").as_deref() == Some("skip") { Lag::Skip } else { Lag::Disconnect },
        ..History::default()
    };
    let channel = Channel::new(history);
    let limits = Limits {
        connections: 1 << 20,
        write_deadline: Duration::from_secs(number("--write-deadline", 30) as u64),
        unsent_bytes: number("--unsent-bytes", 16 << 10) as u32,
        ..Limits::default()
    };
    let server = Server::new(move |request: &Request| match request.path() {
        "/events" => Response::events(channel.subscribe(request.last_event_id(), Replay::Live)),
        "/start" => start(&channel, request),
        "/stats" => Response::text(format!("{:#?}\n", channel.stats())),
        _ => Response::not_found(),
    });
    let server = server.limits(limits).threads(number("--threads", 1)).bind(address)?;
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
