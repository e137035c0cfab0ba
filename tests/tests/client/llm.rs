//! The example `llm` against APIs of both shapes, and against everything that they do wrong.

use flate2::Compression;
use flate2::write::GzEncoder;
use std::io::Write;
use std::process::Output;
use std::time::{SystemTime, UNIX_EPOCH};
use testkit::Child;
use tests::fault::{Gate, Script, Server};
use tests::program::command;

const CHOICES: &str = "/v1/chat/completions";
const MESSAGES: &str = "/v1/messages";
const DONE: &str = "data: [DONE]\n\n";
const FINISH: &str =
    "data: {\"choices\":[{\"index\":0,\"delta\":{},\"finish_reason\":\"stop\"}]}\n\n";

fn token(text: &str) -> String {
    format!(
        "data: {{\"choices\":[{{\"index\":0,\"delta\":{{\"content\":{text:?}}},\"finish_reason\":null}}]}}\n\n"
    )
}

/// An event whose data names its type, as this shape has it.
fn named(event_type: &str, rest: &str) -> String {
    let comma = if rest.is_empty() { "" } else { "," };
    format!("event: {event_type}\ndata: {{\"type\":\"{event_type}\"{comma}{rest}}}\n\n")
}

fn delta(number: usize, delta: &str) -> String {
    named("content_block_delta", &format!("\"index\":{number},\"delta\":{{{delta}}}"))
}

fn whole() -> String {
    [token("Hello"), token(" wörld"), FINISH.to_owned(), DONE.to_owned()].concat()
}

fn ask(server: &Server, path: &str) -> Output {
    let mut program = command("llm");
    program.args([&*server.url(path), "m", "Say \"hi\""]).env("LLM_API_KEY", "k");
    program.output().expect("the example runs")
}

fn told(bytes: &[u8]) -> &str {
    std::str::from_utf8(bytes).expect("UTF-8")
}

/// What is printed for an answer, and the exit code.
#[track_caller]
fn check(path: &str, scripts: impl IntoIterator<Item = Script>, out: &str, error: &str, code: i32) {
    let server = Server::scripts(scripts);
    let ran = ask(&server, path);
    assert_eq!((told(&ran.stdout), ran.status.code()), (out, Some(code)), "{ran:?}");
    assert!(told(&ran.stderr).contains(error), "{ran:?}");
    assert_eq!(ran.stderr.is_empty(), error.is_empty(), "{ran:?}");
}

#[test]
fn tokens_are_printed_as_they_arrive() {
    let gate = Gate::new();
    let answer = Script::stream()
        .chunk("data: {\"choices\":[{\"delta\":{\"role\":\"assistant\"}}]}\n\n")
        .chunk(token("Hello\n"))
        .wait(&gate)
        .chunk(token("wor"))
        .chunk(token("ld"))
        .chunk(DONE)
        .stall();
    let server = Server::scripts([answer]);
    let mut program = command("llm");
    program.args([&*server.url(CHOICES), "m", "Say \"hi\""]).env("LLM_API_KEY", "k");
    let (mut running, mut lines) = Child::with_lines(&mut program).expect("the example starts");
    // The first token is there while the rest is not even sent.
    assert_eq!(lines.next().as_deref(), Some("Hello"));
    gate.open();
    assert_eq!(lines.next().as_deref(), Some("world"));
    assert!(running.wait().expect("it ends").success());
    let request = &server.requests()[0];
    assert_eq!((&*request.method, request.header("authorization")), ("POST", Some("Bearer k")));
    assert_eq!(request.header("content-type"), Some("application/json"));
    assert!(told(&request.body).contains(r#""content":"Say \"hi\"""#), "{request:?}");
}

#[test]
fn named_events_with_pings_tools_and_usage() {
    let stream = [
        named("message_start", "\"message\":{\"usage\":{\"input_tokens\":12,\"output_tokens\":1}}"),
        named("content_block_start", "\"index\":0,\"content_block\":{\"type\":\"text\",\"text\":\"\"}"),
        named("ping", ""),
        delta(0, "\"type\":\"text_delta\",\"text\":\"Let me \""),
        delta(0, "\"type\":\"text_delta\",\"text\":\"see\""),
        named("content_block_stop", "\"index\":0"),
        named("content_block_start", "\"index\":1,\"content_block\":{\"type\":\"tool_use\",\"id\":\"t\",\"name\":\"weather\",\"input\":{}}"),
        delta(1, "\"type\":\"input_json_delta\",\"partial_json\":\"{\\\"city\\\":\""),
        delta(1, "\"type\":\"input_json_delta\",\"partial_json\":\" \\\"Wien\\\"}\""),
        named("content_block_stop", "\"index\":1"),
        named("new_in_some_later_version", "\"x\":[]"),
        named("message_delta", "\"delta\":{\"stop_reason\":\"tool_use\"},\"usage\":{\"output_tokens\":34}"),
        named("message_stop", ""),
    ]
    .concat();
    let server = Server::scripts([Script::stream().chunk(stream).stall()]);
    let ran = ask(&server, MESSAGES);
    assert_eq!(told(&ran.stdout), "Let me see\ncall weather {\"city\": \"Wien\"}\n");
    assert_eq!(told(&ran.stderr), "12 tokens asked, 34 answered\n");
    assert!(ran.status.success());
    let request = &server.requests()[0];
    assert_eq!(request.header("x-api-key"), Some("k"));
    assert!(request.header("anthropic-version").is_some());
}

#[test]
fn fragments_of_tool_calls_are_joined_and_usage_is_told() {
    let call = |fields: &str| {
        format!(
            "data: {{\"choices\":[{{\"index\":0,\"delta\":{{\"tool_calls\":[{{{fields}}}]}}}}]}}\n\n"
        )
    };
    let stream = [
        call("\"index\":0,\"id\":\"a\",\"type\":\"function\",\"function\":{\"name\":\"weather\",\"arguments\":\"\"}"),
        call("\"index\":0,\"function\":{\"arguments\":\"{\\\"city\\\"\"}"),
        call("\"index\":1,\"id\":\"b\",\"type\":\"function\",\"function\":{\"name\":\"time\",\"arguments\":\"{}\"}"),
        call("\"index\":0,\"function\":{\"arguments\":\": \\\"Wien\\\"}\"}"),
        "data: {\"choices\":[{\"index\":0,\"delta\":{},\"finish_reason\":\"tool_calls\"}]}\n\n".to_owned(),
        "data: {\"choices\":[],\"usage\":{\"prompt_tokens\":5,\"completion_tokens\":6}}\n\n".to_owned(),
        DONE.to_owned(),
    ]
    .concat();
    let calls = "call weather {\"city\": \"Wien\"}\ncall time {}\n";
    let script = Script::stream().chunk(stream).last_chunk();
    check(CHOICES, [script], calls, "5 tokens asked, 6 answered", 0);
}

#[test]
fn an_answer_that_has_a_reason_to_finish_is_whole() {
    let finished = [token("Hi"), FINISH.to_owned()].concat();
    for script in [
        Script::stream().chunk(&finished).last_chunk(),
        Script::body(&finished),
        Script::stream().chunk(&finished).reset(),
    ] {
        check(CHOICES, [script], "Hi\n", "", 0);
    }
}

#[test]
fn an_answer_that_ends_before_is_not() {
    for script in [
        Script::stream().chunk(token("Hi")).last_chunk(),
        Script::body(token("Hi")),
        Script::stream().chunk(token("Hi")).chunk("data: {\"choices\":[{\"del"),
        Script::stream().chunk([token("Hi"), token("lost")].concat().trim_end()).last_chunk(),
    ] {
        check(CHOICES, [script], "Hi\n", "the answer is not complete: the", 1);
    }
    let half = delta(0, "\"type\":\"text_delta\",\"text\":\"Hi\"");
    check(MESSAGES, [Script::body(half)], "Hi\n", "not complete", 1);
}

#[test]
fn an_error_in_a_stream_is_shown() {
    let first = delta(0, "\"type\":\"text_delta\",\"text\":\"Hi\"");
    let error =
        named("error", "\"error\":{\"type\":\"overloaded_error\",\"message\":\"Overloaded\"}");
    check(MESSAGES, [Script::body([first, error].concat())], "Hi", "the API says: Overloaded", 1);
    for error in [
        "data: {\"error\":{\"message\":\"context too long\",\"code\":400}}\n\n",
        "event: error\ndata: {\"error\":\"context too long\"}\n\n",
    ] {
        let script = Script::stream().chunk(token("Hi")).chunk(error).stall();
        check(CHOICES, [script], "Hi", "the API says: context too long", 1);
    }
}

#[test]
fn an_error_instead_of_a_stream_is_shown() {
    let body = "{\n  \"error\": {\n    \"message\": \"Incorrect API key\"\n  }\n}";
    let json = "Content-Type: application/json\r\n";
    for script in [
        Script::head(401, json).raw(body),
        Script::head(200, json).raw(body),
        Script::head(200, json).raw(body).stall(),
        // Under the right type, where no event comes of it.
        Script::body(format!("{body}\n")),
    ] {
        check(CHOICES, [script], "", "Incorrect API key", 1);
    }
}

#[test]
fn a_busy_api_is_asked_again_when_it_says() {
    let later = SystemTime::now().duration_since(UNIX_EPOCH).expect("after 1970").as_secs() + 1;
    let date = jiff::Timestamp::from_second(later as i64).expect("a time");
    let date = date.strftime("%a, %d %b %Y %H:%M:%S GMT");
    let empty = "Content-Length: 0\r\n";
    let server = Server::scripts([
        Script::head(429, &format!("Retry-After: {date}\r\n{empty}")),
        Script::head(529, &format!("retry-after-ms: 5\r\n{empty}")),
        Script::head(200, "Content-Type: text/html\r\n").raw("<html>deploying</html>"),
        Script::stream().chunk(whole()).last_chunk(),
    ]);
    let ran = ask(&server, CHOICES);
    assert_eq!((told(&ran.stdout), ran.status.code()), ("Hello wörld\n", Some(0)), "{ran:?}");
    let told = told(&ran.stderr);
    assert!(told.contains("429") && told.contains("529") && told.contains("text/html"), "{told}");
    assert_eq!(server.requests().len(), 4);
}

#[test]
fn however_the_bytes_come_the_answer_is_the_same() {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::default());
    encoder.write_all(whole().as_bytes()).expect("memory");
    let zipped = encoder.finish().expect("memory");
    let gzip = "Content-Type: text/event-stream\r\nContent-Encoding: gzip\r\n";
    let mut bytewise = Script::stream();
    for byte in whole().bytes() {
        bytewise = bytewise.chunk([byte]);
    }
    let early = Script::new().raw("HTTP/1.1 103 Early Hints\r\nLink: </a>\r\n\r\n");
    for script in [
        Script::head(200, gzip).raw(zipped),
        bytewise.last_chunk(),
        Script::new().pieces(1).append(Script::body(whole())),
        early.append(Script::body(whole())),
        Script::body(whole().replace('\n', "\r\n")),
        Script::body(whole().replace("data: ", "data:")),
    ] {
        check(CHOICES, [script], "Hello wörld\n", "", 0);
    }
}

#[test]
fn what_is_not_json_is_told() {
    check(CHOICES, [Script::body("data: <html>\n\n")], "", "an event is not JSON", 1);
    let ran = command("llm").arg("http://h/").output().expect("the example runs");
    assert_eq!(ran.status.code(), Some(2));
    let ran = command("llm").args(["ftp://h/", "m", "p"]).output().expect("the example runs");
    assert_eq!(ran.status.code(), Some(1));
}
