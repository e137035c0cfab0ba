//! The server that plays the scenarios. The one file of this crate that touches sockets, threads and the clock.
//!
//! A thread for each connection: it is made for a few clients that are tried, not for many.

use std::io::{self, Read, Write};
use std::net::{Shutdown, SocketAddr, TcpListener, TcpStream, ToSocketAddrs};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::thread::{self, JoinHandle};
use std::time::{Duration, Instant};

use crate::answer;
use crate::play::{Exchange, Play, path};
use crate::request::Request;
use crate::scenario::{Answer, End, Framing, Step};

/// How often a thread that waits looks whether the server has ended.
const TICK: Duration = Duration::from_millis(20);
/// How long a client may take for its request, and for taking what it is sent.
const PATIENCE: Duration = Duration::from_secs(10);
/// How long a stream that is not ended is kept for a client that does not leave.
const LONGEST: Duration = Duration::from_secs(60);
/// How large a request may be.
const MOST_BYTES: usize = 64 * 1024;
/// How many connections there may be at once; more are closed.
const MOST_CONNECTIONS: usize = 256;

/// A running server. It ends when this value is dropped.
///
/// ```
/// let server = sse_scenarios::Server::start("127.0.0.1:0")?;
/// let url = server.url("my-run", "one-event");
/// assert!(server.exchanges("my-run", "one-event").is_empty());
/// # Ok::<(), std::io::Error>(())
/// ```
#[derive(Debug)]
pub struct Server {
    shared: Arc<Shared>,
    listening: Option<JoinHandle<()>>,
}

#[derive(Debug)]
struct Shared {
    address: SocketAddr,
    play: Play,
    ended: AtomicBool,
    /// For how long nobody shall listen; taken away once nobody does.
    absence: Mutex<Option<Duration>>,
}

impl Server {
    /// Begins to listen; port 0 takes any free port.
    ///
    /// # Errors
    ///
    /// The address cannot be listened on.
    pub fn start(address: impl ToSocketAddrs) -> io::Result<Self> {
        let listener = TcpListener::bind(address)?;
        let address = listener.local_addr()?;
        let (play, absence) = (Play::default(), Mutex::default());
        let shared = Arc::new(Shared { address, play, ended: AtomicBool::new(false), absence });
        let sharing = Arc::clone(&shared);
        let listening = Some(thread::spawn(move || listen(listener, &sharing)));
        Ok(Self { shared, listening })
    }

    /// Where it listens.
    #[must_use]
    pub fn address(&self) -> SocketAddr {
        self.shared.address
    }

    /// The URL at which the scenario `name` is played to the run `run`: whoever is tried gets a run
    /// of its own, of ASCII letters, digits and hyphens.
    #[must_use]
    pub fn url(&self, run: &str, name: &str) -> String {
        format!("http://{}{}", self.address(), path(run, name))
    }

    /// The requests of a run up to now.
    #[must_use]
    pub fn exchanges(&self, run: &str, name: &str) -> Vec<Exchange> {
        self.shared.play.exchanges(&path(run, name))
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        self.shared.ended.store(true, Ordering::SeqCst);
        self.shared.wake();
        if let Some(listening) = self.listening.take() {
            let _ = listening.join();
        }
    }
}

/// The moment now: the clock of this crate.
pub(crate) fn now() -> Instant {
    Instant::now()
}

impl Shared {
    fn has_ended(&self) -> bool {
        self.ended.load(Ordering::SeqCst)
    }

    /// Wakes the listening thread.
    fn wake(&self) {
        let _ = TcpStream::connect(self.address);
    }

    fn absence(&self) -> MutexGuard<'_, Option<Duration>> {
        self.absence.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Lets nobody listen for a while, and returns once that has begun.
    fn leave_for(&self, time: Duration) {
        *self.absence() = Some(time);
        self.wake();
        while self.absence().is_some() && !self.has_ended() {
            thread::sleep(TICK);
        }
    }
}

/// Listens until the server ends, or cannot listen again after an absence.
fn listen(listener: TcpListener, shared: &Arc<Shared>) {
    let mut threads = Vec::new();
    let mut listening = Some(listener);
    while let Some(listener) = listening.take() {
        if let Some(time) = accept(&listener, shared, &mut threads) {
            drop(listener);
            *shared.absence() = None;
            listening = listen_again(shared, now() + time);
        }
    }
    for thread in threads {
        let _ = thread.join();
    }
}

/// Listens from a moment on. A client's own port may be the server's for a while then.
fn listen_again(shared: &Shared, at: Instant) -> Option<TcpListener> {
    while !shared.has_ended() && now() < at + PATIENCE {
        thread::sleep(at.saturating_duration_since(now()).min(TICK));
        if now() < at {
            continue;
        }
        match TcpListener::bind(shared.address) {
            Ok(listener) => return Some(listener),
            Err(_) => thread::sleep(TICK),
        }
    }
    None
}

/// Takes connections until an absence is wished; `None` if the server ends.
fn accept(
    listener: &TcpListener,
    shared: &Arc<Shared>,
    threads: &mut Vec<JoinHandle<()>>,
) -> Option<Duration> {
    while let Ok((stream, _)) = listener.accept() {
        if shared.has_ended() {
            return None;
        }
        if let Some(time) = *shared.absence() {
            return Some(time);
        }
        threads.retain(|thread| !thread.is_finished());
        if threads.len() >= MOST_CONNECTIONS {
            continue;
        }
        let shared = Arc::clone(shared);
        threads.push(thread::spawn(move || {
            // A client that leaves in the middle is no fault of the server.
            let _ = serve(stream, &shared);
        }));
    }
    None
}

fn serve(mut stream: TcpStream, shared: &Shared) -> io::Result<()> {
    stream.set_nodelay(true)?;
    stream.set_read_timeout(Some(TICK))?;
    stream.set_write_timeout(Some(PATIENCE))?;
    let Some(request) = read(&mut stream, shared)? else { return Ok(()) };
    let (answer, turn) = shared.play.answer(&request, now());
    let sent = send(&mut stream, &answer, &request, shared);
    shared.play.end(turn, !matches!(sent, Ok(true)), now());
    match answer.end {
        End::Complete | End::Cut | End::Restart(_) | End::Crash(_) => {
            sent.and_then(|_| close(&mut stream, shared))
        }
        End::Reset | End::Hold => sent.map(drop),
    }
}

/// Reads one request; `None` if the client left, or the server ends.
fn read(stream: &mut TcpStream, shared: &Shared) -> io::Result<Option<Request>> {
    let deadline = now() + PATIENCE;
    let mut bytes = Vec::new();
    loop {
        let is_late = now() > deadline || bytes.len() > MOST_BYTES;
        if is_late || shared.has_ended() {
            return Ok(None);
        }
        let mut piece = [0; 4096];
        match stream.read(&mut piece) {
            Ok(0) => return Ok(None),
            Ok(count) => bytes.extend_from_slice(&piece[..count]),
            Err(error) if is_timeout(&error) => continue,
            Err(error) => return Err(error),
        }
        if let Some(request) = Request::parse(&bytes).map_err(io::Error::other)? {
            return Ok(Some(request));
        }
    }
}

/// Plays an answer; `Ok(true)` if it went through to its end.
fn send(
    stream: &mut TcpStream,
    answer: &Answer,
    request: &Request,
    shared: &Shared,
) -> io::Result<bool> {
    stream.write_all(&answer::head(answer, request))?;
    if request.method == "HEAD" {
        return Ok(true);
    }
    for step in &answer.steps {
        match step {
            Step::Send(bytes) if answer.framing == Framing::Chunked => {
                stream.write_all(&answer::chunk(bytes))?;
            }
            Step::Send(bytes) => stream.write_all(bytes)?,
            Step::Pause(time) => {
                if has_left(stream, now() + *time, shared)? {
                    return Ok(false);
                }
            }
        }
    }
    if let End::Restart(time) | End::Crash(time) = answer.end {
        shared.leave_for(time);
    }
    match answer.end {
        End::Complete | End::Restart(_) if answer.framing == Framing::Chunked => {
            stream.write_all(b"0\r\n\r\n")?;
        }
        End::Complete | End::Restart(_) | End::Cut | End::Crash(_) => {}
        End::Reset => socket2::SockRef::from(&*stream).set_linger(Some(Duration::ZERO))?,
        End::Hold => has_left(stream, now() + LONGEST, shared).map(drop)?,
    }
    Ok(true)
}

/// Ends the sending side, and waits a moment for the client's: closing with unread bytes would reset the
/// connection and lose what was sent.
fn close(stream: &mut TcpStream, shared: &Shared) -> io::Result<()> {
    stream.shutdown(Shutdown::Write)?;
    has_left(stream, now() + Duration::from_secs(1), shared).map(drop)
}

/// Waits until the client leaves; `false` if it has not until `deadline`, or the server ends.
fn has_left(stream: &mut TcpStream, deadline: Instant, shared: &Shared) -> io::Result<bool> {
    while now() < deadline && !shared.has_ended() {
        let rest = deadline.saturating_duration_since(now()).max(Duration::from_millis(1));
        stream.set_read_timeout(Some(rest.min(TICK)))?;
        match stream.read(&mut [0; 1024]) {
            Ok(0) => return Ok(true),
            Ok(_) => {}
            Err(error) if is_timeout(&error) => {}
            Err(error) => return Err(error),
        }
    }
    Ok(false)
}

fn is_timeout(error: &io::Error) -> bool {
    matches!(error.kind(), io::ErrorKind::WouldBlock | io::ErrorKind::TimedOut)
}
