//! A vote whose result everybody sees: a client gets the result first, then every vote from exactly there. So the page
//! counts on its own, and no vote is counted twice or not at all, however often its connection breaks.
//!
//! Run: `cargo run -p examples --example votes`, then open the page it names in two windows, or:
//!
//! ```text
//! curl -N 127.0.0.1:8080/events
//! curl -X POST '127.0.0.1:8080/vote?for=tea'
//! ```

use std::collections::BTreeMap;
use std::process::ExitCode;

use examples::Program;
use sse_server::{Entry, Frame, History, Method, Request, Response, StateChannel};

type Votes = BTreeMap<&'static str, u64>;

fn main() -> ExitCode {
    let nobody = Votes::from(["coffee", "tea", "water"].map(|choice| (choice, 0)));
    let votes = StateChannel::new(nobody, History::default());
    Program {
        run_as: "--example votes",
        about: "A vote: the result first, then every vote from exactly there.",
        address: "127.0.0.1:8080",
        open: "http://{address}/",
    }
    .run(move |request: &Request| match (request.method(), request.path()) {
        (_, "/") => Response::html(include_str!("../pages/votes.html")),
        (_, "/events") => Response::events(votes.subscribe(request.last_event_id(), result)),
        (Method::Post, "/vote") => vote(&votes, request),
        (_, "/vote") => Response::new(405).with_header("Allow", "POST"),
        _ => Response::not_found(),
    })
}

/// Counts a vote and tells of it, as one.
fn vote(votes: &StateChannel<Votes>, request: &Request) -> Response {
    let choice = request.query("for").unwrap_or_default();
    votes.update(|votes, changes| match votes.get_mut(&*choice) {
        Some(count) => {
            *count += 1;
            changes.publish(&Frame::message(&choice));
            Response::new(204)
        }
        None => Response::new(422),
    })
}

/// The result so far, as an event that replaces what the page has: a line for each choice.
fn result(votes: &Votes) -> Vec<Entry> {
    let lines: Vec<String> =
        votes.iter().map(|(choice, count)| format!("{choice} {count}")).collect();
    let lines = lines.join("\n");
    Frame::message(&lines).with_event_type("result").iter().map(Entry::new).collect()
}
