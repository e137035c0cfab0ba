//! Every event carries an ID, and the first block says how long to wait before coming back.
//!
//! Run: `cargo run -p examples --example identified-stream`

use std::io;
use std::process::ExitCode;
use std::time::Duration;

use examples::{Program, local_time};
use sse_server::{Frame, Request, Response, Sink};

/// Serves the demo alone, where its document has it.
pub fn main() -> ExitCode {
    Program {
        run_as: "--example identified-stream",
        about: "The date every second, each event with an ID.",
        address: "127.0.0.1:9999",
        open: "http://{address}/",
    }
    .run(|request| respond(request, request.path()))
}

/// Answers a request; `path` is relative to where the demo is mounted.
pub fn respond(_request: &Request, path: &str) -> Response {
    match path {
        "/stream" => Response::stream(dates)
            .with_header("Content-Type", "text/event-stream;charset=utf-8")
            .with_header("Cache-Control", "no-cache"),
        "/favicon.ico" => Response::not_found(),
        _ => Response::html(include_str!("page.html")),
    }
}

async fn dates(mut sink: Sink) -> io::Result<()> {
    // One write for each line, as the document has it: a block may arrive in pieces.
    sink.send_bytes(b"retry: 10000\n").await?;
    sink.send_bytes(b"event: connecttime\n").await?;
    sink.send_bytes(b": the event above is not a message\n").await?;
    sink.send_bytes(format!("id: {}\n", local_time::milliseconds_since_1970()).as_bytes()).await?;
    sink.send_bytes(format!("data: {}\n\n", local_time::date()).as_bytes()).await?;
    while sink.pause(Duration::from_secs(1)).await {
        let id = local_time::milliseconds_since_1970().to_string();
        let date = local_time::date();
        sink.send(&Frame::message(&date).with_id(&id).map_err(io::Error::other)?).await?;
    }
    Ok(())
}
