//! What the fault server does with one connection.

use std::sync::{Arc, Condvar, Mutex};
use std::time::Duration;

use super::request::Request;

/// An answer: steps that are taken one after the other. Whatever the last step, the connection is
/// closed after it.
#[derive(Debug, Clone, Default)]
pub struct Script {
    pub(super) steps: Vec<Step>,
}

#[derive(Debug, Clone)]
pub(super) enum Step {
    Send(Vec<u8>),
    /// From here on bytes are sent in pieces of this size, each in a packet of its own.
    Pieces(usize),
    Pause(Duration),
    Wait(Gate),
    /// Until the client leaves or the server ends.
    Stall,
    Reset,
}

impl Script {
    /// Nothing yet: the connection would be closed without an answer.
    pub fn new() -> Self {
        Self::default()
    }

    /// A head that opens an event stream with a chunked body.
    pub fn stream() -> Self {
        Self::head(200, "Content-Type: text/event-stream\r\nTransfer-Encoding: chunked\r\n")
    }

    /// An event stream of three events after the client's last event ID, a number, and of one ID without an event.
    ///
    /// # Panics
    ///
    /// When that ID is none.
    pub fn numbered(request: &Request) -> Self {
        let id = request.header("last-event-id");
        let seen: usize = id.map_or(0, |id| id.parse().expect("a number"));
        let mut script = Self::stream();
        for id in seen + 1..=seen + 3 {
            script = script.chunk(format!("id: {id}\ndata: {id}\n\n"));
        }
        script.chunk(format!("id: {}\n\n", seen + 4)).stall()
    }

    /// A head that opens an event stream with a body until the connection's end, and `body`.
    pub fn body(body: impl AsRef<[u8]>) -> Self {
        Self::head(200, "Content-Type: text/event-stream\r\n").raw(body)
    }

    /// Any head; each of `fields` ends with CRLF.
    pub fn head(status: u16, fields: &str) -> Self {
        Self::new().raw(format!("HTTP/1.1 {status} Scripted\r\n{fields}\r\n"))
    }

    /// A complete answer without a body.
    pub fn status(status: u16) -> Self {
        Self::head(status, "Content-Length: 0\r\n")
    }

    /// A redirect.
    pub fn redirect(status: u16, location: &str) -> Self {
        Self::head(status, &format!("Location: {location}\r\nContent-Length: 0\r\n"))
    }

    /// Sends bytes as they are.
    #[must_use]
    pub fn raw(self, bytes: impl AsRef<[u8]>) -> Self {
        self.then(Step::Send(bytes.as_ref().to_vec()))
    }

    /// Sends bytes as one chunk.
    #[must_use]
    pub fn chunk(self, bytes: impl AsRef<[u8]>) -> Self {
        let bytes = bytes.as_ref();
        let mut framed = format!("{:x}\r\n", bytes.len()).into_bytes();
        framed.extend_from_slice(bytes);
        framed.extend_from_slice(b"\r\n");
        self.raw(framed)
    }

    /// Ends a chunked body.
    #[must_use]
    pub fn last_chunk(self) -> Self {
        self.raw("0\r\n\r\n")
    }

    /// From here on sends in pieces of `size` bytes.
    #[must_use]
    pub fn pieces(self, size: usize) -> Self {
        self.then(Step::Pieces(size))
    }

    /// Sends nothing for a while.
    #[must_use]
    pub fn pause(self, time: Duration) -> Self {
        self.then(Step::Pause(time))
    }

    /// Sends nothing until the test opens the gate.
    #[must_use]
    pub fn wait(self, gate: &Gate) -> Self {
        self.then(Step::Wait(gate.clone()))
    }

    /// Sends nothing more and keeps the connection until the client leaves.
    #[must_use]
    pub fn stall(self) -> Self {
        self.then(Step::Stall)
    }

    /// Breaks the connection by RST instead of FIN.
    #[must_use]
    pub fn reset(self) -> Self {
        self.then(Step::Reset)
    }

    /// Everything that is sent before byte `count`, and nothing after.
    #[must_use]
    pub fn cut_at(mut self, count: usize) -> Self {
        let mut left = count;
        for step in &mut self.steps {
            if let Step::Send(bytes) = step {
                bytes.truncate(left);
                left -= bytes.len();
            }
        }
        self
    }

    /// The steps of this script and then those of another.
    #[must_use]
    pub fn append(mut self, other: Self) -> Self {
        self.steps.extend(other.steps);
        self
    }

    fn then(mut self, step: Step) -> Self {
        self.steps.push(step);
        self
    }
}

/// What a script waits for and a test opens.
#[derive(Debug, Clone, Default)]
pub struct Gate(Arc<(Mutex<bool>, Condvar)>);

impl Gate {
    /// A closed gate.
    pub fn new() -> Self {
        Self::default()
    }

    /// Opens it for good.
    ///
    /// # Panics
    ///
    /// If a thread panicked while it held the gate.
    pub fn open(&self) {
        *self.0.0.lock().expect("no panic at the gate") = true;
        self.0.1.notify_all();
    }

    /// Waits until it is open, for at most `time`; says whether it is.
    pub(super) fn wait(&self, time: Duration) -> bool {
        let open = self.0.0.lock().expect("no panic at the gate");
        let waited = self.0.1.wait_timeout_while(open, time, |open| !*open);
        *waited.expect("no panic at the gate").0
    }
}
