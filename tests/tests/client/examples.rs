//! The client's examples, run as a user runs them.

use std::fs;
use testkit::wait::{PATIENCE, eventually};
use testkit::{Child, Scratch};
use tests::fault::{Script, Server};
use tests::program::command;

#[test]
fn resume_misses_nothing_over_runs() {
    let server = Server::start(Script::numbered);
    let folder = Scratch::new("resume").expect("a folder");
    let file = folder.join("cursor");
    let url = server.url("/");
    for first in [1, 5, 9] {
        let mut program = command("resume");
        let (running, lines) = Child::with_lines(program.arg(&url).arg(&file)).expect("it starts");
        let expected: Vec<_> = (first..first + 3).map(|id| id.to_string()).collect();
        assert_eq!(lines.take(3).collect::<Vec<_>>(), expected);
        let cursor = (first + 3).to_string();
        let kept = || fs::read_to_string(&file).is_ok_and(|kept| kept == cursor);
        eventually("the cursor is kept", kept);
        drop(running);
    }
}

#[test]
fn tokio_client_reads_a_stream() {
    let server = Server::scripts([
        Script::stream().chunk("retry: 1\ndata: 1\n\n").last_chunk(),
        Script::stream().chunk("data: 2\n\n").last_chunk(),
        Script::status(204),
    ]);
    let mut program = command("tokio_client");
    let (mut running, lines) = Child::with_lines(program.arg(server.url("/"))).expect("it starts");
    assert_eq!(lines.collect::<Vec<_>>(), ["1", "2"]);
    assert!(running.ended(PATIENCE).expect("it ends").success());
}
