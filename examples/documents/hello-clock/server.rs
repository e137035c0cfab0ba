//! A greeting, then the local time every two seconds; readable from every origin.
//!
//! Run: `cargo run -p examples --example hello-clock`, then open the file that it names in a browser.

use std::io;
use std::process::ExitCode;
use std::time::Duration;

use examples::{Program, local_time};
use sse_server::{Cors, Frame, Request, Response, Sink};

/// Serves the demo alone, where its document has it.
pub fn main() -> ExitCode {
    Program {
        run_as: "--example hello-clock",
        about: "A greeting, then the local time every two seconds.",
        address: "127.0.0.1:8080",
        open: concat!(
            "file://",
            env!("CARGO_MANIFEST_DIR"),
            "/documents/hello-clock/page.html?stream=http://{address}/sse"
        ),
    }
    .run(|request| respond(request, request.path()))
}

/// Answers a request; `path` is relative to where the demo is mounted.
pub fn respond(_request: &Request, path: &str) -> Response {
    match path {
        "/sse" => Response::stream(clock)
            .with_cors(Cors::any())
            .with_header("Cache-Control", "no-cache")
            .with_header("Access-Control-Allow-Methods", "GET, POST, PUT, DELETE")
            .with_header("Access-Control-Allow-Headers", "Content-Type"),
        _ => Response::new(404)
            .with_header("Content-Type", "text/html; charset=utf-8")
            .with_body(include_bytes!("not-found.html")),
    }
}

async fn clock(mut sink: Sink) -> io::Result<()> {
    sink.send(&Frame::message("Hello, this is a server-sent event!")).await?;
    while sink.pause(Duration::from_secs(2)).await {
        sink.send(&Frame::message(&local_time::time())).await?;
    }
    Ok(())
}
