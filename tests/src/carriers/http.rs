//! A carrier that is a server of HTTP/1.1, whoever wrote it: connections of a client, and what they ask for.

use std::collections::HashMap;
use std::fmt;
use std::io::{ErrorKind, Read as _, Write as _};
use std::net::{SocketAddr, TcpStream};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex};

use sse_channel::{Log, Subscription};
use sse_proto::ChunkedBody;

use super::{Ask, Carrier, Client, PATIENCE};

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
    idle: Arc<Mutex<Vec<Connection>>>,
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
        let mut connection = idle.unwrap_or_else(|| Connection::open(self.address));
        connection.ask(&request);
        let idle = ask.ends_soon.then(|| self.idle.clone());
        Box::new(Stream { connection: Some(connection), idle })
    }
}

/// One stream of a connection.
struct Stream {
    connection: Option<Connection>,
    /// Where the connection goes when its stream has ended, if it ends soon.
    idle: Option<Arc<Mutex<Vec<Connection>>>>,
}

impl Client for Stream {
    fn block(&mut self) -> Option<String> {
        self.connection.as_mut()?.block()
    }

    fn is_complete(&self) -> bool {
        self.connection.as_ref().is_some_and(Connection::is_complete)
    }
}

impl Drop for Stream {
    /// Leaves the rest of the stream unread by the law, but keeps the connection.
    fn drop(&mut self) {
        let idle = self.idle.take().filter(|_| !std::thread::panicking());
        let Some((idle, mut connection)) = idle.zip(self.connection.take()) else { return };
        while connection.block().is_some() {}
        if connection.is_complete() {
            idle.lock().expect("whole").push(connection);
        }
    }
}

/// A client's connection.
#[derive(Debug)]
struct Connection {
    socket: TcpStream,
    /// Read, and not yet taken: of the head, or of chunks.
    received: Vec<u8>,
    body: ChunkedBody,
    payload: Vec<u8>,
}

impl Connection {
    fn open(address: SocketAddr) -> Self {
        let socket = TcpStream::connect(address).expect("connect");
        socket.set_read_timeout(Some(PATIENCE)).expect("timeout");
        socket.set_write_timeout(Some(PATIENCE)).expect("timeout");
        Self { socket, received: Vec::new(), body: ChunkedBody::new(), payload: Vec::new() }
    }

    /// Sends a request and reads the head of the answer.
    fn ask(&mut self, request: &str) {
        (self.body, self.payload) = (ChunkedBody::new(), Vec::new());
        self.socket.write_all(request.as_bytes()).expect("send");
        let end = loop {
            if let Some(end) = find(&self.received, b"\r\n\r\n") {
                break end + 4;
            }
            assert!(self.fill(), "no head");
        };
        let head: Vec<u8> = self.received.drain(..end).collect();
        let head = String::from_utf8_lossy(&head).to_ascii_lowercase();
        assert!(head.starts_with("http/1.1 200"), "{head}");
        assert!(head.contains("transfer-encoding: chunked"), "{head}");
    }

    /// The next block of the stream; `None` at its end, proper or not.
    fn block(&mut self) -> Option<String> {
        loop {
            if let Some(at) = find(&self.payload, b"\n\n") {
                let block: Vec<u8> = self.payload.drain(..at + 2).collect();
                return Some(String::from_utf8(block[..at].to_vec()).expect("text"));
            }
            if self.is_complete() || !(self.decode() || self.fill()) {
                return None;
            }
        }
    }

    fn is_complete(&self) -> bool {
        self.body.is_complete()
    }

    /// Takes the chunk framing off what has been received; whether there was anything.
    fn decode(&mut self) -> bool {
        let mut rest = &self.received[..];
        while let Some(payload) = self.body.next(&mut rest) {
            self.payload.extend_from_slice(payload.expect("chunks"));
        }
        let used = self.received.len() - rest.len();
        self.received.drain(..used);
        used > 0
    }

    /// Reads once; false at the end of the connection.
    fn fill(&mut self) -> bool {
        let mut bytes = [0; 64 * 1024];
        loop {
            match self.socket.read(&mut bytes) {
                Ok(0) => return false,
                Ok(count) => {
                    self.received.extend_from_slice(&bytes[..count]);
                    return true;
                }
                Err(error) if error.kind() == ErrorKind::Interrupted => {}
                Err(error) if error.kind() == ErrorKind::ConnectionReset => return false,
                Err(error) => panic!("nothing came: {error}"),
            }
        }
    }
}

fn find(bytes: &[u8], wanted: &[u8]) -> Option<usize> {
    bytes.windows(wanted.len()).position(|window| window == wanted)
}
