//! A program that runs, its clients, and what it may take: every wait has an end.

#![allow(dead_code, reason = "each test uses some of it")]

use std::process::Command;
use std::sync::mpsc::{Receiver, channel};
use std::thread;
use std::time::Duration;

use sse_client::{Event, EventSource, Item};
use testkit::wait::{Look, within};
use testkit::{Child, Lines, Served, Signal, raw};

/// Much longer than two heartbeats, of 15 s each.
const LONG: Duration = Duration::from_secs(120);

pub(crate) struct App(Served);

impl App {
    pub(crate) fn start(program: &str, arguments: &[&str]) -> Self {
        Self(Served::start(Command::new(program).args(arguments)).unwrap())
    }

    pub(crate) fn url(&self, path: &str) -> String {
        self.0.url(path)
    }

    /// Where it listens.
    pub(crate) fn address(&self) -> String {
        self.0.address().to_string()
    }

    /// Publishes texts in turn; the ID of the last one.
    pub(crate) fn publish(&self, texts: &[&str]) -> String {
        let mut id = None;
        for text in texts {
            let answer = self.try_to_publish(text);
            assert_eq!(answer.status, 200, "{answer:?}");
            id = Some(answer.text());
        }
        id.unwrap()
    }

    /// What is answered to a text.
    pub(crate) fn try_to_publish(&self, text: &str) -> raw::Response {
        raw::post(self.0.address(), "/publish", "", text)
    }

    /// Waits until so many clients are connected.
    pub(crate) fn wait_for_clients(&self, count: usize) {
        let clients = within(LONG, "all come or go", || {
            let clients = raw::get(self.0.address(), "/clients", "").text();
            Ok(if clients == count.to_string() { Look::Reached(()) } else { Look::NotYet(clients) })
        });
        clients.unwrap();
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
        let mut command = Command::new("curl");
        command.args(["--silent", "--fail", "--no-buffer", "--max-time", "120"]);
        let (process, lines) =
            Child::with_lines(command.args(arguments).arg(self.url("/events"))).unwrap();
        Curl { process, lines }
    }

    /// Ends it as Ctrl-C does, and waits until it has.
    pub(crate) fn interrupt(&mut self) {
        self.0.signal(Signal::INT).unwrap();
        let status = self.0.ended(LONG).unwrap();
        assert!(status.success(), "{status}");
    }
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
    lines: Lines,
}

impl Curl {
    /// The lines up to this one.
    pub(crate) fn until(&mut self, wanted: &str) -> Vec<String> {
        let mut lines = Vec::new();
        while lines.last().is_none_or(|line| line != wanted) {
            let line = self.lines.next_within(LONG);
            lines.push(line.unwrap_or_else(|| panic!("no {wanted:?} in {lines:?}")));
        }
        lines
    }

    /// Waits for the end, which has to be that of a whole body.
    pub(crate) fn finish(mut self) {
        let status = self.process.ended(LONG).unwrap();
        assert!(status.success(), "the body is not complete: {status}");
    }

    /// Goes away without a word.
    pub(crate) fn kill(mut self) {
        self.process.kill();
    }
}
