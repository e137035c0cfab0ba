//! The program with real clients, each in a time that is bounded: ours, and curl.

use std::io::{BufRead, BufReader};
use std::process::{Child, Command, Output, Stdio};
use std::sync::mpsc::{Receiver, channel};
use std::thread;
use std::time::Duration;

use sse_client::{Event, EventSource, Item};

const LONG: Duration = Duration::from_secs(30);

struct App {
    process: Child,
    url: String,
}

impl App {
    fn start() -> Self {
        let mut command = Command::new(env!("CARGO_BIN_EXE_on_axum"));
        let mut process = command.stdout(Stdio::piped()).spawn().unwrap();
        let mut url = String::new();
        BufReader::new(process.stdout.take().unwrap()).read_line(&mut url).unwrap();
        Self { process, url: url.trim().into() }
    }

    fn publish(&self, text: &str) -> String {
        let url = format!("{}/publish", self.url);
        let output = curl(&["--data", text, &url]).output().unwrap();
        assert!(output.status.success(), "{output:?}");
        String::from_utf8(output.stdout).unwrap()
    }

    /// What a client is told, `None` when the connection is open.
    fn listen(&self, last_event_id: &str) -> Receiver<Option<Event>> {
        let (sender, items) = channel();
        let builder = EventSource::builder(&format!("{}/events", self.url));
        let mut source = builder.last_event_id(last_event_id).build().unwrap();
        thread::spawn(move || {
            for item in source.blocking() {
                let item = match item {
                    Item::Open(_) => None,
                    Item::Event(event) => Some(event),
                    _ => continue,
                };
                if sender.send(item).is_err() {
                    return; // nobody listens any more: the connection is cut
                }
            }
        });
        assert!(items.recv_timeout(LONG).unwrap().is_none(), "the connection opens first");
        items
    }

    fn interrupt(&mut self) {
        let id = self.process.id().to_string();
        assert!(Command::new("kill").args(["-INT", &id]).status().unwrap().success());
    }
}

impl Drop for App {
    fn drop(&mut self) {
        self.process.kill().ok();
        self.process.wait().ok();
    }
}

fn curl(args: &[&str]) -> Command {
    let mut command = Command::new("curl");
    command.args(["--silent", "--no-buffer", "--fail", "--max-time", "30"]).args(args);
    command
}

fn event(items: &Receiver<Option<Event>>) -> Event {
    items.recv_timeout(LONG).unwrap().expect("an event, not a new connection")
}

#[test]
fn who_comes_back_misses_nothing_and_is_told_of_a_gap() {
    let app = App::start();
    let first = app.listen("");
    let id = app.publish("one");
    let one = event(&first);
    assert_eq!((one.data.as_str(), one.last_event_id.as_str()), ("one", id.as_str()));
    drop(first);

    app.publish("two");
    app.publish("three");
    let back = app.listen(&id);
    assert_eq!([event(&back).data, event(&back).data], ["two", "three"]);
    app.publish("four");
    assert_eq!(event(&back).data, "four");
    drop(back);

    for text in ["five", "six"] {
        app.publish(text);
    }
    // Four are held, three to six: "two" is lost.
    let late = app.listen(&id);
    let gap = event(&late);
    assert_eq!((&*gap.event_type, &*gap.data), ("gap", r#"{"reason":"evicted","missed":1}"#));
    assert_eq!([(); 4].map(|()| event(&late).data), ["three", "four", "five", "six"]);
}

#[test]
fn curl_sees_the_head_fields_and_a_whole_body_at_shutdown() {
    let mut app = App::start();
    let id = app.publish("one");
    app.publish("two");
    let last = format!("Last-Event-ID: {id}");
    let url = format!("{}/events", app.url);
    let mut command = curl(&["--include", "--header", &last, &url]);
    let mut child = command.stdout(Stdio::piped()).spawn().unwrap();
    let mut lines = BufReader::new(child.stdout.take().unwrap()).lines().map(Result::unwrap);
    let mut seen: Vec<String> = Vec::new();
    while !seen.iter().any(|line| line == "data: two") {
        seen.push(lines.next().expect("the stream has the second event"));
    }
    for field in [
        "content-type: text/event-stream",
        "cache-control: no-cache, no-transform",
        "x-accel-buffering: no",
    ] {
        assert!(seen.iter().any(|line| line == field), "{field}: {seen:?}");
    }
    assert!(!seen.iter().any(|line| line == "data: one"), "{seen:?}");

    app.interrupt();
    lines.for_each(drop);
    let Output { status, .. } = child.wait_with_output().unwrap();
    assert!(status.success(), "the body is complete: {status}");
    assert!(app.process.wait().unwrap().success());
}

#[test]
fn the_readme_shows_lines_of_the_program() {
    let program = include_str!("../src/bin/on_axum.rs");
    let readme = include_str!("../../../README.md");
    let shown = readme.split("```rust,ignore\n").nth(1).and_then(|it| it.split("```").next());
    assert!(shown.is_some_and(|shown| program.contains(shown)), "{shown:?}");
}
