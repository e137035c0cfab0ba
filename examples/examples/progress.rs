//! A long job with its own progress: POST starts one, each has a channel of its own, and whoever
//! watches, early or late or again after a broken connection, sees all of it and its end.
//!
//! Run: `cargo run -p examples --example progress`, then open the page it names, or:
//!
//! ```text
//! curl -i -d '' 127.0.0.1:8080/jobs     # the page shows this job too
//! curl -N 127.0.0.1:8080/jobs/1
//! ```

use std::collections::BTreeMap;
use std::process::ExitCode;
use std::sync::{Mutex, PoisonError};
use std::thread;
use std::time::Duration;

use examples::Program;
use sse_server::{Channel, Frame, History, Method, Replay, Request, Response};

/// Jobs that are remembered, finished ones included; the oldest is forgotten.
const JOBS: usize = 100;
const STEPS: u32 = 20;

/// The newest jobs, which a page shows: each is a stream, and a browser opens six to one host.
const SHOWN: usize = 4;

/// What there is to watch.
struct Jobs {
    /// The number of each job that was started.
    started: Channel,
    /// The channel of each job by its number.
    channels: Mutex<BTreeMap<u64, Channel>>,
}

fn main() -> ExitCode {
    let started = Channel::new(History { events: SHOWN, ..History::default() });
    let jobs = Jobs { started, channels: Mutex::default() };
    Program {
        run_as: "--example progress",
        about: "Long jobs, each with its own progress.",
        address: "127.0.0.1:8080",
        open: "http://{address}/",
    }
    .run(move |request: &Request| match (request.method(), request.path()) {
        (_, "/") => Response::html(include_str!("../pages/progress.html")),
        (Method::Post, "/jobs") => jobs.start(),
        (Method::Get, "/jobs") => {
            Response::events(jobs.started.subscribe(request.last_event_id(), Replay::All))
        }
        (_, "/jobs") => Response::new(405).with_header("Allow", "GET, POST"),
        (_, path) => match path.strip_prefix("/jobs/").and_then(|number| number.parse().ok()) {
            Some(number) => jobs.watch(number, request),
            None => Response::not_found(),
        },
    })
}

impl Jobs {
    fn start(&self) -> Response {
        let channel = Channel::default();
        let mut jobs = self.channels.lock().unwrap_or_else(PoisonError::into_inner);
        let number = jobs.last_key_value().map_or(1, |(last, _)| last + 1);
        jobs.insert(number, channel.clone());
        if jobs.len() > JOBS {
            jobs.pop_first();
        }
        self.started.publish(&Frame::message(&number.to_string()));
        drop(jobs);
        thread::spawn(move || work(&channel));
        Response::new(201)
            .with_header("Location", format!("/jobs/{number}"))
            .with_body(number.to_string())
    }

    /// The job's events from the first one on, or after the last that this client has seen. One that
    /// has seen the end already is told to stay away.
    fn watch(&self, number: u64, request: &Request) -> Response {
        let jobs = self.channels.lock().unwrap_or_else(PoisonError::into_inner);
        match jobs.get(&number) {
            None => Response::not_found(),
            Some(_) if request.last_event_id() == Some("done") => Response::new(204),
            Some(channel) => {
                Response::events(channel.subscribe(request.last_event_id(), Replay::All))
            }
        }
    }
}

/// Does the job, and says how far it is.
fn work(channel: &Channel) {
    for step in 0..STEPS {
        channel.publish(&Frame::message(&(step * 100 / STEPS).to_string()));
        thread::sleep(Duration::from_millis(150));
    }
    let done =
        Frame::message("100").with_event_type("done").and_then(|frame| frame.with_id("done"));
    channel.publish(&done.expect("neither has a line break"));
    channel.close();
}
