//! The client's examples, run as a user runs them.

use std::fs;
use std::io::{BufRead, BufReader};
use std::process::{Child, Command, Stdio};
use tests::fault::{Request, Script, Server};
use tests::program::command;

/// Kills the program when the test ends, however it ends.
struct Running(Child);

impl Running {
    fn start(command: &mut Command) -> (Self, impl Iterator<Item = String>) {
        let mut child = command.stdout(Stdio::piped()).spawn().expect("the example starts");
        let out = BufReader::new(child.stdout.take().expect("a pipe"));
        (Self(child), out.lines().map_while(Result::ok))
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

/// Three events after the client's cursor, then one ID without an event.
fn numbered(request: &Request) -> Script {
    let seen: usize = request.header("last-event-id").map_or(0, |id| id.parse().expect("a number"));
    let mut script = Script::stream();
    for id in seen + 1..=seen + 3 {
        script = script.chunk(format!("id: {id}\ndata: {id}\n\n"));
    }
    script.chunk(format!("id: {}\n\n", seen + 4)).stall()
}

#[test]
fn resume_misses_nothing_over_runs() {
    let server = Server::start(numbered);
    let folder = std::env::temp_dir().join(format!("sse-resume-{}", std::process::id()));
    fs::create_dir_all(&folder).expect("a folder");
    let file = folder.join("cursor");
    let url = server.url("/");
    for first in [1, 5, 9] {
        let mut program = command("resume");
        let (running, lines) = Running::start(program.arg(&url).arg(&file));
        let expected: Vec<_> = (first..first + 3).map(|id| id.to_string()).collect();
        assert_eq!(lines.take(3).collect::<Vec<_>>(), expected);
        let cursor = (first + 3).to_string();
        let deadline = std::time::Instant::now() + std::time::Duration::from_secs(10);
        while fs::read_to_string(&file).ok().as_deref() != Some(&cursor) {
            assert!(std::time::Instant::now() < deadline, "the cursor is not kept");
            std::thread::sleep(std::time::Duration::from_millis(5));
        }
        drop(running);
    }
    fs::remove_dir_all(&folder).expect("the folder");
}

#[test]
fn tokio_client_reads_a_stream() {
    let server = Server::scripts([
        Script::stream().chunk("retry: 1\ndata: 1\n\n").last_chunk(),
        Script::stream().chunk("data: 2\n\n").last_chunk(),
        Script::status(204),
    ]);
    let mut program = command("tokio_client");
    let (mut running, lines) = Running::start(program.arg(server.url("/")));
    assert_eq!(lines.collect::<Vec<_>>(), ["1", "2"]);
    assert!(running.0.wait().expect("it ends").success());
}
