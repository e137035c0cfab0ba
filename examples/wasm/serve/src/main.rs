//! `serve MODULE.wasm` serves the page, the module with its bindings, and a stream that a browser's own `EventSource` cannot
//! ask for: it wants a header field. Prints its URL, and runs until it is killed.

use std::io;
use std::time::Duration;

use anyhow::Context;
use sse_server::{Request, Response, Server, Sink};
use wasm_bindgen_cli_support::Bindgen;

/// A stream cut where it hurts: in the byte order mark, in a character, between CR and LF. At its end, half a block.
const PIECES: [&[u8]; 9] = [
    b"\xEF",
    b"\xBB\xBFevent: step\r\nid: 1\r\nda",
    b"ta: one\r",
    b"\n\r",
    b"\n: a comment\n\nid: 2\ndata: zw\xC3",
    b"\xB6lf\n\n",
    b"id: 3\rdata: two\rdata: lines\r",
    b"\r",
    b"data: unfinished",
];

fn main() -> anyhow::Result<()> {
    let module = std::env::args().nth(1).context("usage: serve MODULE.wasm")?;
    let mut bindgen = Bindgen::new();
    let mut output = bindgen.input_path(module).typescript(false).web(true)?.generate_output()?;
    let (script, module) = (output.js().to_owned(), output.wasm_mut().emit_wasm());
    let server = Server::new(move |request: &Request| match request.path() {
        "/" => Response::html(include_str!("../../page.html")),
        "/wasm.js" => of_type("text/javascript", script.as_bytes()),
        "/wasm_bg.wasm" => of_type("application/wasm", &module),
        "/events" if request.header("authorization") != Some("Bearer secret") => Response::new(401),
        "/events" => Response::stream(send),
        _ => Response::not_found(),
    });
    let server = server.bind("127.0.0.1:0")?;
    println!("http://{}", server.local_addr()?);
    server.run()?;
    Ok(())
}

fn of_type(content_type: &'static str, body: &[u8]) -> Response {
    Response::new(200).with_header("Content-Type", content_type).with_body(body)
}

async fn send(mut sink: Sink) -> io::Result<()> {
    for piece in PIECES {
        sink.send_bytes(piece).await?;
        // So that each is a chunk of its own, most times.
        if !sink.pause(Duration::from_millis(20)).await {
            break;
        }
    }
    Ok(())
}
