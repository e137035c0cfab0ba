//! Live charts of this server's own load, drawn in the page, and the same numbers for Prometheus.
//!
//! Run: `cargo run -p examples --example dashboard`, open the page it names, then make some load:
//!
//! ```text
//! for i in $(seq 200); do curl -sN 127.0.0.1:8080/load >/dev/null & done
//! curl 127.0.0.1:8080/metrics
//! ```

use std::fmt::Write as _;
use std::process::ExitCode;
use std::sync::{Arc, OnceLock};
use std::thread;
use std::time::{Duration, Instant};

use examples::Program;
use sse_server::{Channel, ChannelStats, Frame, Handle, History, Replay, Request, Response};

/// What a metric of a channel counts.
type Count = fn(ChannelStats) -> u64;

/// Between two points of the charts.
const STEP: Duration = Duration::from_millis(500);

fn main() -> ExitCode {
    // Two minutes of points, so that a page that is opened has charts at once.
    let points = Channel::new(History { events: 240, ..History::default() });
    let load = Channel::default();
    let own_handle = Arc::new(OnceLock::<Handle>::new());
    let (shown, ballast, stats) = (points.clone(), load.clone(), own_handle.clone());
    Program {
        run_as: "--example dashboard",
        about: "Live charts of this server's own load; /metrics has the numbers for Prometheus.",
        address: "127.0.0.1:8080",
        open: "http://{address}/",
    }
    .run_with(
        move |request: &Request| match (request.path(), stats.get()) {
            ("/", _) => Response::html(include_str!("../pages/dashboard.html")),
            ("/events", _) => {
                Response::events(shown.subscribe(request.last_event_id(), Replay::All))
            }
            ("/load", _) => {
                Response::events(ballast.subscribe(request.last_event_id(), Replay::Live))
            }
            ("/metrics", Some(handle)) => {
                metrics(handle, &[("points", &shown), ("load", &ballast)])
            }
            _ => Response::not_found(),
        },
        move |handle| {
            let handle = own_handle.get_or_init(|| handle).clone();
            thread::spawn(move || measure(&handle, &points, &load));
        },
    )
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

/// The counters in the text format of Prometheus, which wants the lines of a metric together.
fn metrics(handle: &Handle, channels: &[(&str, &Channel)]) -> Response {
    let stats = handle.stats();
    let mut text = String::new();
    let mut metric = |name: &str, values: &[(String, u64)]| {
        let kind = if name.ends_with("_total") { "counter" } else { "gauge" };
        // Writing to a string cannot fail.
        let _ = writeln!(text, "# TYPE sse_{name} {kind}");
        for (label, value) in values {
            let _ = writeln!(text, "sse_{name}{label} {value}");
        }
    };
    metric("connections_open", &[(String::new(), stats.open)]);
    metric("connections_total", &[(String::new(), stats.total)]);
    metric("requests_total", &[(String::new(), stats.requests)]);
    let reasons = stats.refused.iter();
    let reasons: Vec<_> =
        reasons.map(|(reason, count)| (format!("{{reason={reason:?}}}"), *count)).collect();
    metric("refused_total", &reasons);
    let of_channels: [(&str, Count); 6] = [
        ("subscribers", |stats| stats.subscribers),
        ("published_total", |stats| stats.published),
        ("delivered_total", |stats| stats.delivered),
        ("delivered_bytes_total", |stats| stats.bytes),
        ("lagged_total", |stats| stats.lagged),
        ("gaps_total", |stats| stats.gaps),
    ];
    for (name, count) in of_channels {
        let value = |(label, channel): &(&str, &Channel)| {
            (format!("{{channel={label:?}}}"), count(channel.stats()))
        };
        metric(name, &channels.iter().map(value).collect::<Vec<_>>());
    }
    Response::new(200).with_header("Content-Type", "text/plain; version=0.0.4").with_body(text)
}

/// Bytes of this process in memory; 0 where the system does not tell.
fn memory() -> u64 {
    let statm = std::fs::read_to_string("/proc/self/statm").unwrap_or_default();
    statm.split(' ').nth(1).and_then(|pages| pages.parse::<u64>().ok()).unwrap_or(0) * 4096
}
