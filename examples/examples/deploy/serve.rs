//! The server: on a socket that is its standard input, with a log that was there before it and will be after it.

use std::error::Error;
use std::io::stdin;
use std::net::TcpListener;
use std::os::fd::AsFd;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;
use std::time::Duration;

use sse_server::{Channel, Frame, History, Replay, Response, Server, Shutdown};

/// Between two events.
const PERIOD: Duration = Duration::from_millis(50);

/// Serves until SIGTERM or Ctrl-C, and saves the log then.
pub(crate) fn serve(state: &Path) -> Result<(), Box<dyn Error>> {
    let listener = TcpListener::from(stdin().as_fd().try_clone_to_owned()?);
    let news = Channel::load(History::default(), state)?;
    let followed = news.clone();
    let server = Server::new(move |request| match request.path() {
        "/events" => Response::events(followed.subscribe(request.last_event_id(), Replay::Live)),
        _ => Response::not_found(),
    });
    let server = server.listener(listener)?;
    let (handle, is_ending) = (server.handle(), Arc::new(AtomicBool::new(false)));
    let ending = is_ending.clone();
    ctrlc::set_handler(move || {
        ending.store(true, Ordering::Relaxed);
        // The next server is there soon: clients need not wait for long, only not come all at once.
        let retry_spread = Duration::from_secs(1);
        let retry_after = Duration::ZERO;
        handle.shutdown(Shutdown { retry_after, retry_spread, ..Shutdown::default() });
    })?;
    let process = std::process::id();
    examples::say(format_args!("process {process} serves"));
    let published = news.clone();
    let publisher = thread::spawn(move || {
        let data = format!("from process {process}");
        while !is_ending.load(Ordering::Relaxed) {
            published.publish(&Frame::message(&data));
            thread::sleep(PERIOD);
        }
    });
    server.run()?;
    // Whatever has been published by then is in the log, and reaches by the next server whom it has not reached.
    let _ = publisher.join();
    news.close();
    Ok(news.save(state)?)
}
