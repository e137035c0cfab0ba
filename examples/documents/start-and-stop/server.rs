//! The date every second, for a page that opens and closes the stream by two buttons.
//!
//! Run: `cargo run -p examples --example start-and-stop`

use std::io;
use std::process::ExitCode;
use std::time::Duration;

use examples::{Program, local_time, wants_page};
use sse_server::{Cors, Frame, Request, Response, Sink};

/// Serves the demo alone, where its document has it.
pub fn main() -> ExitCode {
    Program {
        run_as: "--example start-and-stop",
        about: "The date every second, started and stopped by two buttons.",
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
        "/" => Response::stream(dates)
            .with_cors(Cors::any())
            .with_header("Cache-Control", "no-cache")
            .with_header("Vary", "Accept"),
        _ => Response::not_found(),
    }
}

async fn dates(mut sink: Sink) -> io::Result<()> {
    while sink.pause(Duration::from_secs(1)).await {
        sink.send(&Frame::message(&local_time::date())).await?;
    }
    Ok(())
}
