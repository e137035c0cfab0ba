//! A page that follows any number of topics over one connection, of which a browser has six. When it chooses others, it
//! comes back with one ID that stands for its place in each: what it has missed of those it keeps, it gets.
//!
//! Run: `cargo run -p examples --example topics`, then open the page it names, or:
//!
//! ```text
//! curl -N '127.0.0.1:8080/events?topics=news,weather'
//! curl -d 'rain' 127.0.0.1:8080/topics/weather
//! ```

use std::collections::BTreeMap;
use std::process::ExitCode;

use examples::Program;
use sse_server::{Channel, Channels, Frame, Method, Replay, Request, Response};

type Topics = BTreeMap<&'static str, Channel>;

fn main() -> ExitCode {
    let topics = Topics::from(["news", "sport", "weather"].map(|name| (name, Channel::default())));
    Program {
        run_as: "--example topics",
        about: "A page that follows any number of topics over one connection.",
        address: "127.0.0.1:8080",
        open: "http://{address}/",
    }
    .run(move |request: &Request| match (request.method(), request.path()) {
        (_, "/") => Response::html(include_str!("../pages/topics.html")),
        (_, "/events") => follow(&topics, request),
        (Method::Post, path) => match path.strip_prefix("/topics/") {
            Some(name) => say(&topics, name, request),
            None => Response::not_found(),
        },
        _ => Response::not_found(),
    })
}

/// Follows the topics that are asked for: `?topics=news,weather`.
fn follow(topics: &Topics, request: &Request) -> Response {
    let asked = request.query("topics").unwrap_or_default();
    let mut followed = Channels::new();
    for name in asked.split(',').filter(|name| !name.is_empty()) {
        let Some(channel) = topics.get(name) else { return Response::not_found() };
        followed = followed.with(name, channel.log(), Replay::Last(10));
    }
    // A page that chooses other topics makes a new EventSource, which cannot set the header.
    let before = request.query("lastEventId");
    match followed.subscribe(request.last_event_id().or(before.as_deref())) {
        Ok(events) => Response::events(events),
        Err(error) => Response::new(422).with_body(error.to_string()),
    }
}

/// Publishes under a type of the topic's name: so the page knows what belongs where.
fn say(topics: &Topics, name: &str, request: &Request) -> Response {
    let Some((name, channel)) = topics.get_key_value(name) else { return Response::not_found() };
    let said = std::str::from_utf8(request.body()).unwrap_or_default().trim();
    match Frame::message(said).with_event_type(name) {
        Ok(frame) if !said.is_empty() => {
            channel.publish(&frame);
            Response::new(204)
        }
        _ => Response::new(422),
    }
}
