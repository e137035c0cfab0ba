//! The browser on the other side: streams out, what it saw in. The page asks for work until there is none.

use std::io;
use std::net::SocketAddr;
use std::sync::{Arc, Condvar, Mutex, PoisonError};
use std::thread;
use std::time::Duration;

use serde_json::{Value, json};
use sse_server::{Limits, Request, Response, Server, Sink, sleep};

use crate::case::{Case, Disagreement, Seen};

/// How long a page may take for its streams.
const PATIENCE: Duration = Duration::from_secs(120);
/// Between two packets, so that they are two.
const PAUSE: Duration = Duration::from_millis(2);

/// A server, and the page in a browser that it works with.
pub(crate) struct Engine {
    address: SocketAddr,
    shared: Arc<Shared>,
}

#[derive(Default)]
struct Shared {
    state: Mutex<State>,
    changed: Condvar,
}

#[derive(Default)]
struct State {
    /// The number of the first of the cases: numbers are never used again.
    first: usize,
    cases: Vec<Case>,
    /// How often each was asked for, and with which Last-Event-ID the second time.
    asked: Vec<(usize, Option<String>)>,
    /// What the page is to do next.
    work: Option<Value>,
    results: Option<Value>,
}

impl Engine {
    pub(crate) fn start() -> io::Result<Self> {
        let shared: Arc<Shared> = Arc::default();
        let sharing = Arc::clone(&shared);
        let limits = Limits { body_bytes: 64 * 1024 * 1024, ..Limits::default() };
        let server = Server::new(move |request| respond(&sharing, request)).limits(limits);
        let server = server.bind("127.0.0.1:0")?;
        let address = server.local_addr()?;
        thread::spawn(move || server.run());
        Ok(Self { address, shared })
    }

    pub(crate) fn address(&self) -> SocketAddr {
        self.address
    }

    /// Gives all cases to the browser at once, and says of each how it disagrees.
    pub(crate) fn compare(&self, cases: &[Case]) -> Result<Vec<Option<Disagreement>>, String> {
        let mut state = self.shared.state.lock().unwrap_or_else(PoisonError::into_inner);
        state.first += state.cases.len();
        state.cases = cases.to_vec();
        state.asked = vec![(0, None); cases.len()];
        state.results = None;
        let numbers = state.first..;
        let streams = cases.iter().zip(numbers).map(|(case, number)| {
            json!({ "url": format!("/stream/{number}"), "types": case.event_types() })
        });
        state.work = Some(streams.collect());
        let (state, timeout) = self
            .shared
            .changed
            .wait_timeout_while(state, PATIENCE, |state| state.results.is_none())
            .unwrap_or_else(PoisonError::into_inner);
        if timeout.timed_out() {
            return Err("the browser does not answer".to_owned());
        }
        let results =
            state.results.as_ref().and_then(Value::as_array).ok_or("no list of results")?;
        let seen = results
            .iter()
            .zip(&state.asked)
            .map(|(events, (_, next))| Seen { events: events.clone(), next: next.clone() });
        Ok(cases.iter().zip(seen).map(|(case, seen)| case.compare(&seen)).collect())
    }

    /// Tells the page that there is nothing more, and gives it a moment to ask.
    pub(crate) fn finish(&self) {
        let mut state = self.shared.state.lock().unwrap_or_else(PoisonError::into_inner);
        state.work = Some(Value::Null);
        drop(state);
        thread::sleep(Duration::from_millis(300));
    }
}

fn respond(shared: &Arc<Shared>, request: &Request) -> Response {
    let state = || shared.state.lock().unwrap_or_else(PoisonError::into_inner);
    match request.path() {
        "/" => Response::html(include_str!("page.html")),
        "/next" => {
            let shared = Arc::clone(shared);
            Response::later(async move {
                loop {
                    let take =
                        || shared.state.lock().unwrap_or_else(PoisonError::into_inner).work.take();
                    if let Some(work) = take() {
                        let json = ("Content-Type", "application/json");
                        return Response::text(work.to_string()).with_header(json.0, json.1);
                    }
                    sleep(Duration::from_millis(20)).await;
                }
            })
        }
        "/results" => {
            state().results = serde_json::from_slice(request.body()).ok();
            shared.changed.notify_all();
            Response::new(204)
        }
        path => {
            let number = path.strip_prefix("/stream/").and_then(|it| it.parse::<usize>().ok());
            let mut state = state();
            let index = number.and_then(|number| number.checked_sub(state.first));
            let Some(index) = index.filter(|index| *index < state.cases.len()) else {
                return Response::new(204);
            };
            let asked = &mut state.asked[index];
            asked.0 += 1;
            if asked.0 == 2 {
                asked.1 = Some(request.last_event_id().unwrap_or_default().to_owned());
            }
            if asked.0 > 1 {
                return Response::new(204);
            }
            let case = state.cases[index].clone();
            Response::stream(move |sink| send(sink, case))
        }
    }
}

async fn send(mut sink: Sink, case: Case) -> io::Result<()> {
    for piece in tests::chunking::cut(&case.bytes, &case.cuts) {
        sink.send_bytes(piece).await?;
        sleep(PAUSE).await;
    }
    Ok(())
}
