//! The client's examples, run as a user runs them.

use std::fs;
use std::io::{BufRead, BufReader};
use std::process::{Child, Command, Output, Stdio};
use tests::fault::{Gate, Request, Script, Server};
use tests::program::command;

fn run(name: &str, arguments: &[&str]) -> Output {
    command(name).args(arguments).output().expect("the example runs")
}

fn text(bytes: &[u8]) -> &str {
    std::str::from_utf8(bytes).expect("UTF-8")
}

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

#[test]
fn llm_prints_tokens_as_they_arrive() {
    let gate = Gate::new();
    let token = |text: &str| {
        format!(
            "data: {{\"object\":\"chat.completion.chunk\",\"choices\":[{{\"index\":0,\"delta\":{{\"content\":{text:?}}}}}]}}\n\n"
        )
    };
    let answer = Script::stream()
        .chunk("data: {\"choices\":[{\"delta\":{\"role\":\"assistant\"}}]}\n\n")
        .chunk(token("Hello\n"))
        .wait(&gate)
        .chunk(token("wor"))
        .chunk(token("ld"))
        .chunk("data: {\"choices\":[],\"usage\":{\"total_tokens\":3}}\n\ndata: [DONE]\n\n")
        .last_chunk();
    let server =
        Server::scripts([Script::head(429, "Retry-After: 0\r\nContent-Length: 0\r\n"), answer]);
    let url = server.url("/v1/chat/completions");
    let mut program = command("llm");
    let (mut running, mut lines) =
        Running::start(program.env("LLM_API_KEY", "k").args([&*url, "m", "Say \"hi\""]));
    // The first token is there while the rest is not even sent.
    assert_eq!(lines.next().as_deref(), Some("Hello"));
    gate.open();
    assert_eq!(lines.next().as_deref(), Some("world"));
    assert!(running.0.wait().expect("it ends").success());
    let request = &server.requests()[1];
    assert_eq!((&*request.method, request.header("authorization")), ("POST", Some("Bearer k")));
    assert_eq!(request.header("content-type"), Some("application/json"));
    assert!(text(&request.body).contains(r#""content":"Say \"hi\"""#), "{request:?}");
}

#[test]
fn llm_tells_why_it_was_refused() {
    let body = r#"{"error":{"message":"Incorrect API key"}}"#;
    let server = Server::scripts([Script::head(401, "").raw(body)]);
    let ran = run("llm", &[&server.url("/"), "m", "p"]);
    assert_eq!(ran.status.code(), Some(1));
    assert!(text(&ran.stderr).contains("Incorrect API key"), "{ran:?}");
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
