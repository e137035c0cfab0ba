//! A chat room: what is said comes by POST, what all have said goes out as events, and who joins sees
//! the last fifty messages.
//!
//! Run: `cargo run -p examples --example chat`, then open the page it names in two windows, or:
//!
//! ```text
//! curl -N 127.0.0.1:8080/events
//! curl -d 'hello' '127.0.0.1:8080/say?name=Ada'
//! ```

use std::process::ExitCode;

use examples::Program;
use sse_server::{Channel, Frame, History, Method, Replay, Request, Response};

/// Longest name, in characters.
const NAME: usize = 30;

fn main() -> ExitCode {
    let room = Channel::new(History { events: 1000, ..History::default() });
    Program {
        run_as: "--example chat",
        about: "A chat room: POST in, events out, history on joining.",
        address: "127.0.0.1:8080",
        open: "http://{address}/",
    }
    .run(move |request: &Request| match (request.method(), request.path()) {
        (_, "/") => Response::html(include_str!("../pages/chat.html")),
        (_, "/events") => {
            Response::events(room.subscribe(request.last_event_id(), Replay::Last(50)))
        }
        (Method::Post, "/say") => say(&room, request),
        (_, "/say") => Response::new(405).with_header("Allow", "POST"),
        _ => Response::not_found(),
    })
}

/// Publishes what was said: the name is the first line of the data, the rest is the message.
fn say(room: &Channel, request: &Request) -> Response {
    let Ok(message) = std::str::from_utf8(request.body()) else {
        return Response::new(400);
    };
    let name = request.query("name").unwrap_or_default();
    let name: String = name.chars().filter(|c| !c.is_control()).take(NAME).collect();
    if name.trim().is_empty() || message.trim().is_empty() {
        return Response::new(422);
    }
    room.publish(&Frame::message(&format!("{name}\n{}", message.trim())));
    Response::new(204)
}
