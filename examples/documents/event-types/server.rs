//! Two events of different types, for a page that listens to each by its name.
//!
//! Run: `cargo run -p examples --example event-types`

use std::io;
use std::process::ExitCode;
use std::time::Duration;

use examples::{Program, wants_page};
use sse_server::{Cors, Request, Response, Sink, sleep};

/// Serves the demo alone, where its document has it.
pub fn main() -> ExitCode {
    Program {
        run_as: "--example event-types",
        about: "Two events of different types, a second apart.",
        address: "127.0.0.1:8081",
        open: "http://{address}/",
    }
    .run(|request| respond(request, request.path()))
}

/// Answers a request; `path` is relative to where the demo is mounted.
pub fn respond(request: &Request, path: &str) -> Response {
    match path {
        "/" if wants_page(request) => {
            Response::html(include_str!("page.html")).with_header("Vary", "Accept")
        }
        "/" => Response::stream(name_and_age)
            .with_cors(Cors::any())
            .with_header("Cache-Control", "no-cache")
            .with_header("Vary", "Accept"),
        _ => Response::not_found(),
    }
}

/// Stays open after the last event: a stream that the server ends is one that the browser opens again.
async fn name_and_age(mut sink: Sink) -> io::Result<()> {
    // One write for each line, as the document has it.
    sleep(Duration::from_secs(1)).await;
    sink.send_bytes(b"event: name\n").await?;
    sink.send_bytes(b"data: Alice\n\n").await?;
    sleep(Duration::from_secs(1)).await;
    sink.send_bytes(b"event: age\n").await?;
    sink.send_bytes(b"data: 24\n\n").await?;
    sink.stopping().await;
    Ok(())
}
