//! A Redis of a test's own, what stands between it and a node, and a channel in it as a store of the laws. Needs
//! `redis-server` and `redis-cli`.

#![expect(clippy::missing_panics_doc, reason = "a panic is a failed test")]

use std::io::{Read, Write};
use std::net::{Shutdown, TcpListener, TcpStream};
use std::path::Path;
use std::process::{Command, Stdio};
use std::sync::atomic::{AtomicU8, Ordering};
use std::sync::{Arc, Mutex};
use std::thread;

use futures_lite::future::block_on;
use sse_channel::{Frame, History, Log};
use sse_redis::{Hub, Notice, Options, PublishError, RedisChannel};
use testkit::wait::{self, Look, eventually};
use testkit::{Child, Scratch, port};

use crate::carriers::Store;

/// A Redis on a free port, with its files in a folder of its own. It ends with this value.
#[derive(Debug)]
pub struct Redis {
    child: Child,
    port: u16,
    folder: Scratch,
    options: Vec<String>,
}

impl Redis {
    /// Starts one with these further options of its command line.
    pub fn start(options: &[&str]) -> Self {
        let options: Vec<String> = options.iter().map(|&it| it.to_owned()).collect();
        let (folder, port) = (Scratch::new("redis").expect("a folder"), port::free().port());
        let mut redis = Self { child: spawn(port, &folder, &options), port, folder, options };
        redis.wait_for_answer();
        redis
    }

    fn wait_for_answer(&mut self) {
        let answers = wait::until("Redis answers", || {
            let text = self.cli(&["PING"]);
            let ended = self.child.inner().try_wait()?;
            assert!(ended.is_none(), "redis-server ended");
            let is_there = text.contains("PONG") || text.contains("NOAUTH");
            Ok(if is_there { Look::Reached(()) } else { Look::NotYet(text) })
        });
        answers.expect("it starts");
    }

    fn command(&self) -> Command {
        let mut command = Command::new("redis-cli");
        command.args(["-p", &self.port.to_string()]).env_remove("REDISCLI_AUTH");
        command
    }

    /// Its port.
    pub fn port(&self) -> u16 {
        self.port
    }

    /// Where nodes find it.
    pub fn url(&self) -> String {
        format!("redis://127.0.0.1:{}/", self.port)
    }

    /// What it answers to a command, as an operator sees it.
    pub fn cli(&self, arguments: &[&str]) -> String {
        let output = self.command().args(arguments).output().expect("redis-cli runs");
        String::from_utf8_lossy(&output.stdout).trim().to_owned()
    }

    /// How often a command was called.
    pub fn calls(&self, command: &str) -> u64 {
        let stats = self.cli(&["INFO", "commandstats"]);
        let line =
            stats.lines().find_map(|it| it.strip_prefix(&format!("cmdstat_{command}:calls=")));
        line.and_then(|it| it.split(',').next()).map_or(0, |it| it.parse().expect("a number"))
    }

    /// Ends it as a crash does.
    pub fn kill(&mut self) {
        self.child.kill();
    }

    /// Starts it again, on the same port, with the files that it has.
    pub fn restart(&mut self) {
        self.child = spawn(self.port, &self.folder, &self.options);
        self.wait_for_answer();
    }

    /// Removes its files: it has lost everything when it starts again.
    pub fn wipe(&self) {
        std::fs::remove_dir_all(&*self.folder).expect("the folder");
        std::fs::create_dir_all(&*self.folder).expect("a folder");
    }
}

fn spawn(port: u16, folder: &Path, options: &[String]) -> Child {
    let mut command = Command::new("redis-server");
    command.args(["--port", &port.to_string(), "--bind", "127.0.0.1", "--save", "", "--dir"]);
    command.arg(folder).args(options).stdout(Stdio::null()).stderr(Stdio::null());
    Child::spawn(&mut command).expect("Debian has it in redis-server")
}

/// What stands between a node and Redis, and can be cut.
#[derive(Debug)]
pub struct Wire {
    port: u16,
    state: Arc<AtomicU8>,
    open: Arc<Mutex<Vec<TcpStream>>>,
}

const WHOLE: u8 = 0;
const CUT: u8 = 1;
const STALLED: u8 = 2;

impl Wire {
    /// One that leads to this port.
    pub fn to(port: u16) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").expect("a free port");
        let own = listener.local_addr().expect("an address").port();
        let (state, open) = (Arc::new(AtomicU8::new(WHOLE)), Arc::<Mutex<Vec<_>>>::default());
        let (known, all) = (state.clone(), open.clone());
        thread::spawn(move || {
            for client in listener.incoming().flatten() {
                if known.load(Ordering::SeqCst) == CUT {
                    continue;
                }
                let Ok(server) = TcpStream::connect(("127.0.0.1", port)) else { continue };
                for (from, to) in [(&client, &server), (&server, &client)] {
                    let both = [from, to].map(|it| it.try_clone().expect("a socket"));
                    let known = known.clone();
                    thread::spawn(move || carry(both, &known));
                }
                all.lock().expect("whole").extend([client, server]);
            }
        });
        Self { port: own, state, open }
    }

    /// Where nodes find it.
    pub fn url(&self) -> String {
        format!("redis://127.0.0.1:{}/", self.port)
    }

    /// Breaks every connection, and takes no other.
    pub fn cut(&self) {
        self.state.store(CUT, Ordering::SeqCst);
        for stream in self.open.lock().expect("whole").drain(..) {
            let _ = stream.shutdown(Shutdown::Both);
        }
    }

    /// Carries nothing any more, and says nothing about it.
    pub fn stall(&self) {
        self.state.store(STALLED, Ordering::SeqCst);
    }

    /// Carries everything again; what stalled is gone.
    pub fn heal(&self) {
        self.cut();
        self.state.store(WHOLE, Ordering::SeqCst);
    }
}

fn carry([mut from, mut to]: [TcpStream; 2], state: &AtomicU8) {
    let mut buffer = [0; 64 * 1024];
    while let Ok(count) = from.read(&mut buffer) {
        if state.load(Ordering::SeqCst) == STALLED {
            continue;
        }
        if count == 0 || to.write_all(&buffer[..count]).is_err() {
            break;
        }
    }
    let _ = to.shutdown(Shutdown::Both);
}

/// A node: a hub whose reader runs on a thread of its own.
#[derive(Debug)]
pub struct Node {
    /// Its channels.
    pub hub: Hub,
    notices: Arc<Mutex<Vec<Notice>>>,
    reader: Option<thread::JoinHandle<()>>,
}

impl Node {
    /// A node of the Redis at `url`.
    pub fn start(url: &str, options: Options) -> Self {
        let notices = Arc::<Mutex<Vec<Notice>>>::default();
        let told = notices.clone();
        let tell = move |notice: &Notice| told.lock().expect("whole").push(notice.clone());
        let (hub, reader) = Hub::new(url, options, tell).expect("a URL");
        let reader = thread::spawn(|| block_on(reader));
        Self { hub, notices, reader: Some(reader) }
    }

    /// What an operator has been told.
    pub fn notices(&self) -> Vec<Notice> {
        self.notices.lock().expect("whole").clone()
    }

    /// Whether an operator has been told something like this.
    pub fn was_told(&self, is_it: impl Fn(&Notice) -> bool) -> bool {
        self.notices().iter().any(is_it)
    }
}

impl Drop for Node {
    fn drop(&mut self) {
        self.hub.close();
        if let Some(reader) = self.reader.take() {
            let _ = reader.join();
        }
    }
}

/// A channel in a Redis of its own, as a store of the [laws](crate::carriers::laws).
#[must_use]
pub fn stream(history: History) -> Box<dyn Store> {
    let redis = Redis::start(&[]);
    let node = Node::start(&redis.url(), Options { history, ..Options::default() });
    // As long as the laws want it; a log that nobody follows is closed after a minute.
    let channel = node.hub.channel(&format!("stream:{}", redis.port()));
    let log = block_on(channel.log()).expect("it opens");
    Box::new(Stream { channel, log, node, _redis: redis })
}

struct Stream {
    channel: RedisChannel,
    log: Log,
    node: Node,
    _redis: Redis,
}

impl Store for Stream {
    fn publish(&self, frame: &Frame<'_>) {
        match block_on(self.channel.publish(frame)) {
            Ok(id) => {
                eventually("it came back", || self.log.last_event_id() == id);
            }
            // A stream holds nothing but events.
            Err(PublishError::Frame(_)) => {}
            Err(error) => panic!("{error}"),
        }
    }

    fn log(&self) -> &Log {
        &self.log
    }

    fn close(&self) {
        self.node.hub.close();
        eventually("the channels have ended", || self.node.hub.stats().channels == 0);
    }

    fn keeps_all(&self) -> bool {
        true
    }
}
