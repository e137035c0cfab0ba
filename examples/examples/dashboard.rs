//! Live charts of this server's own load, drawn in the page, and the same numbers for Prometheus.
//!
//! Run: `cargo run -p examples --example dashboard`, open the page it names, then make some load:
//!
//! ```text
//! for i in $(seq 200); do curl -sN 127.0.0.1:8080/load >/dev/null & done
//! curl 127.0.0.1:8080/metrics
//! ```

use std::fmt::Write as _;
use std::io;
use std::sync::{Arc, OnceLock};
use std::thread;
use std::time::{Duration, Instant};

use sse_server::{Channel, Frame, Handle, History, Replay, Request, Response, Server, Shutdown};

/// Between two points of the charts.
const STEP: Duration = Duration::from_millis(500);

fn main() -> io::Result<()> {
    let mut arguments = std::env::args().skip_while(|argument| argument != "--addr");
    let address = arguments.nth(1).unwrap_or_else(|| "127.0.0.1:8080".to_owned());
    // Two minutes of points, so that a page that is opened has charts at once.
    let points = Channel::new(History { events: 240, ..History::default() });
    let load = Channel::default();
    let own_handle = Arc::new(OnceLock::<Handle>::new());

    let (shown, ballast, stats) = (points.clone(), load.clone(), own_handle.clone());
    let server = Server::new(move |request: &Request| match (request.path(), stats.get()) {
        ("/", _) => Response::html(include_str!("../pages/dashboard.html")),
        ("/events", _) => Response::channel(&shown).replay(Replay::All),
        ("/load", _) => Response::channel(&ballast),
        ("/metrics", Some(handle)) => metrics(handle, &[("points", &shown), ("load", &ballast)]),
        _ => Response::not_found(),
    })
    .bind(address)?;
    let handle = own_handle.get_or_init(|| server.handle()).clone();
    let stop = handle.clone();
    ctrlc::set_handler(move || stop.shutdown(Shutdown::default())).map_err(io::Error::other)?;
    thread::spawn(move || measure(&handle, &points, &load));
    println!("Open http://{}/ (Ctrl-C stops)", server.local_addr()?);
    server.run()
}

/// Publishes a point of each chart, and a hundred events for those who are load.
fn measure(handle: &Handle, points: &Channel, load: &Channel) {
    let (mut before, mut last) = (0, Instant::now());
    loop {
        for number in 0..100 {
            load.publish(&Frame::message(&format!("event {number}")));
            thread::sleep(STEP / 100);
        }
        let delivered = points.stats().delivered + load.stats().delivered;
        let rate = (delivered - before) as f64 / last.elapsed().as_secs_f64();
        (before, last) = (delivered, Instant::now());
        let stats = handle.stats();
        let memory = memory() >> 10;
        points.publish(&Frame::message(&format!(
            r#"{{"open":{},"requests":{},"rate":{rate:.0},"memory":{memory}}}"#,
            stats.open, stats.requests
        )));
    }
}

/// The counters in the text format of Prometheus.
fn metrics(handle: &Handle, channels: &[(&str, &Channel)]) -> Response {
    let stats = handle.stats();
    let mut text = String::new();
    let mut line = |name: &str, label: String, value: u64| {
        // Writing to a string cannot fail.
        let _ = writeln!(text, "sse_{name}{label} {value}");
    };
    line("connections_open", String::new(), stats.open);
    line("connections_total", String::new(), stats.total);
    line("requests_total", String::new(), stats.requests);
    for (reason, count) in stats.rejected {
        line("rejected_total", format!("{{reason={reason:?}}}"), count);
    }
    for (name, channel) in channels {
        let (stats, label) = (channel.stats(), format!("{{channel={name:?}}}"));
        line("subscribers", label.clone(), stats.subscribers);
        line("published_total", label.clone(), stats.published);
        line("delivered_total", label.clone(), stats.delivered);
        line("delivered_bytes_total", label.clone(), stats.bytes);
        line("lagged_total", label.clone(), stats.lagged);
        line("gaps_total", label, stats.gaps);
    }
    Response::new(200).content_type("text/plain; version=0.0.4").body(text)
}

/// Bytes of this process in memory; 0 where the system does not tell.
fn memory() -> u64 {
    let statm = std::fs::read_to_string("/proc/self/statm").unwrap_or_default();
    statm.split(' ').nth(1).and_then(|pages| pages.parse::<u64>().ok()).unwrap_or(0) * 4096
}
