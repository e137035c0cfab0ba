//! What the server's tests share: a server on a free port, and a peer that speaks raw bytes.
//! Every wait has a deadline; a server is stopped when its guard is dropped.
#![allow(dead_code)] // each test program uses a part of it

use std::io::{ErrorKind, Read as _, Write as _};
use std::net::{SocketAddr, TcpStream};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use sse_server::{BoundServer, Channel, Handle, Replay, Request, Server, Shutdown, Subscription};

/// How long anything may take before a test fails.
pub(crate) const PATIENCE: Duration = Duration::from_secs(20);

/// What a client without wishes of its own gets of a channel.
pub(crate) fn live(channel: &Channel, request: &Request) -> Subscription {
    channel.subscribe(request.last_event_id(), Replay::Live)
}

/// A server that runs until this is dropped.
pub(crate) struct Running {
    pub(crate) addr: SocketAddr,
    pub(crate) handle: Handle,
    thread: Option<JoinHandle<()>>,
}

impl Running {
    pub(crate) fn start(server: Server) -> Self {
        Self::start_on(server, ([127, 0, 0, 1], 0).into())
    }

    pub(crate) fn start_on(server: Server, addr: SocketAddr) -> Self {
        Self::of(server.bind(addr).expect("bind"))
    }

    pub(crate) fn of(bound: BoundServer) -> Self {
        let (addr, handle) = (bound.local_addr().expect("address"), bound.handle());
        let thread = std::thread::spawn(move || bound.run().expect("run"));
        Self { addr, handle, thread: Some(thread) }
    }

    pub(crate) fn connect(&self) -> Peer {
        Peer::connect(self.addr)
    }

    /// Sends one request and returns everything until the server closes.
    pub(crate) fn exchange(&self, request: impl AsRef<[u8]>) -> String {
        let mut peer = self.connect();
        peer.send(request);
        peer.read_to_end()
    }

    /// Shuts down and waits until `run` has returned.
    pub(crate) fn stop(&mut self, how: Shutdown) {
        self.handle.shutdown(how);
        self.thread.take().expect("stopped once").join().expect("the server panicked");
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        if let Some(thread) = self.thread.take() {
            self.handle.shutdown(Shutdown { deadline: Duration::ZERO, ..Shutdown::default() });
            let joined = thread.join();
            if !std::thread::panicking() {
                joined.expect("the server panicked");
            }
        }
    }
}

/// A client that reads and writes raw bytes.
pub(crate) struct Peer {
    pub(crate) stream: TcpStream,
    /// Read and not yet taken.
    pub(crate) buffer: Vec<u8>,
    /// The body of a chunked answer, decoded and not yet taken.
    body: Vec<u8>,
    chunked: bool,
    pub(crate) ended: bool,
}

impl Peer {
    pub(crate) fn connect(addr: SocketAddr) -> Self {
        Self::try_connect(addr).expect("connect")
    }

    /// A connection, if somebody listens.
    pub(crate) fn try_connect(addr: SocketAddr) -> Option<Self> {
        Some(Self::on(TcpStream::connect(addr).ok()?))
    }

    /// A client on a connection that is there already.
    pub(crate) fn on(stream: TcpStream) -> Self {
        stream.set_read_timeout(Some(PATIENCE)).expect("timeout");
        stream.set_write_timeout(Some(PATIENCE)).expect("timeout");
        Self { stream, buffer: Vec::new(), body: Vec::new(), chunked: false, ended: false }
    }

    /// Connects and asks for a stream; returns with the response head read.
    pub(crate) fn subscribe(addr: SocketAddr, path: &str, last_event_id: Option<&str>) -> Self {
        let mut peer = Self::connect(addr);
        let id = last_event_id.map(|id| format!("Last-Event-ID: {id}\r\n")).unwrap_or_default();
        peer.send(format!("GET {path} HTTP/1.1\r\nHost: a\r\n{id}\r\n"));
        let head = peer.head();
        assert!(head.starts_with("HTTP/1.1 200"), "{head}");
        peer
    }

    /// Sends, unless the server has gone.
    pub(crate) fn try_send(&mut self, bytes: impl AsRef<[u8]>) -> Option<()> {
        self.stream.write_all(bytes.as_ref()).ok()
    }

    /// Takes a response head, unless the server has gone.
    pub(crate) fn try_head(&mut self) -> Option<String> {
        while find(&self.buffer, b"\r\n\r\n").is_none() {
            if !self.fill() {
                return None;
            }
        }
        Some(self.head())
    }

    pub(crate) fn send(&mut self, bytes: impl AsRef<[u8]>) {
        self.stream.write_all(bytes.as_ref()).expect("send");
    }

    /// Reads once; false at the end of the connection.
    pub(crate) fn fill(&mut self) -> bool {
        let mut bytes = [0; 64 * 1024];
        loop {
            match self.stream.read(&mut bytes) {
                Ok(0) => return false,
                Ok(count) => {
                    self.buffer.extend_from_slice(&bytes[..count]);
                    return true;
                }
                Err(error) if error.kind() == ErrorKind::Interrupted => {}
                Err(error) if error.kind() == ErrorKind::ConnectionReset => return false,
                Err(error) => panic!("nothing came: {error}; so far {:?}", self.text()),
            }
        }
    }

    fn text(&self) -> String {
        String::from_utf8_lossy(&self.buffer).into_owned()
    }

    /// Takes everything up to and including `end`.
    pub(crate) fn until(&mut self, end: &str) -> String {
        let deadline = Instant::now() + 4 * PATIENCE;
        loop {
            if let Some(at) = find(&self.buffer, end.as_bytes()) {
                let taken = self.buffer.drain(..at + end.len()).collect();
                return String::from_utf8(taken).expect("text");
            }
            assert!(self.fill(), "the connection ended before {end:?}; there is {:?}", self.text());
            // Other bytes, heartbeats say, may come for ever.
            assert!(Instant::now() < deadline, "{end:?} does not come; there is {:?}", self.text());
        }
    }

    /// Takes a response head.
    pub(crate) fn head(&mut self) -> String {
        let head = self.until("\r\n\r\n");
        self.chunked = head.to_ascii_lowercase().contains("transfer-encoding: chunked");
        head
    }

    /// Takes an answer with a length.
    pub(crate) fn answer(&mut self) -> (String, String) {
        let head = self.head();
        let length = head
            .lines()
            .find_map(|line| line.strip_prefix("Content-Length: "))
            .map_or(0, |length| length.parse().expect("length"));
        while self.buffer.len() < length {
            assert!(self.fill(), "the connection ended inside a body");
        }
        let body = self.buffer.drain(..length).collect();
        (head, String::from_utf8(body).expect("text"))
    }

    pub(crate) fn read_to_end(&mut self) -> String {
        while self.fill() {}
        let text = self.text();
        self.buffer.clear();
        text
    }

    /// Takes the next block of an event stream, without its blank line; `None` when the stream has
    /// ended: properly (then `ended` is true) or by a closed connection.
    pub(crate) fn block(&mut self) -> Option<String> {
        loop {
            if let Some(at) = find(&self.body, b"\n\n") {
                let block: Vec<u8> = self.body.drain(..at + 2).collect();
                return Some(String::from_utf8(block[..at].to_vec()).expect("text"));
            }
            if self.ended || !self.advance() {
                return None;
            }
        }
    }

    /// Takes blocks until one that is an event.
    pub(crate) fn event(&mut self) -> Option<String> {
        let began = Instant::now();
        loop {
            assert!(began.elapsed() < PATIENCE, "heartbeats, and no event");
            let block = self.block()?;
            if block.lines().any(|line| line.starts_with("data")) {
                return Some(block);
            }
        }
    }

    /// The data of the next event, which must be one line.
    pub(crate) fn data(&mut self) -> Option<String> {
        let event = self.event()?;
        Some(field(&event, "data").expect("data").to_owned())
    }

    fn advance(&mut self) -> bool {
        loop {
            if !self.chunked && !self.buffer.is_empty() {
                self.body.append(&mut self.buffer);
                return true;
            }
            if let Some(end) = self.chunked.then(|| find(&self.buffer, b"\r\n")).flatten() {
                let size = std::str::from_utf8(&self.buffer[..end]).expect("size");
                let size = usize::from_str_radix(size, 16).expect("chunk size");
                if self.buffer.len() >= end + 4 + size {
                    self.body.extend_from_slice(&self.buffer[end + 2..end + 2 + size]);
                    assert_eq!(&self.buffer[end + 2 + size..end + 4 + size], b"\r\n");
                    self.buffer.drain(..end + 4 + size);
                    self.ended = size == 0;
                    return true;
                }
            }
            if !self.fill() {
                return false;
            }
        }
    }
}

/// The value of the first field called `name` in a block.
pub(crate) fn field<'a>(block: &'a str, name: &str) -> Option<&'a str> {
    block.lines().find_map(|line| line.strip_prefix(name)?.strip_prefix(": "))
}

pub(crate) fn find(bytes: &[u8], wanted: &[u8]) -> Option<usize> {
    bytes.windows(wanted.len()).position(|window| window == wanted)
}

/// Waits until `condition` holds.
pub(crate) fn eventually(what: &str, condition: impl Fn() -> bool) -> Duration {
    let began = Instant::now();
    while !condition() {
        assert!(began.elapsed() < PATIENCE, "never happened: {what}");
        std::thread::sleep(Duration::from_millis(5));
    }
    began.elapsed()
}

pub(crate) fn status(answer: &str) -> u16 {
    let line = answer.lines().next().unwrap_or_default();
    line.split(' ').nth(1).and_then(|status| status.parse().ok()).unwrap_or(0)
}
