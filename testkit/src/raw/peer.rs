//! A client that sees every byte: of heads, of chunks, of an event stream.

use std::io::{ErrorKind, Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::time::Instant;

use crate::wait::PATIENCE;

/// A client that reads and writes raw bytes.
#[derive(Debug)]
pub struct Peer {
    /// The connection itself.
    pub stream: TcpStream,
    /// Read and not yet taken.
    pub buffer: Vec<u8>,
    /// The body of a chunked answer, decoded and not yet taken.
    body: Vec<u8>,
    chunked: bool,
    /// Whether the last chunk of a chunked answer has come.
    pub ended: bool,
}

impl Peer {
    /// A connection to a server that listens.
    pub fn connect(addr: SocketAddr) -> Self {
        Self::try_connect(addr).expect("connect")
    }

    /// A connection, if somebody listens.
    pub fn try_connect(addr: SocketAddr) -> Option<Self> {
        Some(Self::on(TcpStream::connect(addr).ok()?))
    }

    /// A client on a connection that is there already.
    pub fn on(stream: TcpStream) -> Self {
        stream.set_read_timeout(Some(PATIENCE)).expect("timeout");
        stream.set_write_timeout(Some(PATIENCE)).expect("timeout");
        Self { stream, buffer: Vec::new(), body: Vec::new(), chunked: false, ended: false }
    }

    /// Connects and asks for a stream; returns with the response head read.
    pub fn subscribe(addr: SocketAddr, path: &str, last_event_id: Option<&str>) -> Self {
        let mut peer = Self::connect(addr);
        let id = last_event_id.map(|id| format!("Last-Event-ID: {id}\r\n")).unwrap_or_default();
        peer.send(format!("GET {path} HTTP/1.1\r\nHost: a\r\n{id}\r\n"));
        let head = peer.head();
        assert!(head.starts_with("HTTP/1.1 200"), "{head}");
        peer
    }

    /// Sends, unless the server has gone.
    pub fn try_send(&mut self, bytes: impl AsRef<[u8]>) -> Option<()> {
        self.stream.write_all(bytes.as_ref()).ok()
    }

    /// Takes a response head, unless the server has gone.
    pub fn try_head(&mut self) -> Option<String> {
        while find(&self.buffer, b"\r\n\r\n").is_none() {
            if !self.fill() {
                return None;
            }
        }
        Some(self.head())
    }

    /// Sends.
    pub fn send(&mut self, bytes: impl AsRef<[u8]>) {
        self.stream.write_all(bytes.as_ref()).expect("send");
    }

    /// Reads once; false at the end of the connection.
    pub fn fill(&mut self) -> bool {
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
    pub fn until(&mut self, end: &str) -> String {
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
    pub fn head(&mut self) -> String {
        let head = self.until("\r\n\r\n");
        self.chunked = head.to_ascii_lowercase().contains("transfer-encoding: chunked");
        self.ended = false;
        self.body.clear();
        head
    }

    /// Takes an answer with a length.
    pub fn answer(&mut self) -> (String, String) {
        let head = self.head();
        let length = head
            .lines()
            .find_map(|line| line.strip_prefix("Content-Length: "))
            .map_or(0, |length| length.parse().expect("length"));
        (head, self.take(length))
    }

    /// Takes so many bytes of text.
    pub(super) fn take(&mut self, length: usize) -> String {
        while self.buffer.len() < length {
            assert!(self.fill(), "the connection ended inside a body");
        }
        String::from_utf8(self.buffer.drain(..length).collect()).expect("text")
    }

    /// Takes everything until the server closes.
    pub fn read_to_end(&mut self) -> String {
        while self.fill() {}
        let text = self.text();
        self.buffer.clear();
        text
    }

    /// Takes the next chunk of a chunked answer; `None` for the last.
    pub fn chunk(&mut self) -> Option<String> {
        assert!(self.chunked && self.advance(), "the connection ended before the last chunk");
        let chunk = std::mem::take(&mut self.body);
        (!self.ended).then(|| String::from_utf8(chunk).expect("text"))
    }

    /// Takes the next block of an event stream, without its blank line; `None` when the stream has
    /// ended: properly (then `ended` is true) or by a closed connection.
    pub fn block(&mut self) -> Option<String> {
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
    pub fn event(&mut self) -> Option<String> {
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
    pub fn data(&mut self) -> Option<String> {
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

/// The value of the first field called `name` in a block, or in a head.
#[must_use]
pub fn field<'a>(block: &'a str, name: &str) -> Option<&'a str> {
    block.lines().find_map(|line| line.strip_prefix(name)?.strip_prefix(": "))
}

/// Where `wanted` begins.
#[must_use]
pub fn find(bytes: &[u8], wanted: &[u8]) -> Option<usize> {
    bytes.windows(wanted.len()).position(|window| window == wanted)
}

/// The status of an answer; 0 if it is none.
#[must_use]
pub fn status(answer: &str) -> u16 {
    let line = answer.lines().next().unwrap_or_default();
    line.split(' ').nth(1).and_then(|status| status.parse().ok()).unwrap_or(0)
}
