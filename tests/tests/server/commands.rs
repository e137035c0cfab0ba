//! The programs of `examples/examples` as commands: how they end, and what they say about themselves.

use std::net::TcpListener;
use std::os::fd::OwnedFd;
use std::os::unix::net::UnixStream;
use std::process::Command;

use testkit::Signal;
use testkit::raw::{Peer, post};
use testkit::wait::PATIENCE;
use tests::program::{command, start};

/// A stream of each program.
const STREAMS: [(&str, &str); 7] = [
    ("clock", "/events"),
    ("chat", "/events"),
    ("tail", "/events"),
    ("progress", "/jobs/1"),
    ("dashboard", "/events"),
    ("topics", "/events?topics=news,sport"),
    ("votes", "/events"),
];

#[test]
fn signals_end_them_with_their_streams_told() {
    for (name, path) in STREAMS {
        for signal in [Signal::INT, Signal::TERM] {
            let mut program = start(name);
            if name == "progress" {
                post(program.address(), "/jobs", "", "");
            }
            let mut peer = Peer::subscribe(program.address(), path, None);
            let mut last = peer.block().expect("its position");
            program.signal(signal).expect("it runs");
            while let Some(block) = peer.block() {
                last = block;
            }
            assert!(peer.ended && last.starts_with("retry: "), "{name}, {signal:?}: {last}");
            drop(peer);
            let status = program.ended(PATIENCE).expect("it ends");
            assert!(status.success(), "{name}, {signal:?}: {status}");
        }
    }
}

/// How a program ends that does not serve: its exit code, and what it says.
fn said(name: &str, arguments: &[&str]) -> (Option<i32>, String) {
    let output = command(name).args(arguments).output().expect("it runs");
    let text = [output.stdout, output.stderr].concat();
    (output.status.code(), String::from_utf8(text).expect("text"))
}

#[test]
fn they_explain_themselves_and_what_is_wrong() {
    let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
    let taken = listener.local_addr().expect("its address").to_string();
    for (name, _) in STREAMS {
        let usage = format!("Usage: cargo run -p examples --example {name} -- [--addr HOST:PORT]");
        for (arguments, code, expected) in [
            (&["--help"][..], 0, usage.as_str()),
            (&["--sideways"], 2, &usage),
            (&["--addr"], 2, &usage),
            (&["--addr", "nonsense"], 1, "must be like 127.0.0.1:8080"),
            (&["--addr", &taken], 1, "another port"),
        ] {
            let (status, text) = said(name, arguments);
            assert_eq!(status, Some(code), "{name} {arguments:?}: {text}");
            assert!(text.contains(expected), "{name} {arguments:?}: {text}");
        }
    }
    let (status, text) = said("tail", &["/no/such/file"]);
    assert!(status == Some(1) && text.starts_with("cannot open /no/such/file: "), "{text}");
    assert_eq!(said("tail", &["a", "b"]).0, Some(2));
}

/// A machine without room for the threads that were asked for: nothing is served on fewer, and it is said.
#[test]
fn threads_that_cannot_be_had_are_an_error() {
    let mut server = Command::new("sh");
    // 2 GB of addresses, and 400 MB for the stack of each thread.
    server.args(["-c", "ulimit -v 2000000; exec \"$0\" \"$@\""]).env("RUST_MIN_STACK", "400000000");
    server.arg(command("bench_server").get_program());
    server.args(["--addr", "127.0.0.1:0", "--threads", "16"]);
    let output = server.output().expect("it runs");
    let text = String::from_utf8(output.stderr).expect("text");
    assert!(
        output.status.code() == Some(1) && text.contains(" of 16 threads can be had"),
        "{text}"
    );
}

#[test]
fn help_that_nobody_reads_is_no_failure() {
    for name in ["demo", "counter", "clock", "tail", "relay"] {
        let (reader, writer) = UnixStream::pair().expect("a pair of sockets");
        drop(reader);
        let mut help = command(name);
        help.arg("--help").stdout(OwnedFd::from(writer));
        let output = help.output().expect("it runs");
        assert!(output.status.success(), "{name}: {}", String::from_utf8_lossy(&output.stderr));
    }
}
