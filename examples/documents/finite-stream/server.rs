//! A stream that the server ends after three seconds, and that the browser therefore opens again and again.
//!
//! Run: `cargo run -p examples --example finite-stream`

use std::io;
use std::process::ExitCode;
use std::time::{Duration, Instant};

use examples::Program;
use sse_server::{Cors, Request, Response, Sink, sleep};

/// Serves the demo alone, where its document has it.
pub fn main() -> ExitCode {
    Program {
        run_as: "--example finite-stream",
        about: "A stream that ends after three seconds.",
        address: "127.0.0.1:3000",
        open: "http://{address}/",
    }
    .run(|request| respond(request, request.path()))
}

/// Answers a request; `path` is relative to where the demo is mounted.
pub fn respond(_request: &Request, path: &str) -> Response {
    match path {
        "/" | "/page-onopen.html" => Response::html(include_str!("page-onopen.html")),
        "/page-onmessage.html" => Response::html(include_str!("page-onmessage.html")),
        "/page-onerror.html" => Response::html(include_str!("page-onerror.html")),
        "/sse" => Response::stream(three_seconds)
            .with_cors(Cors::any())
            .with_header("Access-Control-Allow-Headers", "*")
            .with_header("Connection", "close")
            .without_header("Cache-Control"),
        _ => Response::not_found(),
    }
}

async fn three_seconds(mut sink: Sink) -> io::Result<()> {
    let end = Instant::now() + Duration::from_secs(3);
    loop {
        sleep(Duration::from_millis(300)).await;
        if Instant::now() >= end {
            return Ok(());
        }
        // Byte for byte the document's block: no space after the first colon, one at the end of the data.
        sink.send_bytes(b"event:lol\ndata: 123321 \n\n").await?;
    }
}
