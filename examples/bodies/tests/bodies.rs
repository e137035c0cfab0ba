//! Each program prints the events of a server of ours, and fails when there is no stream.

use std::io::Read;
use std::process::{Child, Command, Stdio};
use std::thread;
use std::time::{Duration, Instant};

use sse_server::{Frame, Request, Response, Server, Sink};

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

/// Whether the program succeeded, and what it printed; it is ended if it takes longer than a minute.
fn run(program: &str, url: &str) -> (bool, String) {
    let mut command = Command::new(program);
    let command = command.arg(url).stdout(Stdio::piped()).stderr(Stdio::null());
    let mut child = command.env("NO_PROXY", "*").spawn().expect("a program");
    let has_succeeded = wait(&mut child);
    let mut printed = String::new();
    let mut stdout = child.stdout.take().expect("a pipe");
    stdout.read_to_string(&mut printed).expect("text");
    (has_succeeded, printed)
}

fn wait(child: &mut Child) -> bool {
    let deadline = Instant::now() + Duration::from_secs(60);
    while Instant::now() < deadline {
        if let Some(status) = child.try_wait().expect("a child") {
            return status.success();
        }
        thread::sleep(Duration::from_millis(10));
    }
    child.kill().expect("it is running");
    child.wait().expect("it has been ended");
    panic!("the program goes on after the stream has ended");
}

#[test]
fn every_program_prints_the_events_until_the_stream_ends() {
    let url = server() + "/events";
    for program in PROGRAMS {
        let (has_succeeded, printed) = run(program, &url);
        assert_eq!(printed, "0 step one\n1 step zw\u{f6}lf\n2 step two\nlines\n", "{program}");
        assert!(has_succeeded, "{program}");
    }
}

#[test]
fn every_program_fails_without_a_stream() {
    let url = server() + "/nothing";
    for program in PROGRAMS {
        assert_eq!(run(program, &url), (false, String::new()), "{program}");
    }
}
