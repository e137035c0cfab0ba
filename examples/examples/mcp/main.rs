//! Calls a tool of a server of the Model Context Protocol, by its "streamable HTTP" transport: every
//! request is a POST, answered by JSON or by a stream, and a stream that the server closes is resumed by
//! GET.
//!
//! `cargo run -p examples --example mcp -- http://127.0.0.1:3001/mcp echo '{"message": "hello"}'`
//!
//! Without a tool it lists them. Ends with 0, with 1 when something fails, with 2 for a wrong call.

mod session;

use futures_lite::future::block_on;
use serde_json::{Value, json};
use session::Session;
use std::error::Error;
use std::process::ExitCode;

fn main() -> ExitCode {
    let arguments: Vec<_> = std::env::args().skip(1).collect();
    let (url, call) = match arguments.as_slice() {
        [url] => (url, None),
        [url, tool] => (url, Some((tool, "{}"))),
        [url, tool, arguments] => (url, Some((tool, arguments.as_str()))),
        _ => {
            eprintln!("usage: mcp URL [TOOL [ARGUMENTS]], the arguments as a JSON object");
            return ExitCode::from(2);
        }
    };
    let done = block_on(async {
        let mut session = Session::begin(url).await?;
        let done = match call {
            None => list(&mut session).await,
            Some((tool, arguments)) => run(&mut session, tool, arguments).await,
        };
        session.end().await;
        done
    });
    match done {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("{error}");
            ExitCode::FAILURE
        }
    }
}

/// Prints the tools, over as many pages as there are.
async fn list(session: &mut Session) -> Result<(), Box<dyn Error>> {
    let mut page = json!({});
    loop {
        let found = session.call("tools/list", page).await?;
        for tool in found["tools"].as_array().into_iter().flatten() {
            let text = |name: &str| tool[name].as_str().unwrap_or_default();
            println!("{}: {}", text("name"), text("description"));
        }
        match found.get("nextCursor") {
            Some(cursor) if !cursor.is_null() => page = json!({ "cursor": cursor }),
            _ => return Ok(()),
        }
    }
}

/// Calls a tool and prints the text of its result.
async fn run(session: &mut Session, tool: &str, arguments: &str) -> Result<(), Box<dyn Error>> {
    let arguments: Value = serde_json::from_str(arguments)
        .map_err(|error| format!("the arguments are not JSON: {error}"))?;
    let call = json!({ "name": tool, "arguments": arguments });
    let result = session.call("tools/call", call).await?;
    let mut words = String::new();
    for content in result["content"].as_array().into_iter().flatten() {
        match content["text"].as_str() {
            Some(text) => words.push_str(&format!("{text}\n")),
            None => words.push_str(&format!("{content}\n")),
        }
    }
    if result["isError"] == true {
        return Err(format!("the tool failed: {}", words.trim_end()).into());
    }
    print!("{words}");
    Ok(())
}
