//! A program that runs, its clients, and what it may take: every wait has an end.

#![allow(dead_code, reason = "each test uses some of it")]

use std::io::{BufRead, BufReader, Lines};
use std::process::{Child, ChildStdout, Command, Stdio};
use std::sync::mpsc::{Receiver, channel};
use std::thread;
use std::time::{Duration, Instant};

use sse_client::{Event, EventSource, Item};

/// Much longer than two heartbeats, of 15 s each.
const LONG: Duration = Duration::from_secs(120);

pub(crate) struct App {
    process: Child,
    url: String,
}

impl App {
    pub(crate) fn start(program: &str, arguments: &[&str]) -> Self {
        let mut command = Command::new(program);
        let mut process = command.args(arguments).stdout(Stdio::piped()).spawn().unwrap();
        let mut url = String::new();
        BufReader::new(process.stdout.take().unwrap()).read_line(&mut url).unwrap();
        Self { process, url: url.trim().into() }
    }

    pub(crate) fn url(&self, path: &str) -> String {
        format!("{}{path}", self.url)
    }

    /// Where it listens.
    pub(crate) fn address(&self) -> &str {
        self.url.strip_prefix("http://").unwrap()
    }

    /// Publishes texts in turn; the ID of the last one.
    pub(crate) fn publish(&self, texts: &[&str]) -> String {
        let url = self.url("/publish");
        let mut arguments = Vec::new();
        for text in texts {
            arguments.extend(["--next", "--silent", "--fail", "--write-out", "\n"]);
            arguments.extend(["--data", text, &url]);
        }
        let output = Command::new("curl").args(&arguments[1..]).output().unwrap();
        assert!(output.status.success(), "{output:?}");
        String::from_utf8(output.stdout).unwrap().lines().last().unwrap().to_owned()
    }

    /// Waits until so many clients are connected.
    pub(crate) fn wait_for_clients(&self, count: usize) {
        let deadline = Instant::now() + LONG;
        let mut clients = String::new();
        while clients != count.to_string() {
            assert!(Instant::now() < deadline, "{clients} clients in the place of {count}");
            let output = curl(&[&self.url("/clients")]).output().unwrap();
            clients = String::from_utf8(output.stdout).unwrap();
            thread::sleep(Duration::from_millis(50));
        }
    }

    /// What our client gets.
    pub(crate) fn listen(&self, last_event_id: &str) -> Events {
        let (sender, events) = channel();
        let builder = EventSource::builder(&self.url("/events")).last_event_id(last_event_id);
        let builder = builder.reconnection_time(Duration::from_millis(100));
        let mut source = builder.build().unwrap();
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
        let events = Events(events);
        events.wait_for_connection();
        events
    }

    /// What curl gets.
    pub(crate) fn curl(&self, arguments: &[&str]) -> Curl {
        let url = self.url("/events");
        let mut command = curl(&["--no-buffer"]);
        let mut process = command.args(arguments).arg(url).stdout(Stdio::piped()).spawn().unwrap();
        let lines = BufReader::new(process.stdout.take().unwrap()).lines();
        Curl { process, lines }
    }

    /// Ends it as Ctrl-C does, and waits until it has.
    pub(crate) fn interrupt(&mut self) {
        let id = self.process.id().to_string();
        assert!(Command::new("kill").args(["-INT", &id]).status().unwrap().success());
        let deadline = Instant::now() + LONG;
        let status = loop {
            if let Some(status) = self.process.try_wait().unwrap() {
                break status;
            }
            assert!(Instant::now() < deadline, "it does not end");
            thread::sleep(Duration::from_millis(20));
        };
        assert!(status.success(), "{status}");
    }
}

impl Drop for App {
    fn drop(&mut self) {
        self.process.kill().ok();
        self.process.wait().ok();
    }
}

fn curl(arguments: &[&str]) -> Command {
    let mut command = Command::new("curl");
    command.args(["--silent", "--fail", "--max-time", "120"]).args(arguments);
    command
}

/// What our client has got: events, and `None` for each connection.
pub(crate) struct Events(Receiver<Option<Event>>);

impl Events {
    /// The next event, over the same connection.
    pub(crate) fn next(&self) -> Event {
        self.0.recv_timeout(LONG).unwrap().expect("an event, not a new connection")
    }

    /// The data of the next ones.
    pub(crate) fn data<const COUNT: usize>(&self) -> [String; COUNT] {
        [(); COUNT].map(|()| self.next().data)
    }

    /// The next event, over a new connection.
    pub(crate) fn next_anew(&self) -> Event {
        self.wait_for_connection();
        // While the server ends there may be connections on which nothing comes.
        std::iter::repeat_with(|| self.0.recv_timeout(LONG).unwrap()).find_map(|it| it).unwrap()
    }

    fn wait_for_connection(&self) {
        assert!(self.0.recv_timeout(LONG).unwrap().is_none(), "it opens first");
    }
}

pub(crate) struct Curl {
    process: Child,
    lines: Lines<BufReader<ChildStdout>>,
}

impl Curl {
    /// The lines up to this one.
    pub(crate) fn until(&mut self, wanted: &str) -> Vec<String> {
        let mut lines = Vec::new();
        while lines.last().is_none_or(|line| line != wanted) {
            let line = self.lines.next().unwrap_or_else(|| panic!("no {wanted:?} in {lines:?}"));
            lines.push(line.unwrap());
        }
        lines
    }

    /// Reads up to the end, which has to be that of a whole body.
    pub(crate) fn finish(mut self) {
        self.lines.by_ref().for_each(|line| drop(line.unwrap()));
        let status = self.process.wait().unwrap();
        assert!(status.success(), "the body is not complete: {status}");
    }

    /// Goes away without a word.
    pub(crate) fn kill(mut self) {
        self.process.kill().unwrap();
        self.process.wait().unwrap();
    }
}
