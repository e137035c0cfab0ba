//! A program of the examples, or `sse`, run as a user runs it. Needs cargo and processes; unix for signals.

#![expect(clippy::missing_panics_doc, reason = "a panic is a failed test")]

use std::io::{BufRead, BufReader, Read};
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, ExitStatus, Stdio};
use std::sync::{Arc, Condvar, Mutex, OnceLock};
use std::thread;
use std::time::{Duration, Instant};

/// A running example; it is killed when this is dropped.
#[derive(Debug)]
pub struct Program {
    child: Child,
    address: SocketAddr,
    output: Arc<Output>,
}

/// What a program has printed so far.
#[derive(Debug, Default)]
struct Output {
    lines: Mutex<Vec<String>>,
    grown: Condvar,
}

impl Program {
    /// Starts an example, or `demo`, on a free port, and waits until it says where it listens.
    pub fn start(name: &str) -> Self {
        Self::start_at(name, "127.0.0.1:0")
    }

    /// Starts an example on an address.
    pub fn start_at(name: &str, address: &str) -> Self {
        Self::start_with(name, &["--addr", address])
    }

    /// Starts an example with these arguments, and waits until it says where it listens.
    pub fn start_with(name: &str, arguments: &[&str]) -> Self {
        let mut child = command(name)
            .args(arguments)
            .env("TZ", "Asia/Kolkata")
            .stdout(Stdio::piped())
            .spawn()
            .expect("the example starts");
        let output = Arc::new(Output::default());
        output.clone().follow(child.stdout.take().expect("a pipe"));
        let line = output
            .wait_for("http://", Duration::from_secs(30))
            .expect("the program says where it listens");
        let (_, url) = line.split_once("http://").expect("an address");
        let (authority, _) = url.split_once('/').expect("a path");
        Self { child, address: authority.parse().expect("an IP address and a port"), output }
    }

    /// Where it listens.
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// The URL of a path.
    pub fn url(&self, path: &str) -> String {
        format!("http://{}{path}", self.address)
    }

    /// Whether it has printed, or prints within a time, a line that contains `text`.
    pub fn prints(&self, text: &str, within: Duration) -> bool {
        self.output.wait_for(text, within).is_some()
    }

    /// The lines so far that contain `text`.
    pub fn printed(&self, text: &str) -> Vec<String> {
        let lines = self.output.lines.lock().expect("no panic while locked");
        lines.iter().filter(|line| line.contains(text)).cloned().collect()
    }

    /// The number of its process.
    pub fn id(&self) -> u32 {
        self.child.id()
    }

    /// Sends a signal: `INT`, `TERM`, `KILL`.
    pub fn signal(&self, name: &str) {
        let pid = self.id().to_string();
        let sent = Command::new("kill").args(["-s", name, &pid]).status();
        assert!(sent.expect("kill runs").success());
    }

    /// How it ended; `None` if it has not within a time.
    pub fn ended(&mut self, within: Duration) -> Option<ExitStatus> {
        let deadline = Instant::now() + within;
        loop {
            let status = self.child.try_wait().expect("the child can be asked");
            if status.is_some() || Instant::now() > deadline {
                return status;
            }
            thread::sleep(Duration::from_millis(10));
        }
    }
}

impl Drop for Program {
    fn drop(&mut self) {
        // Both fail only if it has ended already.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// The command that runs an example, or `demo`; built on first use.
pub fn command(name: &str) -> Command {
    let folder = programs();
    Command::new(match name {
        "demo" => folder.join("demo"),
        _ => folder.join("examples").join(name),
    })
}

/// The command that runs the program `sse`; built on first use.
pub fn sse() -> Command {
    Command::new(programs().join("sse"))
}

/// The folder of `sse`, `demo` and the examples.
fn programs() -> &'static Path {
    static BUILT: OnceLock<PathBuf> = OnceLock::new();
    BUILT.get_or_init(build)
}

/// Builds them with the profile of this test. For the whole workspace, so that what they depend on has the features that it has
/// for all tests together, and is not built twice.
fn build() -> PathBuf {
    let test = std::env::current_exe().expect("the path of the test");
    let folder = test.ancestors().nth(2).expect("target/PROFILE/deps/TEST");
    let profile = if cfg!(debug_assertions) { "dev" } else { "release" };
    let built = Command::new(env!("CARGO"))
        .args(["build", "--quiet", "--workspace", "--bin", "sse", "--bin", "demo", "--examples"])
        .args(["--profile", profile, "--target-dir"])
        .arg(folder.parent().expect("the target folder"))
        .status();
    assert!(built.expect("cargo runs").success(), "the programs do not compile");
    folder.to_owned()
}

impl Output {
    /// Collects lines in the background, until the pipe ends.
    fn follow(self: Arc<Self>, pipe: impl Read + Send + 'static) {
        thread::spawn(move || {
            for line in BufReader::new(pipe).lines().map_while(Result::ok) {
                self.lines.lock().expect("no panic while locked").push(line);
                self.grown.notify_all();
            }
        });
    }

    fn wait_for(&self, text: &str, within: Duration) -> Option<String> {
        let lines = self.lines.lock().expect("no panic while locked");
        let found = |lines: &[String]| lines.iter().find(|line| line.contains(text)).cloned();
        let (lines, _) = self
            .grown
            .wait_timeout_while(lines, within, |lines| found(lines).is_none())
            .expect("no panic while locked");
        found(&lines)
    }
}
