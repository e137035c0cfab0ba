//! One channel for all who look, and the file in which it survives the program: what no tutorial shows.

use std::io;
use std::path::PathBuf;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, OnceLock, PoisonError};
use std::thread::{self, JoinHandle};
use std::time::Duration;

use examples::local_time;
use sse_server::{Channel, Frame, History, Replay, Request, Response};

/// Between two events.
const PERIOD: Duration = Duration::from_secs(1);
/// A page that is new sees so many of those that were before it.
const SHOWN: u64 = 10;

/// The time, once a second, as a log.
#[derive(Default)]
pub(crate) struct Log {
    /// Where it survives; nowhere without.
    state: Option<PathBuf>,
    channel: OnceLock<Channel>,
    publisher: Mutex<Option<JoinHandle<()>>>,
    is_ending: AtomicBool,
}

impl Log {
    pub(crate) fn new(state: Option<PathBuf>) -> Arc<Self> {
        Arc::new(Self { state, ..Self::default() })
    }

    /// Takes the file: it is this program's from now on.
    pub(crate) fn begin(self: &Arc<Self>) -> io::Result<()> {
        let history = History::default();
        let channel = match &self.state {
            Some(path) => Channel::load(history, path).map_err(|error| {
                io::Error::other(format!("the state {} is not used: {error}", path.display()))
            })?,
            None => Channel::new(history),
        };
        let channel = self.channel.get_or_init(|| channel).clone();
        let log = self.clone();
        let publisher = thread::spawn(move || {
            while !log.is_ending.load(Ordering::Relaxed) {
                channel.publish(&Frame::message(&local_time::date_and_time()));
                thread::park_timeout(PERIOD);
            }
        });
        *self.publisher.lock().unwrap_or_else(PoisonError::into_inner) = Some(publisher);
        Ok(())
    }

    /// Stops publishing, and writes the file, if there was a beginning.
    pub(crate) fn end(&self) -> io::Result<()> {
        self.is_ending.store(true, Ordering::Relaxed);
        let publisher = self.publisher.lock().unwrap_or_else(PoisonError::into_inner).take();
        if let Some(publisher) = publisher {
            publisher.thread().unpark();
            let _ = publisher.join();
        }
        match (self.channel.get(), &self.state) {
            (Some(channel), Some(path)) => {
                channel.close();
                channel.save(path)
            }
            _ => Ok(()),
        }
    }

    /// Answers a request for a path below its own.
    pub(crate) fn respond(&self, request: &Request, path: &str) -> Response {
        match (path, self.channel.get()) {
            ("", _) => Response::new(308).with_header("Location", "/log/"),
            ("/", _) => Response::html(include_str!("log.html")),
            ("/events", Some(channel)) => {
                let last = Replay::Last(SHOWN);
                Response::events(channel.subscribe(request.last_event_id(), last))
            }
            _ => Response::not_found(),
        }
    }
}
