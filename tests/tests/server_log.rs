//! The feature `log`: what the server refuses, what panics and what the system refuses it is reported, each
//! at its level. A test program of its own, because of its logger, and because it uses up its descriptors.

mod server_support;

use std::fs::File;
use std::os::fd::AsRawFd as _;
use std::sync::{Mutex, PoisonError};

use log::{Level, LevelFilter, Log, Metadata, Record};
use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};
use server_support::Running;
use sse_server::{Refusal, Response, Server};
use testkit::raw::status;
use testkit::wait::eventually;

/// A logger that remembers what the server reports.
struct Records(Mutex<Vec<(Level, String)>>);

static RECORDS: Records = Records(Mutex::new(Vec::new()));

impl Log for Records {
    fn enabled(&self, metadata: &Metadata<'_>) -> bool {
        metadata.target().starts_with("sse_server")
    }

    fn log(&self, record: &Record<'_>) {
        if self.enabled(record.metadata()) {
            let mut records = self.0.lock().unwrap_or_else(PoisonError::into_inner);
            records.push((record.level(), record.args().to_string()));
        }
    }

    fn flush(&self) {}
}

impl Records {
    /// The one record that has come since the last time, when it has.
    fn next(&self) -> (Level, String) {
        let records = || self.0.lock().unwrap_or_else(PoisonError::into_inner);
        eventually("a record", || !records().is_empty());
        let taken = std::mem::take(&mut *records());
        assert_eq!(taken.len(), 1, "{taken:?}");
        taken.into_iter().next().expect("one")
    }
}

/// Asks for a path, as the only request of its connection.
fn get(path: &str) -> String {
    format!("GET {path} HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n")
}

#[test]
fn refusals_panics_and_a_lack_of_descriptors_are_reported() {
    log::set_logger(&RECORDS).expect("the first logger");
    log::set_max_level(LevelFilter::Trace);
    let server = Running::start(Server::new(|request| match request.path() {
        "/panic" => panic!("on purpose"),
        "/length" => Response::text("hello").with_header("Content-Length", "5"),
        _ => Response::text("hello"),
    }));
    assert_eq!(status(&server.exchange(get("/"))), 200);

    assert_eq!(status(&server.exchange("GET / HTTP/1.1\r\n\r\n")), 400);
    let (level, text) = RECORDS.next();
    assert_eq!(level, Level::Debug, "{text}");
    assert!(text.starts_with("refused: ") && text.contains("Host"), "{text}");

    assert_eq!(status(&server.exchange(get("/panic"))), 500);
    let (level, text) = RECORDS.next();
    assert_eq!(level, Level::Error, "{text}");
    assert!(text.contains("panicked"), "{text}");

    assert_eq!(status(&server.exchange(get("/length"))), 500);
    let (level, text) = RECORDS.next();
    assert_eq!(level, Level::Error, "{text}");
    assert!(text.contains("Content-Length"), "{text}");

    without_descriptors(&server);
}

/// With one descriptor left the client has it, and the server has none: it says so, and serves the client
/// when there are more.
fn without_descriptors(server: &Running) {
    let Rlimit { current, maximum } = getrlimit(Resource::Nofile);
    let free = File::open("/dev/null").expect("a descriptor");
    let one_more = u64::try_from(free.as_raw_fd()).expect("not negative") + 1;
    setrlimit(Resource::Nofile, Rlimit { current: Some(one_more), maximum }).expect("a limit");
    drop(free);
    let mut peer = server.connect();
    eventually("the server notices", || {
        server.handle.stats().refused.contains_key(&Refusal::Descriptors)
    });
    setrlimit(Resource::Nofile, Rlimit { current, maximum }).expect("the limit of before");
    peer.send(get("/"));
    assert_eq!(peer.answer().1, "hello", "it waited, and was accepted then");
    let records = RECORDS.0.lock().unwrap_or_else(PoisonError::into_inner).clone();
    let reported =
        |level, text: &str| records.iter().any(|it| it.0 == level && it.1.contains(text));
    assert!(reported(Level::Error, "cannot accept: "), "{records:?}");
    assert!(reported(Level::Debug, "refused: "), "{records:?}");
}
