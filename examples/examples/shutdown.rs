//! SIGTERM, as a deploy sends it: answers that are under way are finished, channels end and tell their
//! clients when to come back, and what takes longer than the deadline is cut.
//!
//! Run: `cargo run -p examples --example shutdown`, `curl -N 127.0.0.1:8080/answer`, and `kill` it meanwhile.

use std::process::ExitCode;
use std::time::Duration;

use sse_server::{Channel, Frame, Replay, Response, Server, Shutdown, Sink, sleep};

fn main() -> ExitCode {
    let address = match &std::env::args().skip(1).collect::<Vec<_>>()[..] {
        [] => "127.0.0.1:8080".to_owned(),
        [option, address] if option == "--addr" => address.clone(),
        _ => {
            eprintln!("Usage: cargo run -p examples --example shutdown -- [--addr HOST:PORT]");
            return ExitCode::from(2);
        }
    };
    match run(&address) {
        Ok(0) => ExitCode::SUCCESS,
        Ok(cut) => {
            eprintln!("{cut} connections had to be cut");
            ExitCode::FAILURE
        }
        Err(error) => {
            eprintln!("{error}");
            ExitCode::FAILURE
        }
    }
}

/// Serves until SIGTERM or SIGINT; how many connections were cut.
fn run(address: &str) -> std::io::Result<u64> {
    let news = Channel::default();
    let server = Server::new(move |request| match request.path() {
        "/answer" => Response::stream(answer),
        "/clock" => Response::stream(clock),
        "/news" => Response::events(news.subscribe(request.last_event_id(), Replay::Live)),
        _ => Response::not_found(),
    });
    let server = server.bind(address)?;
    let handle = server.handle();
    // Whoever sends the signal waits about as long before it kills: Kubernetes 30 s, systemd 90 s.
    // A second signal shortens what is left.
    let mut deadlines = [Duration::from_secs(25)].into_iter();
    let stop = handle.clone();
    ctrlc::set_handler(move || {
        let deadline = deadlines.next().unwrap_or_default();
        stop.shutdown(Shutdown { deadline, ..Shutdown::default() });
    })
    .map_err(std::io::Error::other)?;
    examples::say(format_args!("Open http://{}/answer (Ctrl-C stops)", server.local_addr()?));
    server.run()?;
    Ok(handle.stats().cut)
}

/// Has an end, and comes to it.
async fn answer(mut sink: Sink) -> std::io::Result<()> {
    for number in 1..=10 {
        sink.send(&Frame::message(&number.to_string())).await?;
        sleep(Duration::from_millis(200)).await;
    }
    Ok(())
}

/// Has none, and ends when the server does.
async fn clock(mut sink: Sink) -> std::io::Result<()> {
    while sink.pause(Duration::from_secs(1)).await {
        sink.send(&Frame::message("tick")).await?;
    }
    Ok(())
}
