//! `sse listen`, run as a user runs it.

use std::fs;
use std::io::{BufRead, BufReader, Read};
use std::process::{Command, Output, Stdio};
use testkit::Child;
use testkit::Scratch;
use tests::fault::{Front, Gate, Request, Script, Server};
use tests::program::sse;

fn listen(arguments: &[&str]) -> Output {
    sse().arg("listen").args(arguments).output().expect("it runs")
}

fn text(bytes: &[u8]) -> &str {
    std::str::from_utf8(bytes).expect("UTF-8")
}

#[test]
fn events_go_to_output_and_what_happens_to_error() {
    let server = Server::scripts([
        Script::stream()
            .chunk("retry: 1\nid: 1\ndata: a\ndata: [b] c\n\nevent: e\ndata: \"\x1b[2J\n\n")
            .last_chunk(),
        Script::stream().chunk("data: d\n\n").last_chunk(),
        Script::status(204),
    ]);
    let ran = listen(&[&server.url("/"), "-H", "X-A: b", "--last-event-id", "0"]);
    assert!(ran.status.success(), "{ran:?}");
    let expected = "[message #1] a\n  [b] c\n[e #1] \"\\u{1b}[2J\n[message #1] d\n";
    assert_eq!(text(&ran.stdout), expected);
    let told = text(&ran.stderr);
    assert_eq!(told.matches("open: ").count(), 2, "{told}");
    assert!(told.contains("next try in") && told.contains("204"), "{told}");
    let requests = server.requests();
    let sent = (requests[0].header("x-a"), requests[0].header("last-event-id"));
    assert_eq!(sent, (Some("b"), Some("0")));
    assert_eq!(requests[1].header("last-event-id"), Some("1"));
}

#[test]
fn selects_and_prints_json_and_posts() {
    let body = "event: a\ndata: 1\n\ndata: 2\n\n:c\n\nevent: b\ndata: \"3\nid: x\n\n";
    let server = Server::scripts([Script::stream().chunk(body).last_chunk()]);
    let url = server.url("/");
    let arguments = ["--json", "--once", "--type", "a", "--type", "b", "-d", "body"];
    let ran = listen(&[&[&*url, "--bearer", "t"], &arguments[..]].concat());
    assert!(ran.status.success(), "{ran:?}");
    let expected = "{\"data\":\"1\",\"id\":\"\",\"type\":\"a\"}\n{\"data\":\"\\\"3\",\"id\":\"x\",\"type\":\"b\"}\n";
    assert_eq!(text(&ran.stdout), expected);
    let request = &server.requests()[0];
    assert_eq!((&*request.method, &*request.body), ("POST", &b"body"[..]));
    assert_eq!(request.header("authorization"), Some("Bearer t"));
}

#[test]
fn ends_when_it_is_refused() {
    let server = Server::scripts([Script::head(404, "").raw("no such stream")]);
    let ran = listen(&[&server.url("/")]);
    assert_eq!(ran.status.code(), Some(1));
    assert!(text(&ran.stderr).contains("no such stream"), "{ran:?}");
    assert_eq!(listen(&["ftp://h"]).status.code(), Some(1));
    for wrong in [&[][..], &["h", "--header", "x"], &["h", "--what"], &["h", "--timeout", "-1"]] {
        assert_eq!(listen(wrong).status.code(), Some(2), "{wrong:?}");
    }
}

#[test]
fn goes_through_the_proxy_of_the_environment() {
    let proxy = Server::scripts([Script::stream().chunk("data: by proxy\n\n").last_chunk()]);
    let mut program = sse();
    program.env("http_proxy", proxy.url("/")).env("no_proxy", "other.test");
    let (_running, mut lines) =
        Child::with_lines(program.args(["listen", "sse.test/a", "--once"])).expect("it starts");
    assert_eq!(lines.next().as_deref(), Some("[message] by proxy"));
    assert_eq!(proxy.requests()[0].target, "http://sse.test/a");
}

#[test]
fn ends_after_so_many_events_or_so_much_time() {
    let stream = |_: &Request| Script::stream().chunk("data: 1\n\ndata: 2\n\ndata: 3\n\n").stall();
    let server = Server::start(stream);
    let ran = listen(&[&server.url("/"), "--max", "2"]);
    assert_eq!((ran.status.code(), text(&ran.stdout)), (Some(0), "[message] 1\n[message] 2\n"));
    let ran = listen(&[&server.url("/"), "--max", "4", "--timeout", "0.3"]);
    assert_eq!(ran.status.code(), Some(124), "{ran:?}");
    assert_eq!(text(&ran.stdout).lines().count(), 3);
    assert!(!text(&ran.stderr).contains("panicked"), "{ran:?}");
}

#[test]
fn each_event_is_printed_as_soon_as_it_comes() {
    let gate = Gate::new();
    let script = Script::stream().chunk("data: 1\n\n").wait(&gate).chunk("data: 2\n\n").stall();
    let server = Server::scripts([script]);
    let (_running, mut lines) =
        Child::with_lines(sse().args(["listen", &server.url("/")])).expect("it starts");
    assert_eq!(lines.next().as_deref(), Some("[message] 1"));
    gate.open();
    assert_eq!(lines.next().as_deref(), Some("[message] 2"));
}

#[test]
fn state_goes_on_over_runs() {
    let server = Server::start(Script::numbered);
    let folder = Scratch::new("listen").expect("a folder");
    let state = folder.join("state");
    let state = state.to_str().expect("UTF-8");
    let url = server.url("/");
    let three = |first: u32| {
        let lines = (first..first + 3).map(|id| format!("[message #{id}] {id}\n"));
        lines.collect::<String>()
    };
    // What the last run has printed is not printed again.
    for first in [1, 4] {
        let ran = listen(&[&url, "--state", state, "--max", "3"]);
        assert_eq!(text(&ran.stdout), three(first), "{ran:?}");
    }
    // The ID that came without an event counts too, and goes before --last-event-id.
    let arguments = [&*url, "--state", state, "--last-event-id", "0", "--timeout", "2"];
    assert_eq!(text(&listen(&arguments).stdout), three(7));
    assert_eq!(fs::read_to_string(state).expect("the file"), "10\n");
    let ran = listen(&[&url, "--state", "missing/state", "--max", "1"]);
    assert_eq!(ran.status.code(), Some(1));
    assert!(text(&ran.stderr).contains("missing/state"), "{ran:?}");
}

#[test]
fn raw_shows_every_byte() {
    let script = Script::stream().chunk("\u{feff}id: 1\r\nda").chunk("ta: a\r\r").last_chunk();
    let server = Server::scripts([script, Script::head(404, "").raw("no\n"), Script::stream()]);
    let ran = listen(&[&server.url("/a?b"), "--raw", "--last-event-id", "0", "-H", "X-A: b"]);
    assert_eq!(text(&ran.stdout), "\\u{feff}id: 1\\r\\n\ndata: a\\r\n\\r\n");
    assert!(
        text(&ran.stderr).starts_with("HTTP/1.1 200\nContent-Type: text/event-stream"),
        "{ran:?}"
    );
    assert_eq!(ran.status.code(), Some(0));
    let ran = listen(&[&server.url("/"), "--raw"]);
    assert_eq!((ran.status.code(), text(&ran.stdout)), (Some(1), "no\\n\n"));
    let ran = listen(&[&server.url("/"), "--raw"]);
    assert_eq!(ran.status.code(), Some(1), "cut");
    let requests = server.requests();
    let sent =
        (&*requests[0].target, requests[0].header("x-a"), requests[0].header("last-event-id"));
    assert_eq!(sent, ("/a?b", Some("b"), Some("0")));
    let stalled = Server::start(|_| Script::stream().chunk("data: 1\n\n").stall());
    let ran = listen(&[&stalled.url("/"), "--raw", "--timeout", "0.5"]);
    assert_eq!((ran.status.code(), text(&ran.stdout)), (Some(124), "data: 1\\n\n\\n\n"));
}

#[test]
fn https_needs_a_certificate_that_is_trusted() {
    let server = Server::start(|_| Script::stream().chunk("data: 1\n\n").stall());
    let front = Front::tls(server.address(), &["localhost"]);
    let folder = Scratch::new("ca").expect("a folder");
    let file = folder.join("ca.pem");
    fs::write(&file, front.certificate()).expect("it is written");
    let file = file.to_str().expect("UTF-8");
    let url = format!("https://localhost:{}/", front.address().port());
    for how in [&["--max", "1", "--timeout", "20"][..], &["--raw", "--timeout", "3"]] {
        let ran = listen(&[&[&*url, "--ca", file], how].concat());
        assert!(text(&ran.stdout).contains("1"), "{ran:?}");
    }
    let ran = listen(&[&url, "--raw"]);
    assert_eq!(ran.status.code(), Some(1));
    assert!(text(&ran.stderr).contains("TLS"), "{ran:?}");
    assert_eq!(listen(&[&url, "--ca", "/nowhere"]).status.code(), Some(1));
}

#[test]
fn a_pipe_that_is_closed_is_no_failure() {
    let stream = |_: &Request| {
        let script = Script::stream();
        (0..2000).fold(script, |script, _| script.chunk(format!("data: {:500}\n\n", 1)))
    };
    let server = Server::start(stream);
    let mut program = sse();
    program.args(["listen", &server.url("/")]).stdout(Stdio::piped()).stderr(Stdio::piped());
    let mut child = program.spawn().expect("it starts");
    let mut out = BufReader::new(child.stdout.take().expect("a pipe"));
    out.read_line(&mut String::new()).expect("a line");
    drop(out);
    let mut told = String::new();
    child.stderr.take().expect("a pipe").read_to_string(&mut told).expect("UTF-8");
    assert_eq!(child.wait().expect("it ends").code(), Some(0), "{told}");
    assert!(!told.contains("panicked"), "{told}");
}

#[test]
fn help_and_completions_are_complete() {
    let help = sse().args(["listen", "--help"]).output().expect("it runs");
    assert!(text(&help.stdout).contains("Examples:"), "{help:?}");
    assert_eq!(sse().output().expect("it runs").status.code(), Some(2));
    for shell in ["bash", "zsh", "fish"] {
        let script = sse().args(["completions", shell]).output().expect("it runs");
        assert!(script.status.success() && text(&script.stdout).contains("last-event-id"));
    }
    let script = sse().args(["completions", "bash"]).output().expect("it runs").stdout;
    let mut bash = Command::new("bash");
    bash.args(["-n", "/dev/stdin"]).stdin(Stdio::piped());
    let mut bash = bash.spawn().expect("bash is there");
    std::io::Write::write_all(&mut bash.stdin.take().expect("a pipe"), &script).expect("read");
    assert!(bash.wait().expect("it ends").success());
}
