//! The scenarios of `crates/sse-scenarios`, carried by this workspace's own server.
//!
//! At `/gap/RUN` is a channel of its own for each RUN: the first stream ends after two events, and
//! while the client is away more are published than the channel holds.
//!
//! Takes `--addr ADDRESS`. What the server cannot send, a body without framing and a reset, is 501.

use sse_scenarios::{Answer, End, Framing, Play, Step};
use sse_server::{Channel, Cors, Events, Frame, History, Replay, Response, Server, Sink, sleep};
use std::collections::BTreeMap;
use std::future::pending;
use std::io;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

fn main() -> io::Result<()> {
    let mut arguments = std::env::args().skip_while(|argument| argument != "--addr").skip(1);
    let address = arguments.next().unwrap_or_else(|| "127.0.0.1:0".to_owned());
    let play = Arc::new(Play::default());
    let channels = Channels::default();
    let server = Server::new(move |request| {
        if let Some(run) = request.path().strip_prefix("/gap/") {
            return with_gap(&channels, run, request.last_event_id());
        }
        let request = sse_scenarios::Request {
            method: request.method().to_string(),
            target: request.path().to_owned(),
            fields: (request.headers())
                .map(|(name, value)| (name.to_owned(), value.as_bytes().to_vec()))
                .collect(),
        };
        respond(&play, &request)
    });
    let server = server.bind(address.as_str())?;
    println!("Open http://{}/", server.local_addr()?);
    server.run()
}

/// The channel of each run.
type Channels = Mutex<BTreeMap<String, Channel>>;

/// How many events a channel holds.
const HELD: usize = 4;

fn with_gap(channels: &Channels, run: &str, last_event_id: Option<&str>) -> Response {
    let mut channels = channels.lock().unwrap_or_else(PoisonError::into_inner);
    if let Some(channel) = channels.get(run) {
        let rest = channel.subscribe(last_event_id, Replay::Live);
        return Response::events(rest).with_cors(Cors::any());
    }
    let channel = Channel::new(History { events: HELD, ..History::default() });
    channels.insert(run.to_owned(), channel.clone());
    let first = channel.subscribe(last_event_id, Replay::Live);
    let first = Events::from(first).with_end(async move {
        let publish = |text: &str| drop(channel.publish(&Frame::message(text)));
        for number in 1..=2 {
            sleep(Duration::from_millis(150)).await;
            publish(&number.to_string());
        }
        sleep(Duration::from_millis(150)).await;
        for number in 3..=10 {
            publish(&number.to_string());
        }
        let done = Frame::message("done").with_event_type("done");
        drop(done.map(|done| channel.publish(&done)));
    });
    Response::events(first).with_cors(Cors::any())
}

fn respond(play: &Arc<Play>, request: &sse_scenarios::Request) -> Response {
    let (answer, turn) = play.answer(request, Instant::now());
    let ended = OnDrop(Some({
        let play = Arc::clone(play);
        move || play.end(turn, false, Instant::now())
    }));
    let is_stream = answer.status == 200 && answer.framing == Framing::Chunked;
    let mut response = match answer.framing {
        _ if answer.framing == Framing::UntilClose || answer.end == End::Reset => {
            Response::new(501)
        }
        _ if is_stream => {
            let (steps, end) = (answer.steps.clone(), answer.end);
            Response::stream(move |sink| play_steps(sink, steps, end, ended))
        }
        _ => Response::new(answer.status).with_body(answer.body()),
    };
    // What a 404 with a body says of its type is not what the server would say by itself.
    let named = |answer: &Answer, name: &str| answer.fields.iter().any(|(it, _)| *it == name);
    for name in ["Content-Type", "Cache-Control"] {
        if !named(&answer, name) && answer.status == 200 {
            response = response.without_header(name);
        }
    }
    let origin = String::from_utf8_lossy(request.field("Origin").unwrap_or_default()).into_owned();
    for (name, value) in answer.fields {
        let value = value.replace("{origin}", &origin).replace("{self}", &request.target);
        response = response.with_header(name, value);
    }
    response
}

async fn play_steps(
    mut sink: Sink,
    steps: Vec<Step>,
    end: End,
    _ended: OnDrop<impl FnOnce()>,
) -> io::Result<()> {
    for step in steps {
        match step {
            Step::Send(bytes) => sink.send_bytes(&bytes).await?,
            Step::Pause(time) => sleep(time).await,
        }
    }
    match end {
        End::Complete => Ok(()),
        // The server cuts a stream that fails.
        End::Cut | End::Reset => Err(io::ErrorKind::ConnectionReset.into()),
        End::Hold => pending().await,
    }
}

/// Calls its closure when it is dropped.
struct OnDrop<F: FnOnce()>(Option<F>);

impl<F: FnOnce()> Drop for OnDrop<F> {
    fn drop(&mut self) {
        if let Some(act) = self.0.take() {
            act();
        }
    }
}
