//! Each program prints the events of a server of ours, and fails when there is no stream.

use std::process::{Command, Stdio};
use std::thread;

use sse_server::{Frame, Request, Response, Server, Sink};
use testkit::Child;
use testkit::wait::PATIENCE;

const PROGRAMS: [&str; 3] = [
    env!("CARGO_BIN_EXE_with_hyper"),
    env!("CARGO_BIN_EXE_with_reqwest"),
    env!("CARGO_BIN_EXE_with_ureq"),
];

/// A server on a free port, which ends with this process; its address.
fn server() -> String {
    let server = Server::new(|request: &Request| match request.path() {
        "/events" => Response::stream(async |mut sink: Sink| {
            sink.send(&Frame::comment("welcome")).await?;
            for (id, data) in ["one", "zw\u{f6}lf", "two\nlines"].iter().enumerate() {
                let frame = Frame::message(data).with_event_type("step").expect("a type");
                sink.send(&frame.with_id(&id.to_string()).expect("an ID")).await?;
            }
            Ok(())
        }),
        _ => Response::not_found(),
    });
    let server = server.bind("127.0.0.1:0").expect("a free port");
    let address = server.local_addr().expect("an address");
    thread::spawn(move || server.run());
    format!("http://{address}")
}

/// Whether the program succeeded, and the lines that it printed.
fn run(program: &str, url: &str) -> (bool, Vec<String>) {
    let mut command = Command::new(program);
    command.arg(url).stderr(Stdio::null()).env("NO_PROXY", "*");
    let (mut child, lines) = Child::with_lines(&mut command).expect("it starts");
    let printed = lines.collect();
    let status = child.ended(PATIENCE).expect("the program ends when the stream has ended");
    (status.success(), printed)
}

#[test]
fn every_program_prints_the_events_until_the_stream_ends() {
    let url = server() + "/events";
    for program in PROGRAMS {
        let (has_succeeded, printed) = run(program, &url);
        assert_eq!(
            printed,
            ["0 step one", "1 step zw\u{f6}lf", "2 step two", "lines"],
            "{program}"
        );
        assert!(has_succeeded, "{program}");
    }
}

#[test]
fn every_program_fails_without_a_stream() {
    let url = server() + "/nothing";
    for program in PROGRAMS {
        assert_eq!(run(program, &url), (false, Vec::new()), "{program}");
    }
}
