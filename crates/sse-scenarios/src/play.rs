//! Which answer a request gets, and who has asked for what. No sockets: any server can carry a play. Pure,
//! but for a lock.

use std::collections::BTreeMap;
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

use crate::page;
use crate::request::Request;
use crate::scenario::Answer;
use crate::set;

/// A request, and what became of it.
#[derive(Clone, Debug)]
pub struct Exchange {
    /// What was asked.
    pub request: Request,
    /// When.
    pub began: Instant,
    /// When the answer had been sent, or the client had left.
    pub ended: Option<Instant>,
    /// Whether the client left before the answer was complete.
    pub left: bool,
}

/// How many runs are remembered; the oldest is forgotten.
const MOST_RUNS: usize = 10_000;
/// How many requests of a run are remembered; a client that asks more often is told to stop.
const MOST_EXCHANGES: usize = 100;

/// The scenarios as a server carries them: says what to answer, and remembers the requests of each run.
///
/// [`Server`](crate::Server) carries one over TCP, and is all that most need.
///
/// ```
/// use sse_scenarios::{Play, Request};
/// use std::time::Instant;
///
/// let play = Play::default();
/// let get = |target: &str| Request { method: "GET".into(), target: target.into(), ..Request::default() };
/// let (answer, turn) = play.answer(&get("/run/mine/status-404"), Instant::now());
/// assert_eq!(answer.status, 404);
/// play.end(turn, false, Instant::now());
/// assert_eq!(play.exchanges("/run/mine/status-404").len(), 1);
/// ```
#[derive(Debug, Default)]
pub struct Play(Mutex<BTreeMap<String, Run>>);

/// The place of an answer in its run, if it belongs to one.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Turn(Option<(String, usize)>);

#[derive(Debug, Default)]
struct Run {
    number: u64,
    exchanges: Vec<Exchange>,
}

/// The path of a scenario for a run.
#[must_use]
pub fn path(run: &str, name: &str) -> String {
    format!("/run/{run}/{name}")
}

impl Play {
    /// The answer to a request that came at `now`; tell [`Play::end`] when it is over.
    pub fn answer(&self, request: &Request, now: Instant) -> (Answer, Turn) {
        let path = request.path();
        if let Some(run) = path.strip_suffix("/requests") {
            let list = page::answer("application/json", &as_json(&self.exchanges(run)));
            return (list, Turn(None));
        }
        if let Some(page) = page::of(path) {
            return (page, Turn(None));
        }
        let scenario = path.strip_prefix("/run/").and_then(|rest| rest.split_once('/'));
        let Some(scenario) = scenario.and_then(|(_, name)| set::find(name)) else {
            return (Answer::status(404), Turn(None));
        };
        if request.method == "OPTIONS" {
            // No event source makes a preflight request, so it is no turn, and allows nothing.
            return (Answer::status(204), Turn(None));
        }
        let Some(index) = self.begin(path, request.clone(), now) else {
            return (Answer::status(204), Turn(None));
        };
        let answer = scenario.answers.get(index).or(scenario.answers.last()).cloned();
        let turn = Turn(Some((path.to_owned(), index)));
        (answer.unwrap_or_else(|| Answer::status(204)), turn)
    }

    /// Notes that an answer is over, and whether the client left before it was complete.
    pub fn end(&self, turn: Turn, left: bool, now: Instant) {
        let Turn(Some((run, index))) = turn else { return };
        self.with(|runs| {
            let exchange = runs.get_mut(&run).and_then(|run| run.exchanges.get_mut(index));
            if let Some(exchange) = exchange {
                exchange.ended = Some(now);
                exchange.left = left;
            }
        });
    }

    /// The requests up to now of the run at a [`path`].
    #[must_use]
    pub fn exchanges(&self, path: &str) -> Vec<Exchange> {
        self.with(|runs| runs.get(path).map(|run| run.exchanges.clone()).unwrap_or_default())
    }

    /// Notes a request and returns how many came before it; `None` if too many.
    fn begin(&self, path: &str, request: Request, now: Instant) -> Option<usize> {
        self.with(|runs| {
            if runs.len() >= MOST_RUNS && !runs.contains_key(path) {
                let oldest = runs.iter().min_by_key(|(_, run)| run.number);
                let oldest = oldest.map(|(path, _)| path.clone());
                oldest.and_then(|path| runs.remove(&path));
            }
            let number = runs.values().map(|run| run.number).max().unwrap_or_default() + 1;
            let run = runs.entry(path.to_owned()).or_insert(Run { number, exchanges: Vec::new() });
            let index = run.exchanges.len();
            let exchange = Exchange { request, began: now, ended: None, left: false };
            (index < MOST_EXCHANGES).then(|| run.exchanges.push(exchange)).map(|()| index)
        })
    }

    fn with<T>(&self, act: impl FnOnce(&mut BTreeMap<String, Run>) -> T) -> T {
        act(&mut self.0.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

/// The requests as JSON, for whoever asks over HTTP.
fn as_json(exchanges: &[Exchange]) -> String {
    let since = |at: Option<Instant>| {
        let first = exchanges.first().map(|exchange| exchange.began);
        at.zip(first).map(|(at, first)| milliseconds(at.duration_since(first)))
    };
    let list = exchanges.iter().map(|exchange| {
        let fields = exchange.request.fields.iter();
        let fields = fields.map(|(name, value)| (name, String::from_utf8_lossy(value)));
        serde_json::json!({
            "method": exchange.request.method,
            "target": exchange.request.target,
            "fields": fields.collect::<Vec<_>>(),
            "last_event_id": String::from_utf8_lossy(exchange.request.last_event_id()),
            "began": since(Some(exchange.began)),
            "ended": since(exchange.ended),
            "left": exchange.left,
        })
    });
    serde_json::Value::from_iter(list).to_string()
}

fn milliseconds(time: Duration) -> u64 {
    u64::try_from(time.as_millis()).unwrap_or(u64::MAX)
}
