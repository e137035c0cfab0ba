//! What a client saw: the lines of a driver, read. Pure.

use std::time::Duration;

use serde_json::{Value, json};

use crate::play::Exchange;
use crate::scenario::{DONE, Event, Scenario};

/// What a driver is asked to do: the line that it reads.
#[derive(Clone, Debug)]
pub struct Order {
    /// Where the stream is.
    pub url: String,
    /// The event types that it must listen to, where a client has to name them.
    pub event_types: Vec<String>,
    /// Whether credentials go along to another origin.
    pub credentials: bool,
}

/// All that a driver saw in one run.
#[derive(Clone, Debug, Default)]
pub struct Sighting {
    /// What it saw, in order.
    pub notes: Vec<Note>,
}

/// One thing that a driver saw.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Note {
    /// When, since the run began.
    pub at: Duration,
    /// What.
    pub what: What,
}

/// What can be seen.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum What {
    /// The connection is open.
    Open,
    /// An event.
    Event(Event),
    /// Something went wrong; the client may come back.
    Error(String),
    /// The client is closed for good: the run is over.
    Closed,
}

/// A request as far as a verdict needs it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Visit {
    /// The value of `Last-Event-ID`, empty if there was none.
    pub last_event_id: Vec<u8>,
    /// When it came, since the first one.
    pub began: Duration,
    /// When its answer was over, if it is.
    pub ended: Option<Duration>,
}

impl Order {
    /// The order to play a scenario at a URL.
    #[must_use]
    pub fn new(scenario: &Scenario, url: &str) -> Self {
        Self {
            url: url.to_owned(),
            event_types: scenario.event_types().into_iter().map(str::to_owned).collect(),
            credentials: scenario.credentials,
        }
    }

    /// The line for a driver, without its end.
    #[must_use]
    pub fn to_line(&self) -> String {
        let Self { url, event_types, credentials } = self;
        json!({ "url": url, "types": event_types, "credentials": credentials }).to_string()
    }
}

impl Sighting {
    /// The events, in order.
    pub fn events(&self) -> impl Iterator<Item = &Event> {
        self.notes.iter().filter_map(|note| match &note.what {
            What::Event(event) => Some(event),
            _ => None,
        })
    }

    /// When the first event of a type was seen.
    pub(crate) fn first(&self, event_type: &str) -> Option<usize> {
        self.notes.iter().position(
            |note| matches!(&note.what, What::Event(event) if event.event_type == event_type),
        )
    }

    /// Whether the run is over: the client has closed.
    #[must_use]
    pub fn is_over(&self) -> bool {
        self.notes.iter().any(|note| note.what == What::Closed)
    }

    /// Whether the event came that says that the scenario is over.
    #[must_use]
    pub fn is_done(&self) -> bool {
        self.first(DONE).is_some()
    }
}

impl Note {
    /// Reads a line of a driver that came `at` a time; a time in the line itself counts instead.
    ///
    /// # Errors
    ///
    /// What is wrong with the line.
    pub fn parse(line: &str, at: Duration) -> Result<Self, String> {
        let value: Value =
            serde_json::from_str(line).map_err(|error| format!("not JSON ({error}): {line}"))?;
        Self::from_json(&value, at)
    }

    /// Reads what a driver printed, or a page collected.
    ///
    /// # Errors
    ///
    /// What is wrong with it.
    pub fn from_json(value: &Value, at: Duration) -> Result<Self, String> {
        let text = |key: &str| value[key].as_str().map(str::to_owned);
        let missing = |key: &str| format!("no {key:?} in {value}");
        let at =
            value["at"].as_f64().map_or(at, |at| Duration::from_secs_f64(at.max(0.0) / 1000.0));
        let what = match value["saw"].as_str() {
            Some("open") => What::Open,
            Some("event") => What::Event(Event {
                event_type: text("type").ok_or_else(|| missing("type"))?,
                data: text("data").ok_or_else(|| missing("data"))?,
                last_event_id: text("id"),
            }),
            Some("error") => What::Error(text("message").unwrap_or_default()),
            Some("closed") => What::Closed,
            _ => return Err(format!("\"saw\" is none of open, event, error, closed: {value}")),
        };
        Ok(Self { at, what })
    }
}

impl Visit {
    /// The visits of a server's requests.
    #[must_use]
    pub fn of(exchanges: &[Exchange]) -> Vec<Self> {
        let Some(first) = exchanges.first().map(|exchange| exchange.began) else {
            return Vec::new();
        };
        let visit = |exchange: &Exchange| Self {
            last_event_id: exchange.request.last_event_id().to_vec(),
            began: exchange.began.duration_since(first),
            ended: exchange.ended.map(|at| at.duration_since(first)),
        };
        exchanges.iter().map(visit).collect()
    }

    /// The visits in the list that a server of scenarios gives at `/run/RUN/NAME/requests`.
    ///
    /// # Errors
    ///
    /// What is wrong with the list.
    pub fn from_list(text: &str) -> Result<Vec<Self>, String> {
        let list: Value =
            serde_json::from_str(text).map_err(|error| format!("no list: {error}"))?;
        let visit = |value: &Value| {
            let began = Duration::from_millis(value["began"].as_u64()?);
            let ended = value["ended"].as_u64().map(Duration::from_millis);
            let last_event_id = value["last_event_id"].as_str()?.as_bytes().to_vec();
            Some(Self { last_event_id, began, ended })
        };
        let list = list.as_array().ok_or("the list of requests is no list")?;
        list.iter().map(|it| visit(it).ok_or_else(|| format!("no request: {it}"))).collect()
    }
}
