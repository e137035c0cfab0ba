//! The example `mcp` against servers of the Model Context Protocol: mocks that do what its text of 2025
//! says a server may do, and a real one.

use serde_json::{Value, json};
use std::process::Output;
use std::sync::Mutex;
use testkit::{Served, port};
use tests::fault::{Request, Script, Server};
use tests::program::command;

/// How a mock answers a request that has a result.
type Answer = fn(&Value, &Request) -> Script;

/// A server with a session, one tool, and a way to answer.
fn mock(answer: Answer) -> Server {
    Server::start(move |request| match &*request.method {
        "POST" => {
            let message: Value = serde_json::from_slice(&request.body).expect("JSON");
            assert_eq!(message["jsonrpc"], "2.0");
            let greeting = message["method"] == "initialize";
            let session = request.header("mcp-session-id");
            assert_eq!(session, (!greeting).then_some("s1"), "{message}");
            assert_eq!(request.header("accept"), Some("application/json, text/event-stream"));
            match message["method"].as_str() {
                Some("notifications/initialized") => {
                    assert_eq!(request.header("mcp-protocol-version"), Some("2025-03-26"));
                    Script::status(202)
                }
                Some("initialize") => {
                    let fields = "Content-Type: application/json\r\nMcp-Session-Id: s1\r\n";
                    Script::head(200, fields).raw(response(&message).to_string())
                }
                _ => answer(&message, request),
            }
        }
        "DELETE" => Script::status(405),
        _ => answer(&Value::Null, request),
    })
}

/// The response to a request: it echoes the argument of the tool, and has two pages of tools.
fn response(request: &Value) -> Value {
    let text = |text: &Value| json!({ "content": [{ "type": "text", "text": text }] });
    let params = &request["params"];
    let result = match (request["method"].as_str(), params["name"].as_str()) {
        (Some("initialize"), _) => json!({ "protocolVersion": "2025-03-26", "capabilities": {} }),
        (Some("tools/list"), _) if params.get("cursor").is_none() => {
            json!({ "tools": [{ "name": "echo", "description": "says it again" }], "nextCursor": "2" })
        }
        (Some("tools/list"), _) => json!({ "tools": [{ "name": "fail" }], "nextCursor": null }),
        (_, Some("echo")) => text(&params["arguments"]["message"]),
        (_, Some("fail")) => {
            json!({ "content": [{ "type": "text", "text": "no" }], "isError": true })
        }
        _ => {
            let error = json!({ "code": -32602, "message": "Unknown tool" });
            return json!({ "jsonrpc": "2.0", "id": request["id"], "error": error });
        }
    };
    json!({ "jsonrpc": "2.0", "id": request["id"], "result": result })
}

fn mcp(url: &str, arguments: &[&str]) -> Output {
    command("mcp").arg(url).args(arguments).output().expect("the example runs")
}

#[track_caller]
fn check(answer: Answer, arguments: &[&str], out: &str, error: &str, code: i32) -> Vec<Request> {
    let server = mock(answer);
    let ran = mcp(&server.url("/mcp"), arguments);
    let printed = String::from_utf8_lossy(&ran.stdout);
    assert_eq!((&*printed, ran.status.code()), (out, Some(code)), "{ran:?}");
    assert!(String::from_utf8_lossy(&ran.stderr).contains(error), "{ran:?}");
    server.requests()
}

const ECHO: [&str; 2] = ["echo", r#"{"message": "hellö"}"#];

fn as_json(message: &Value, _: &Request) -> Script {
    let body = response(message).to_string();
    let fields = format!("Content-Type: application/json\r\nContent-Length: {}\r\n", body.len());
    Script::head(200, &fields).raw(body).stall()
}

/// "The SSE stream [...] The server MAY send JSON-RPC requests and notifications before sending the
/// JSON-RPC response", and need not close the stream at once.
fn as_stream(message: &Value, _: &Request) -> Script {
    let progress = json!({ "jsonrpc": "2.0", "method": "notifications/progress", "params": {} });
    let ping = json!({ "jsonrpc": "2.0", "id": message["id"], "method": "ping" });
    let script = Script::new().pieces(7).append(Script::stream());
    let script = script.chunk(format!("event: message\ndata: {progress}\n\n: beat\n\n"));
    script.chunk(format!("data: {ping}\n\ndata: {}\n\n", response(message))).stall()
}

#[test]
fn an_answer_is_json_or_a_stream() {
    for answer in [as_json as Answer, as_stream] {
        let requests = check(answer, &ECHO, "hellö\n", "", 0);
        let methods: Vec<_> = requests.iter().map(|request| &*request.method).collect();
        assert_eq!(methods, ["POST", "POST", "POST", "DELETE"]);
        check(answer, &[], "echo: says it again\nfail: \n", "", 0);
        check(answer, &["fail"], "", "the tool failed: no", 1);
        check(answer, &["other"], "", "Unknown tool", 1);
    }
}

/// The newest request that was not answered yet.
static PENDING: Mutex<Vec<(String, Value)>> = Mutex::new(Vec::new());

/// The server primes the client with an ID and empty data, closes, and goes on where the client comes back
/// to: first with a notification only, then with the response.
fn closing(message: &Value, request: &Request) -> Script {
    let mut pending = PENDING.lock().expect("no panic");
    let session = request.header("mcp-session-id");
    assert_eq!(session, Some("s1"));
    if request.method == "POST" {
        let id = format!("prime-{}", message["id"]);
        pending.push((id.clone(), message.clone()));
        return Script::stream().chunk(format!("id: {id}\nretry: 5\ndata:\n\n")).last_chunk();
    }
    assert_eq!((&*request.method, &*request.body), ("GET", &b""[..]));
    let accept = request.header("accept").expect("an Accept");
    assert!(accept.contains("text/event-stream"), "{accept}");
    let id = request.header("last-event-id").expect("a cursor");
    match id.strip_suffix("-again") {
        None => {
            let note = json!({ "jsonrpc": "2.0", "method": "notifications/message" });
            let script = Script::stream().chunk(format!("id: {id}-again\ndata: {note}\n\n"));
            script.chunk("data: {\"jsonrpc\":\"2.0\",\"id\":").reset()
        }
        Some(id) => {
            let found = pending.iter().find(|(it, _)| it == id).expect("a request that is known");
            Script::stream().chunk(format!("id: r\ndata: {}\n\n", response(&found.1))).last_chunk()
        }
    }
}

#[test]
fn a_stream_that_the_server_closes_is_resumed_by_get() {
    let requests = check(closing, &ECHO, "hellö\n", "the server ended the stream; next try in", 0);
    let gets = requests.iter().filter(|request| request.method == "GET");
    let cursors: Vec<_> = gets.map(|request| request.header("last-event-id")).collect();
    assert_eq!(cursors, [Some("prime-2"), Some("prime-2-again")]);
}

#[test]
fn what_a_server_refuses_is_told() {
    let gone: Answer = |_, _| Script::head(404, "").raw("Session not found");
    check(gone, &ECHO, "", "status 404: Session not found", 1);
    let half: Answer =
        |_, _| Script::head(200, "Content-Type: application/json\r\n").raw("{\"id\":");
    check(half, &ECHO, "", "not JSON", 1);
    // Without an ID there is nothing to resume, and a POST is not sent twice.
    let ended: Answer = |_, _| Script::stream().last_chunk();
    let requests = check(ended, &ECHO, "", "the server ended the stream", 1);
    assert_eq!(requests.iter().filter(|request| request.method == "POST").count(), 3);
    let no_get: Answer = |_, request| match &*request.method {
        "POST" => Script::stream().chunk("id: 1\nretry: 1\ndata:\n\n").last_chunk(),
        _ => Script::status(405),
    };
    check(no_get, &ECHO, "", "status 405", 1);
    let refusing = Server::scripts([Script::head(401, "").raw("who are you?")]);
    let ran = mcp(&refusing.url("/mcp"), &[]);
    assert!(String::from_utf8_lossy(&ran.stderr).contains("who are you?"), "{ran:?}");
    assert_eq!(
        (ran.status.code(), mcp("http://h/", &["a", "{}", "b"]).status.code()),
        (Some(1), Some(2))
    );
}

/// The protocol's own test server, of the version that `cargo xtask test` installs.
fn everything() -> Served {
    let program = concat!(
        env!("CARGO_MANIFEST_DIR"),
        "/../target/xtask/npm/node_modules/@modelcontextprotocol/server-everything/dist/index.js"
    );
    assert!(
        std::path::Path::new(program).is_file(),
        "`cargo xtask test` installs the MCP server that this test calls"
    );
    let address = port::free();
    let mut node = tests::proxy::command("node");
    node.args([program, "streamableHttp"]).env("PORT", address.port().to_string());
    Served::at(&mut node, address).expect("node starts")
}

#[test]
fn a_real_server_is_called() {
    let server = everything();
    let url = server.url("/mcp");
    let ran = mcp(&url, &[]);
    let tools = String::from_utf8_lossy(&ran.stdout);
    assert!(
        ran.status.success() && tools.lines().any(|line| line.starts_with("echo: ")),
        "{ran:?}"
    );
    let ran = mcp(&url, &ECHO);
    assert_eq!(String::from_utf8_lossy(&ran.stdout), "Echo: hellö\n", "{ran:?}");
    let ran = mcp(&url, &["get-sum", r#"{"a": 2, "b": 3}"#]);
    assert!(String::from_utf8_lossy(&ran.stdout).contains('5'), "{ran:?}");
    let ran = mcp(&url, &["trigger-long-running-operation", r#"{"duration": 1, "steps": 2}"#]);
    assert!(ran.status.success(), "{ran:?}");
    let ran = mcp(&url, &["no-such-tool"]);
    assert_eq!(ran.status.code(), Some(1), "{ran:?}");
}
