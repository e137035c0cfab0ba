//! The time, once a second, to every page that is open: one channel, any number of readers.
//!
//! Run: `cargo run -p examples --example clock`, then open the page it names, in several tabs.
//! Stop the program and start it again: the pages come back by themselves.

use std::process::ExitCode;
use std::thread;
use std::time::{Duration, SystemTime};

use examples::{Program, local_time};
use sse_server::{Channel, Frame, Replay, Request, Response};

fn main() -> ExitCode {
    let ticks = Channel::default();
    let channel = ticks.clone();
    thread::spawn(move || tick(&ticks));
    Program {
        run_as: "--example clock",
        about: "The time, once a second, to every page that is open.",
        address: "127.0.0.1:8080",
        open: "http://{address}/",
    }
    .run(move |request: &Request| match request.path() {
        "/" => Response::html(include_str!("../pages/clock.html")),
        "/events" => Response::events(channel.subscribe(request.last_event_id(), Replay::Live)),
        _ => Response::not_found(),
    })
}

/// Publishes at the beginning of each second.
fn tick(channel: &Channel) {
    loop {
        let now = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).unwrap_or_default();
        thread::sleep(Duration::from_nanos(1_000_000_000 - u64::from(now.subsec_nanos())));
        channel.publish(&Frame::message(&local_time::time()));
    }
}
