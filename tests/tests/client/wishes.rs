//! What the client's README shows first: each block of it stands here word for word, is no longer than
//! it says, and does what it says.

use serde_json::{Value, json};
use sse_client::{BoxError, ErrorKind, EventSource, Item};
use std::io::Write;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread;
use std::time::Duration;
use tests::fault::{Request, Script, Server};
use tests::source::{data, error, run};

const README: &str = include_str!("../../../crates/sse-client/README.md");
const REQWEST: &str = include_str!("../../../examples/bodies/src/bin/with_reqwest.rs");
const HERE: &str = include_str!("wishes.rs");

/// An answer of a language model.
fn chat(url: &str, key: &str, prompt: &str, mut out: impl Write) -> Result<(), BoxError> {
    // README: chat, 12
    let messages = json!([{"role": "user", "content": prompt}]);
    let body = json!({"model": "small", "stream": true, "messages": messages});
    let request = EventSource::builder(url).bearer(key).post_json(body.to_string());
    for item in request.until(|event| event.data() == "[DONE]").build()?.blocking() {
        if let Item::Event(event) = &item {
            let chunk: Value = serde_json::from_str(&event.data).unwrap_or_default();
            let token = &chunk["choices"][0]["delta"]["content"];
            out.write_all(token.as_str().unwrap_or_default().as_bytes())?;
        } else if let Item::Error(error) = &item {
            return Err(format!("{error} {:?}", error.response().map(|it| it.text())).into());
        }
    }
    // README: end
    Ok(())
}

/// A tool of the Model Context Protocol.
async fn call(url: &str, session: &str, tool: &str, arguments: &Value) -> Result<Value, BoxError> {
    // README: mcp, 20
    let params = json!({"name": tool, "arguments": arguments});
    let call = json!({"jsonrpc": "2.0", "id": 1, "method": "tools/call", "params": params});
    let request = EventSource::builder(url)
        .header("Mcp-Session-Id", session)
        .accept("application/json, text/event-stream")
        .post_json(call.to_string())
        .resume_by_get(true);
    let reply = match request.send().await?.into_events() {
        Ok(mut events) => loop {
            match events.next().await.ok_or("closed")? {
                Item::Event(event) if event.data.contains("\"result\"") => break event.data,
                Item::Error(error) if error.is_final() => return Err(error.into()),
                _ => {} // what primes the client for coming back; progress; a loss that is resumed
            }
        },
        Err(answer) if answer.status() == 200 => answer.text().await?,
        Err(answer) => return Err(format!("status {}", answer.status()).into()),
    };
    let reply: Value = serde_json::from_str(&reply)?;
    // README: end
    Ok(reply["result"].clone())
}

/// Where tokens come from.
#[derive(Default)]
struct Tokens(AtomicUsize);

impl Tokens {
    async fn get(&self, fresh: bool) -> Result<String, BoxError> {
        let count = self.0.fetch_add(usize::from(fresh), Ordering::SeqCst);
        Ok(format!("t{}", count + usize::from(fresh)))
    }
}

/// A token that expires.
fn authorized(url: &str, tokens: Arc<Tokens>) -> Result<EventSource, BoxError> {
    // README: token, 10
    let source = EventSource::builder(url)
        .before_attempt(move |attempt| {
            let tokens = Arc::clone(&tokens);
            async move {
                let refused = attempt.last_outcome() == Some(ErrorKind::Status(401));
                Ok::<_, BoxError>(attempt.with_bearer(&tokens.get(refused).await?))
            }
        })
        .build()?;
    // README: end
    Ok(source)
}

/// Stopping from another thread.
fn listen(url: &str) -> Result<usize, BoxError> {
    // README: handle, 6
    let mut source = EventSource::new(url)?;
    let handle = source.handle();
    let listening = thread::spawn(move || source.blocking().count());
    thread::sleep(Duration::from_millis(200));
    handle.close(); // or `restart`; from any thread, as often as you like
    let items = listening.join().map_err(|_| "a panic")?;
    // README: end
    Ok(items)
}

#[test]
fn the_readme_shows_what_is_tested_here_in_so_many_lines() {
    let mut seen = Vec::new();
    for part in HERE.split("\n    // README: ").skip(1).step_by(2) {
        let (title, block) = part.split_once('\n').expect("a title and a block");
        let (name, most) = title.split_once(", ").expect("a name and a number");
        let lines: Vec<_> = block.lines().map(|it| it.strip_prefix("    ").unwrap_or(it)).collect();
        let most: usize = most.parse().expect("a number");
        assert!(lines.len() <= most, "{name} has {} lines", lines.len());
        let shown = format!("```rust,ignore\n{}\n```\n", lines.join("\n"));
        assert!(README.contains(&shown), "the README does not show {name}:\n{shown}");
        seen.push(name);
    }
    assert_eq!(seen, ["chat", "mcp", "token", "handle"]);
    let first = README.lines().take(40).collect::<Vec<_>>().join("\n");
    for wish in ["until", "send", "before_attempt", "handle", "events"] {
        assert!(first.contains(wish), "{wish} is not on the first screen");
    }
}

/// The program is run by `cargo xtask test --only bodies`, in a workspace of its own.
#[test]
fn the_readme_shows_lines_of_the_program_for_another_clients_body() {
    let (_, section) = README.split_once("## Events out of another client's body\n").expect("it");
    let (_, block) = section.split_once("```rust,ignore\n").expect("a block");
    let (block, _) = block.split_once("```\n").expect("its end");
    let lines: Vec<_> = block.lines().map(|line| format!("    {line}\n")).collect();
    assert!((1..=7).contains(&lines.len()), "{} lines", lines.len());
    assert!(REQWEST.contains(&lines.concat()), "the program has other lines than these:\n{block}");
}

#[test]
fn a_chat() {
    let token =
        |text: &str| format!("data: {{\"choices\":[{{\"delta\":{{\"content\":{text:?}}}}}]}}\n\n");
    let all = [&*token("Hel"), &token("lo"), "data: [DONE]\n\n"].concat();
    for (script, printed, told) in [
        (Script::stream().chunk(&all).stall(), "Hello", None),
        (Script::stream().chunk(token("Hel")).last_chunk(), "Hel", Some("ended the stream")),
        (Script::stream().chunk(token("Hel")), "Hel", Some("before the response did")),
        (Script::head(401, "").raw("{\"error\":\"bad key\"}"), "", Some("bad key")),
    ] {
        let server = Server::scripts([script]);
        let mut out = Vec::new();
        let done = chat(&server.url("/"), "k", "Hi", &mut out);
        assert_eq!(String::from_utf8_lossy(&out), printed);
        let error = done.err().map(|error| error.to_string());
        assert_eq!(error.is_some(), told.is_some(), "{error:?}");
        assert!(error.unwrap_or_default().contains(told.unwrap_or_default()), "{told:?}");
        let request = &server.requests()[0];
        assert_eq!(request.header("authorization"), Some("Bearer k"));
        assert!(request.body.starts_with(b"{\"messages\":[{\"content\":\"Hi\""), "{request:?}");
    }
}

#[test]
fn a_call_with_either_answer() {
    let reply = "{\"jsonrpc\":\"2.0\",\"id\":1,\"result\":{\"sum\":5}}";
    let json = Script::head(200, "Content-Type: application/json\r\n").raw(reply);
    let primed = Script::stream().chunk("id: 7\nretry: 1\ndata:\n\n").last_chunk();
    let rest = Script::stream().chunk(format!("data: {reply}\n\n")).stall();
    for scripts in [vec![json], vec![rest.clone()], vec![primed, rest]] {
        let server = Server::scripts(scripts);
        let result = run(call(&server.url("/mcp"), "s", "sum", &json!({"a": 2, "b": 3})));
        assert_eq!(result.expect("a result")["sum"], 5);
        let last: Request = server.requests().pop().expect("a request");
        assert_eq!(last.header("mcp-session-id"), Some("s"));
        assert_eq!(last.method == "GET", last.header("last-event-id") == Some("7"));
    }
    let server = Server::scripts([Script::status(202)]);
    let refused = run(call(&server.url("/mcp"), "s", "sum", &Value::Null));
    assert!(refused.is_err_and(|error| error.to_string() == "status 202"));
}

#[test]
fn a_token_that_expires() {
    let server = Server::start(|request| match request.header("authorization") {
        Some("Bearer t1") => Script::stream().chunk("data: hello\n\n").stall(),
        _ => Script::status(401),
    });
    let mut source = authorized(&server.url("/"), Arc::default()).expect("a source");
    run(async {
        assert_eq!(error(&mut source).await.kind(), ErrorKind::Status(401));
        assert_eq!(data(&mut source).await, "hello");
    });
}

#[test]
fn a_stop_from_elsewhere() {
    let server = Server::scripts([Script::stream().chunk("data: hello\n\n").stall()]);
    assert_eq!(listen(&server.url("/")).expect("it listens"), 2);
    server.wait_until_idle(Duration::from_secs(5));
}
