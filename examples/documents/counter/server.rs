//! Counts from 0 to 10, one message a second, and says that this was the end.
//!
//! Run: `cargo run -p examples --example counter`

use std::io;
use std::process::ExitCode;
use std::time::Duration;

use examples::{OnDrop, Program, local_time, say};
use sse_server::{Cors, Frame, Request, Response, Sink};

/// Serves the demo alone, where its document has it.
pub fn main() -> ExitCode {
    Program {
        run_as: "--example counter",
        about: "Counts from 0 to 10, one message a second.",
        address: "127.0.0.1:3000",
        open: "http://{address}/",
    }
    .run(|request| respond(request, request.path()))
}

/// Answers a request; `path` is relative to where the demo is mounted.
pub fn respond(_request: &Request, path: &str) -> Response {
    match path {
        "/" => Response::html(include_str!("page.html")),
        "/events" => {
            Response::stream(count).with_cors(Cors::any()).with_header("Cache-Control", "no-cache")
        }
        _ => Response::not_found(),
    }
}

/// Ends only with its client, or with the server: a stream that ends is one that the browser opens again.
async fn count(mut sink: Sink) -> io::Result<()> {
    let _leaving = OnDrop(|| say("client disconnected"));
    for n in 0..=10 {
        if !sink.pause(Duration::from_secs(1)).await {
            return Ok(());
        }
        let text = format!("当前时间：{} 计数：{n}", local_time::date_and_time());
        sink.send(&Frame::message(&text)).await?;
    }
    let end = Frame::message("结束").with_event_type("end").map_err(io::Error::other)?;
    sink.send(&end).await?;
    sink.stopping().await;
    Ok(())
}
