//! A relay between a browser and a server: it records what passes, and can be cut.
//!
//! So a test sees which connections a page opens and closes, on every engine alike, and a server
//! can go away and come back at another address while the page's URL stays the same.

use std::io::{ErrorKind, Read, Write};
use std::net::{Shutdown, SocketAddr, TcpListener, TcpStream};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::thread::{self, JoinHandle};
use std::time::{Duration, Instant};

/// A request and what has come back for it up to now.
#[derive(Clone)]
pub(super) struct Exchange {
    pub(super) head: String,
    pub(super) response: Vec<u8>,
    pub(super) began: Instant,
    /// When the connection was closed, and by whom.
    pub(super) closed: Option<(Instant, Side)>,
}

#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) enum Side {
    Browser,
    Server,
}

impl Exchange {
    /// The value of a header of the request.
    pub(super) fn header(&self, name: &str) -> Option<&str> {
        self.head.lines().skip(1).find_map(|line| {
            let (found, value) = line.split_once(':')?;
            found.eq_ignore_ascii_case(name).then_some(value.trim())
        })
    }

    /// Whether an event source made the request.
    pub(super) fn is_stream(&self) -> bool {
        self.header("Accept").is_some_and(|accept| accept.contains("text/event-stream"))
    }

    /// The ID of the last event that has gone through whole.
    pub(super) fn last_event_id(&self) -> Option<String> {
        let text = String::from_utf8_lossy(&self.response);
        let (blocks, _) = text.rsplit_once("\n\n")?;
        let (_, id) = blocks.rsplit_once("id: ")?;
        id.lines().next().map(str::to_owned)
    }
}

/// Listens on a port of its own until it is dropped.
pub(super) struct Relay {
    address: SocketAddr,
    records: Arc<Mutex<Records>>,
    listening: Option<JoinHandle<()>>,
}

#[derive(Default)]
struct Records {
    is_up: bool,
    exchanges: Vec<Exchange>,
    sockets: Vec<TcpStream>,
}

impl Relay {
    /// Begins to pass connections on to `server`.
    pub(super) fn to(server: SocketAddr) -> std::io::Result<Relay> {
        let mut relay = Relay {
            address: SocketAddr::from(([127, 0, 0, 1], 0)),
            records: Arc::default(),
            listening: None,
        };
        relay.raise(server)?;
        Ok(relay)
    }

    pub(super) fn address(&self) -> SocketAddr {
        self.address
    }

    /// All requests of event sources up to now, the oldest first.
    pub(super) fn streams(&self) -> Vec<Exchange> {
        let records = lock(&self.records);
        records.exchanges.iter().filter(|exchange| exchange.is_stream()).cloned().collect()
    }

    /// Cuts all connections and refuses new ones, as when the server's machine goes away.
    pub(super) fn cut(&mut self) {
        lock(&self.records).is_up = false;
        if let Some(listening) = self.listening.take() {
            let _ = listening.join();
        }
        for socket in lock(&self.records).sockets.drain(..) {
            let _ = socket.shutdown(Shutdown::Both);
        }
    }

    /// Listens again on the same port, for a server that may be at another one.
    pub(super) fn raise(&mut self, server: SocketAddr) -> std::io::Result<()> {
        let listener = TcpListener::bind(self.address)?;
        listener.set_nonblocking(true)?;
        self.address = listener.local_addr()?;
        lock(&self.records).is_up = true;
        let records = Arc::clone(&self.records);
        self.listening = Some(thread::spawn(move || listen(&listener, server, &records)));
        Ok(())
    }
}

impl Drop for Relay {
    fn drop(&mut self) {
        self.cut();
    }
}

fn lock(records: &Mutex<Records>) -> MutexGuard<'_, Records> {
    records.lock().unwrap_or_else(PoisonError::into_inner)
}

fn listen(listener: &TcpListener, server: SocketAddr, records: &Arc<Mutex<Records>>) {
    while lock(records).is_up {
        match listener.accept() {
            Ok((browser, _)) => {
                // A connection that cannot be passed on is closed, as a dead server's would be.
                let _ = connect(browser, server, records);
            }
            Err(error) if error.kind() == ErrorKind::WouldBlock => {
                thread::sleep(Duration::from_millis(10));
            }
            Err(_) => return,
        }
    }
}

fn connect(
    browser: TcpStream,
    server: SocketAddr,
    records: &Arc<Mutex<Records>>,
) -> std::io::Result<()> {
    browser.set_nonblocking(false)?;
    let server = TcpStream::connect(server)?;
    lock(records).sockets.extend([browser.try_clone()?, server.try_clone()?]);
    // The number of the exchange that the connection is at, shared by its two directions.
    let current = Arc::new(Mutex::new(None));
    let (there, back) = ((browser.try_clone()?, server.try_clone()?), (server, browser));
    for (side, (from, to)) in [(Side::Browser, there), (Side::Server, back)] {
        let (records, current) = (Arc::clone(records), Arc::clone(&current));
        thread::spawn(move || pass(side, from, to, &records, &current));
    }
    Ok(())
}

/// Passes on what `side` sends until it sends no more.
fn pass(
    side: Side,
    mut from: TcpStream,
    mut to: TcpStream,
    records: &Mutex<Records>,
    current: &Mutex<Option<usize>>,
) {
    let mut head = Vec::new();
    let mut buffer = [0; 16 * 1024];
    while let Ok(count @ 1..) = from.read(&mut buffer) {
        let bytes = &buffer[..count];
        let mut records = lock(records);
        let mut current = current.lock().unwrap_or_else(PoisonError::into_inner);
        match side {
            Side::Browser => {
                head.extend_from_slice(bytes);
                // The pages send no bodies, so that a head ends where the next one begins.
                if head.ends_with(b"\r\n\r\n") {
                    let head = std::mem::take(&mut head);
                    let head = String::from_utf8_lossy(&head).into_owned();
                    let (began, response) = (Instant::now(), Vec::new());
                    *current = Some(records.exchanges.len());
                    records.exchanges.push(Exchange { head, response, began, closed: None });
                }
            }
            Side::Server => {
                if let Some(exchange) = current.and_then(|at| records.exchanges.get_mut(at)) {
                    exchange.response.extend_from_slice(bytes);
                }
            }
        }
        drop((records, current));
        if to.write_all(bytes).is_err() {
            break;
        }
    }
    let current = *current.lock().unwrap_or_else(PoisonError::into_inner);
    let mut records = lock(records);
    if let Some(exchange) = current.and_then(|at| records.exchanges.get_mut(at)) {
        exchange.closed.get_or_insert((Instant::now(), side));
    }
    drop(records);
    let _ = to.shutdown(Shutdown::Both);
}
