//! A carrier that is a server of HTTP/1.1, whoever wrote it: connections of a client, and what they ask for.

use std::collections::HashMap;
use std::fmt;
use std::net::SocketAddr;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex};

use sse_channel::{Log, Subscription};
use testkit::raw::Peer;

use super::{Ask, Carrier, Client};

/// What a server is asked for, by the path at which it is.
#[derive(Clone, Default)]
pub struct Asked(Arc<Mutex<HashMap<String, (Log, Ask)>>>);

impl Asked {
    /// What a request for this path gets, once, and whether its stream has to end by itself after a moment.
    #[must_use]
    pub fn take(&self, path: &str, last_event_id: Option<&str>) -> Option<(Subscription, bool)> {
        let (log, ask) = self.0.lock().expect("whole").remove(path)?;
        let ends_soon = ask.ends_soon;
        let ask = Ask { last_event_id: last_event_id.map(str::to_owned), ..ask };
        Some((ask.subscribe(&log), ends_soon))
    }

    fn put(&self, log: &Log, ask: &Ask) -> String {
        static COUNT: AtomicU64 = AtomicU64::new(0);
        let path = format!("/{}", COUNT.fetch_add(1, Ordering::Relaxed));
        self.0.lock().expect("whole").insert(path.clone(), (log.clone(), ask.clone()));
        path
    }
}

impl fmt::Debug for Asked {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Asked").finish_non_exhaustive()
    }
}

/// A server that answers with what was [asked](Asked) of it; connections on which a stream has ended are used again.
#[derive(Debug)]
pub struct Http<S> {
    address: SocketAddr,
    asked: Asked,
    idle: Arc<Mutex<Vec<Peer>>>,
    _server: S,
}

impl<S> Http<S> {
    /// A server that listens at an address and ends when it is dropped.
    pub fn new(address: SocketAddr, asked: Asked, server: S) -> Self {
        Self { address, asked, idle: Arc::default(), _server: server }
    }
}

impl<S: Sync> Carrier for Http<S> {
    fn connect(&self, log: &Log, ask: &Ask) -> Box<dyn Client> {
        let path = self.asked.put(log, ask);
        let id = ask.last_event_id.as_ref().map(|id| format!("Last-Event-ID: {id}\r\n"));
        let request = format!("GET {path} HTTP/1.1\r\nHost: a\r\n{}\r\n", id.unwrap_or_default());
        let idle = self.idle.lock().expect("whole").pop();
        let mut connection = idle.unwrap_or_else(|| Peer::connect(self.address));
        connection.send(request);
        let head = connection.head().to_ascii_lowercase();
        assert!(head.starts_with("http/1.1 200"), "{head}");
        assert!(head.contains("transfer-encoding: chunked"), "{head}");
        let idle = ask.ends_soon.then(|| self.idle.clone());
        Box::new(Stream { connection: Some(connection), idle })
    }
}

/// One stream of a connection.
struct Stream {
    connection: Option<Peer>,
    /// Where the connection goes when its stream has ended, if it ends soon.
    idle: Option<Arc<Mutex<Vec<Peer>>>>,
}

impl Client for Stream {
    fn block(&mut self) -> Option<String> {
        self.connection.as_mut()?.block()
    }

    fn is_complete(&self) -> bool {
        self.connection.as_ref().is_some_and(|it| it.ended)
    }
}

impl Drop for Stream {
    /// Leaves the rest of the stream unread by the law, but keeps the connection.
    fn drop(&mut self) {
        let idle = self.idle.take().filter(|_| !std::thread::panicking());
        let Some((idle, mut connection)) = idle.zip(self.connection.take()) else { return };
        while connection.block().is_some() {}
        if connection.ended {
            idle.lock().expect("whole").push(connection);
        }
    }
}
