//! The demos of the tutorial documents: what any client has to see of them.

use std::time::{Duration, Instant};

use sse_scenarios::{Event, Order, Sighting};

use testkit::Served;

use super::clients::Client;
use super::matrix::{Cell, Row, Sheet, Verdict};
use super::playing::{Program, told};

/// A demo, and what it shows in a while.
struct Demo {
    name: &'static str,
    about: &'static str,
    path: &'static str,
    event_types: &'static [&'static str],
    /// How long it takes until the last thing that is checked is there, with some to spare.
    time: Duration,
    check: fn(&[Event]) -> Result<(), String>,
}

const DEMOS: [Demo; 6] = [
    Demo {
        name: "hello-clock",
        about: "A greeting at once, then the time every two seconds.",
        path: "/sse",
        event_types: &["custom-event"],
        time: Duration::from_millis(7000),
        check: |events| {
            let greeting = "Hello, this is a server-sent event!";
            is("the greeting", &events[0], "message", |data| data == greeting)?;
            is("the time", &events[1], "message", |data| data.contains(':'))
        },
    },
    Demo {
        name: "counter",
        about: "Eleven messages, one a second, then the event end.",
        path: "/events",
        event_types: &["end"],
        time: Duration::from_millis(17000),
        check: |events| {
            for (n, event) in events[..11].iter().enumerate() {
                is("a number", event, "message", |data| data.ends_with(&format!("计数：{n}")))?;
            }
            is("the end", &events[11], "end", |data| data == "结束")
        },
    },
    Demo {
        name: "identified-stream",
        about: "First the event connecttime, then the date every second, each with an ID.",
        path: "/stream",
        event_types: &["connecttime"],
        time: Duration::from_millis(6000),
        check: |events| {
            is("the first", &events[0], "connecttime", |_| true)?;
            is("a date", &events[1], "message", |data| data.contains("GMT"))?;
            let ids: Vec<Option<u64>> = events[..2]
                .iter()
                .map(|event| {
                    event.last_event_id.as_deref().map(|id| id.parse().unwrap_or_default())
                })
                .collect();
            match ids[..] {
                [Some(first), Some(second)] if first == 0 || second <= first => {
                    Err(format!("the IDs are {first} and {second}"))
                }
                _ => Ok(()),
            }
        },
    },
    Demo {
        name: "start-and-stop",
        about: "The date every second.",
        path: "/",
        event_types: &[],
        time: Duration::from_millis(6000),
        check: |events| {
            is("a date", &events[0], "message", |data| data.contains("GMT"))?;
            is("another", &events[1], "message", |data| data.contains("GMT"))
        },
    },
    Demo {
        name: "event-types",
        about: "The events name and age, a second apart, each line written by itself.",
        path: "/",
        event_types: &["name", "age"],
        time: Duration::from_millis(6000),
        check: |events| {
            is("the name", &events[0], "name", |data| data == "Alice")?;
            is("the age", &events[1], "age", |data| data == "24")
        },
    },
    Demo {
        name: "finite-stream",
        about: "The event lol every 300 ms, with a space at the end of its data; the stream ends after 3 s.",
        path: "/sse",
        event_types: &["lol"],
        time: Duration::from_millis(6000),
        check: |events| {
            events[..7]
                .iter()
                .try_for_each(|it| is("an event", it, "lol", |data| data == "123321 "))
        },
    },
];

fn is(
    what: &str,
    event: &Event,
    event_type: &str,
    accept: impl Fn(&str) -> bool,
) -> Result<(), String> {
    match event.event_type == event_type && accept(&event.data) {
        true => Ok(()),
        false => {
            Err(format!("{what} is of the type {:?} and says {:?}", event.event_type, event.data))
        }
    }
}

/// How many events the check of a demo looks at.
fn due(demo: &Demo) -> usize {
    match demo.name {
        "counter" => 12,
        "finite-stream" => 7,
        _ => 2,
    }
}

pub(super) fn rows() -> Vec<Row> {
    let row = |demo: &Demo| Row {
        group: "demos of the documents".to_owned(),
        name: demo.name.to_owned(),
        about: demo.about.to_owned(),
        clause: String::new(),
        sent: format!("GET {}", demo.path),
    };
    DEMOS.iter().map(row).collect()
}

/// Lets a client follow each demo; `start` starts the server of the one with a name.
pub(super) fn play(
    sheet: &mut Sheet,
    client: &Client,
    start: fn(&str) -> anyhow::Result<Served>,
) -> anyhow::Result<()> {
    sheet.version = (client.version)();
    for demo in &DEMOS {
        if !sheet.wants(demo.name) {
            continue;
        }
        let server = start(demo.name)?;
        let mut program = Program::start(client)?;
        let order = Order {
            url: server.url(demo.path),
            event_types: demo.event_types.iter().map(|&it| it.to_owned()).collect(),
            credentials: false,
        };
        let began = Instant::now();
        let seen = program.run(&order, demo.time)?;
        let verdict = match check(demo, &seen) {
            Ok(()) => Verdict::Passed,
            Err(wrong) => Verdict::Failed(wrong),
        };
        let (row, seen) = (demo.name.to_owned(), told(&seen, &[]));
        let milliseconds = began.elapsed().as_millis();
        sheet.put(Cell { row, verdict, seen, picture: None, milliseconds });
    }
    Ok(())
}

fn check(demo: &Demo, seen: &Sighting) -> Result<(), String> {
    let events: Vec<Event> = seen.events().cloned().collect();
    match events.len() < due(demo) {
        true => Err(format!("{} events came, not {}", events.len(), due(demo))),
        false => (demo.check)(&events),
    }
}
