//! Who has asked for what: the requests of each run of a scenario. Pure, but for the lock.

use std::collections::BTreeMap;
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

use crate::request::Request;

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

/// The runs of a server.
#[derive(Debug, Default)]
pub(crate) struct Runs(Mutex<BTreeMap<String, Run>>);

#[derive(Debug, Default)]
struct Run {
    number: u64,
    exchanges: Vec<Exchange>,
}

impl Runs {
    /// Notes a request of the run `key` and returns how many came before it; `None` if too many.
    pub(crate) fn begin(&self, key: &str, request: Request, now: Instant) -> Option<usize> {
        self.with(|runs| {
            if runs.len() >= MOST_RUNS && !runs.contains_key(key) {
                let oldest = runs.iter().min_by_key(|(_, run)| run.number);
                let oldest = oldest.map(|(key, _)| key.clone());
                oldest.and_then(|key| runs.remove(&key));
            }
            let number = runs.values().map(|run| run.number).max().unwrap_or_default() + 1;
            let run = runs.entry(key.to_owned()).or_insert(Run { number, exchanges: Vec::new() });
            let index = run.exchanges.len();
            let exchange = Exchange { request, began: now, ended: None, left: false };
            (index < MOST_EXCHANGES).then(|| run.exchanges.push(exchange)).map(|()| index)
        })
    }

    /// Notes that an answer is over.
    pub(crate) fn end(&self, key: &str, index: usize, left: bool, now: Instant) {
        self.with(|runs| {
            let run = runs.get_mut(key);
            if let Some(exchange) = run.and_then(|run| run.exchanges.get_mut(index)) {
                exchange.ended = Some(now);
                exchange.left = left;
            }
        });
    }

    /// The requests of a run up to now.
    pub(crate) fn exchanges(&self, key: &str) -> Vec<Exchange> {
        self.with(|runs| runs.get(key).map(|run| run.exchanges.clone()).unwrap_or_default())
    }

    fn with<T>(&self, act: impl FnOnce(&mut BTreeMap<String, Run>) -> T) -> T {
        act(&mut self.0.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

/// The requests as JSON, for whoever asks the server over HTTP.
pub(crate) fn as_json(exchanges: &[Exchange]) -> String {
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
