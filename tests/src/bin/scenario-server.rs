//! The scenarios of `crates/sse-scenarios`, carried by this workspace's own server.
//!
//! At `/gap/RUN` is a channel of its own for each RUN: the first stream ends after two events, and
//! while the client is away more are published than the channel holds.
//!
//! A scenario in which the server goes away takes all others along: it is for a process of its own.
//!
//! Takes `--addr ADDRESS`. What the server cannot send, a body without framing and a reset, is 501.

use futures_lite::future::{block_on, or};
use sse_scenarios::{Answer, End, Framing, Play, Step};
use sse_server::{
    BoundServer, Channel, Cors, Events, Frame, History, Replay, Response, Server, Shutdown, Sink,
    sleep,
};
use std::collections::BTreeMap;
use std::future::pending;
use std::io;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::thread;
use std::time::{Duration, Instant};

fn main() -> io::Result<()> {
    let mut arguments = std::env::args().skip_while(|argument| argument != "--addr").skip(1);
    let mut address = arguments.next().unwrap_or_else(|| "127.0.0.1:0".to_owned());
    let stage = Arc::new(Stage::default());
    let mut patience = Duration::ZERO;
    loop {
        let server = bind(&stage, &address, patience)?;
        patience = Duration::from_secs(10);
        address = server.local_addr()?.to_string();
        println!("Open http://{address}/");
        block_on(until_away(server, &stage));
        let absence = stage.absence().take();
        thread::sleep(absence.map_or(Duration::ZERO, |absence| absence.time));
    }
}

/// Listens. A client's own port may be the one that the server had before it was away, for a while.
fn bind(stage: &Arc<Stage>, address: &str, patience: Duration) -> io::Result<BoundServer> {
    let deadline = Instant::now() + patience;
    loop {
        match server(stage).bind(address) {
            Err(_) if Instant::now() < deadline => thread::sleep(TICK),
            bound => return bound,
        }
    }
}

/// What outlives a restart.
#[derive(Default)]
struct Stage {
    play: Play,
    channels: Channels,
    absence: Mutex<Option<Absence>>,
}

/// The server shall go away for a while.
#[derive(Clone, Copy)]
struct Absence {
    time: Duration,
    is_crash: bool,
}

impl Stage {
    fn absence(&self) -> MutexGuard<'_, Option<Absence>> {
        self.absence.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Serves until an answer wants the server to go away, and it is gone.
async fn until_away(server: BoundServer, stage: &Stage) {
    let handle = server.handle();
    let leave = async {
        loop {
            // A copy, so that no lock is held while this waits.
            let absence = *stage.absence();
            match absence {
                None => sleep(TICK).await,
                Some(Absence { is_crash: true, .. }) => return,
                Some(_) => break,
            }
        }
        let (retry_after, retry_spread) = (Duration::from_millis(20), Duration::ZERO);
        handle.shutdown(Shutdown { retry_after, retry_spread, ..Shutdown::default() });
        pending().await
    };
    or(server.serve(), leave).await;
}

/// How often the server looks whether it shall go away.
const TICK: Duration = Duration::from_millis(10);

fn server(stage: &Arc<Stage>) -> Server {
    let stage = Arc::clone(stage);
    Server::new(move |request| {
        // A server that shuts down answers for a moment those who had connected before, as browsers do in advance.
        if stage.absence().is_some() {
            return Response::stream(async |_| Err(io::ErrorKind::ConnectionReset.into()));
        }
        if let Some(run) = request.path().strip_prefix("/gap/") {
            return with_gap(&stage.channels, run, request.last_event_id());
        }
        let request = sse_scenarios::Request {
            method: request.method().to_string(),
            target: request.path().to_owned(),
            fields: (request.headers())
                .map(|(name, value)| (name.to_owned(), value.as_bytes().to_vec()))
                .collect(),
        };
        respond(&stage, &request)
    })
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

fn respond(stage: &Arc<Stage>, request: &sse_scenarios::Request) -> Response {
    let (answer, turn) = stage.play.answer(request, Instant::now());
    let ended = OnDrop(Some({
        let stage = Arc::clone(stage);
        move || stage.play.end(turn, false, Instant::now())
    }));
    let is_stream = answer.status == 200 && answer.framing == Framing::Chunked;
    let mut response = match answer.framing {
        _ if answer.framing == Framing::UntilClose || answer.end == End::Reset => {
            Response::new(501)
        }
        _ if is_stream => {
            let (steps, end, stage) = (answer.steps.clone(), answer.end, Arc::clone(stage));
            Response::stream(async move |sink| play_steps(sink, steps, end, &stage, ended).await)
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
    stage: &Stage,
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
        End::Restart(time) => {
            *stage.absence() = Some(Absence { time, is_crash: false });
            while !sink.is_stopping() {
                sleep(TICK).await;
            }
            Ok(())
        }
        End::Crash(time) => {
            *stage.absence() = Some(Absence { time, is_crash: true });
            pending().await
        }
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
