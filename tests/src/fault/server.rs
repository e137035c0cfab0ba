//! The threads of the fault server.

use super::request::Request;
use super::script::{Script, Step};
use std::io::{self, Read, Write};
use std::net::{Shutdown, SocketAddr, TcpListener, TcpStream};
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::thread::{self, JoinHandle};
use std::time::{Duration, Instant};

/// How often a waiting thread looks whether the server has ended.
const TICK: Duration = Duration::from_millis(5);

type Answer = dyn Fn(&Request) -> Script + Send + Sync;

/// A running fault server. Dropping it breaks its connections and ends its threads.
pub struct Server {
    address: SocketAddr,
    shared: Arc<Shared>,
    acceptor: Option<JoinHandle<()>>,
}

struct Shared {
    answer: Box<Answer>,
    requests: Mutex<Vec<Request>>,
    /// Connections whose script is still running.
    active: AtomicUsize,
    ended: AtomicBool,
}

impl Server {
    /// Starts a server on a free port of loopback; `answer` is asked for each request.
    ///
    /// # Panics
    ///
    /// If no port of loopback can be listened on.
    pub fn start(answer: impl Fn(&Request) -> Script + Send + Sync + 'static) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").expect("a free port");
        Self::on(listener, answer)
    }

    /// Starts a server on a listener that the test has made.
    ///
    /// # Panics
    ///
    /// If the listener has no address.
    pub fn on(
        listener: TcpListener,
        answer: impl Fn(&Request) -> Script + Send + Sync + 'static,
    ) -> Self {
        let address = listener.local_addr().expect("an address");
        let shared = Arc::new(Shared {
            answer: Box::new(answer),
            requests: Mutex::default(),
            active: AtomicUsize::new(0),
            ended: AtomicBool::new(false),
        });
        let acceptor = Some(thread::spawn({
            let shared = Arc::clone(&shared);
            move || accept(&listener, &shared)
        }));
        Self { address, shared, acceptor }
    }

    /// A server that answers the n-th request by the n-th script and the last one ever after.
    ///
    /// # Panics
    ///
    /// If there is no script.
    pub fn scripts(scripts: impl IntoIterator<Item = Script>) -> Self {
        let scripts: Vec<_> = scripts.into_iter().collect();
        assert!(!scripts.is_empty(), "a server needs a script");
        Self::start(move |request| scripts[request.index.min(scripts.len() - 1)].clone())
    }

    /// Where it listens.
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// An `http` URL of this server; `path` begins with a slash.
    pub fn url(&self, path: &str) -> String {
        format!("http://{}{path}", self.address)
    }

    /// The requests so far.
    ///
    /// # Panics
    ///
    /// If a thread of the server panicked.
    pub fn requests(&self) -> Vec<Request> {
        self.shared.requests.lock().expect("no panic in the server").clone()
    }

    /// Waits until no script is running any more, which is when every client has left.
    ///
    /// # Panics
    ///
    /// If that takes longer than `limit`.
    pub fn wait_until_idle(&self, limit: Duration) {
        let deadline = Instant::now() + limit;
        while self.shared.active.load(Ordering::SeqCst) > 0 {
            assert!(Instant::now() < deadline, "a client has not left");
            thread::sleep(TICK);
        }
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        self.shared.ended.store(true, Ordering::SeqCst);
        // Wakes the acceptor.
        let _ = TcpStream::connect(self.address);
        if let Some(acceptor) = self.acceptor.take() {
            let _ = acceptor.join();
        }
    }
}

fn accept(listener: &TcpListener, shared: &Arc<Shared>) {
    let mut connections = Vec::new();
    while let Ok((stream, _)) = listener.accept() {
        if shared.ended.load(Ordering::SeqCst) {
            break;
        }
        shared.active.fetch_add(1, Ordering::SeqCst);
        let shared = Arc::clone(shared);
        connections.retain(|it: &JoinHandle<()>| !it.is_finished());
        connections.push(thread::spawn(move || {
            // A client that leaves in the middle is no concern of the server.
            let _ = serve(stream, &shared);
            shared.active.fetch_sub(1, Ordering::SeqCst);
        }));
    }
    for connection in connections {
        let _ = connection.join();
    }
}

fn serve(mut stream: TcpStream, shared: &Shared) -> io::Result<()> {
    stream.set_nodelay(true)?;
    // A client that connects and says nothing must not outlive the server.
    stream.set_read_timeout(Some(Duration::from_secs(10)))?;
    let Some(request) = Request::read(&mut stream, 0)? else {
        return Ok(());
    };
    let request = {
        let mut requests = shared.requests.lock().expect("no panic in the server");
        let request = Request { index: requests.len(), ..request };
        requests.push(request.clone());
        request
    };
    run(&mut stream, (shared.answer)(&request), shared)?;
    stream.shutdown(Shutdown::Write)?;
    // Closing with unread bytes would reset the connection and lose what was sent.
    stream.set_read_timeout(Some(Duration::from_millis(200)))?;
    while stream.read(&mut [0; 1024])? > 0 {}
    Ok(())
}

fn run(stream: &mut TcpStream, script: Script, shared: &Shared) -> io::Result<()> {
    let mut size = usize::MAX;
    for step in script.steps {
        match step {
            Step::Pieces(pieces) => size = pieces.max(1),
            Step::Send(bytes) => {
                for piece in bytes.chunks(size) {
                    stream.write_all(piece)?;
                }
            }
            Step::Pause(time) => {
                let end = Instant::now() + time;
                while Instant::now() < end && !shared.ended.load(Ordering::SeqCst) {
                    thread::sleep(TICK.min(end.saturating_duration_since(Instant::now())));
                }
            }
            Step::Wait(gate) => while !gate.wait(TICK) && !shared.ended.load(Ordering::SeqCst) {},
            Step::Stall => stall(stream, shared)?,
            Step::Reset => {
                socket2::SockRef::from(&*stream).set_linger(Some(Duration::ZERO))?;
                return Err(io::ErrorKind::ConnectionReset.into());
            }
        }
    }
    Ok(())
}

/// Until the client closes its side or the server ends.
fn stall(stream: &mut TcpStream, shared: &Shared) -> io::Result<()> {
    stream.set_read_timeout(Some(TICK))?;
    while !shared.ended.load(Ordering::SeqCst) {
        match stream.read(&mut [0; 1024]) {
            Ok(0) => break,
            Ok(_) => {}
            Err(error)
                if matches!(error.kind(), io::ErrorKind::WouldBlock | io::ErrorKind::TimedOut) => {}
            Err(error) => return Err(error),
        }
    }
    Ok(())
}
