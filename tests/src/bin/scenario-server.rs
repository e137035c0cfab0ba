//! The scenarios of `crates/sse-scenarios`, carried by this workspace's own server.
//!
//! Takes `--addr ADDRESS`. What the server cannot send, a body without framing and a reset, is 501.

use sse_scenarios::{Answer, End, Framing, Play, Step};
use sse_server::{Response, Server, Sink, sleep};
use std::future::pending;
use std::io;
use std::sync::Arc;
use std::time::Instant;

fn main() -> io::Result<()> {
    let mut arguments = std::env::args().skip_while(|argument| argument != "--addr").skip(1);
    let address = arguments.next().unwrap_or_else(|| "127.0.0.1:0".to_owned());
    let play = Arc::new(Play::default());
    let server = Server::new(move |request| {
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
