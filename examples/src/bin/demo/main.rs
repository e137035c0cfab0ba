//! Every demo of `documents/` in one server, below a path of its own, and an index page that shows all of them live.
//!
//! Besides them, below `/log/`, a channel; with `--state FILE` it survives the program.
//!
//! Run: `cargo run -p examples --bin demo`, or `cargo xtask demo`.

mod cards;
mod log;

use std::process::ExitCode;
use std::sync::LazyLock;

use examples::Program;
use sse_server::{Request, Response};

use crate::cards::{CARDS, Card};
use crate::log::Log;

fn main() -> ExitCode {
    let mut arguments: Vec<_> = std::env::args().skip(1).collect();
    // What is no file's name stays, and is explained with the rest.
    let at = arguments.windows(2).position(|pair| pair[0] == "--state");
    let state = at.and_then(|at| arguments.drain(at..at + 2).next_back()).map(Into::into);
    let log = Log::new(state);
    let (shown, begun) = (log.clone(), log.clone());
    let program = Program {
        run_as: "--bin demo",
        about: "Every demo of the five documents, on one page. With --state FILE the log below /log/ survives the program.",
        address: "127.0.0.1:8080",
        open: "http://{address}/",
    };
    let respond = move |request: &Request| respond(request, &shown);
    let code = program.run_from(arguments, respond, move |_| begun.begin());
    match log.end() {
        Ok(()) => code,
        Err(error) => {
            eprintln!("the log is not kept: {error}");
            ExitCode::FAILURE
        }
    }
}

fn respond(request: &Request, log: &Log) -> Response {
    static INDEX: LazyLock<String> = LazyLock::new(cards::index_page);
    let script = "text/javascript; charset=utf-8";
    match request.path() {
        "/" => Response::html(INDEX.as_str()),
        "/index.css" => asset("text/css; charset=utf-8", include_str!("index.css")),
        "/index.js" => asset(script, include_str!("index.js")),
        "/event-source.js" => asset(script, include_str!("event-source.js")),
        "/highlight.js" => asset(script, include_str!("highlight.js")),
        path if path == "/log" || path.starts_with("/log/") => log.respond(request, &path[4..]),
        path => CARDS
            .iter()
            .find_map(|card| {
                Some(below(card, request, path.strip_prefix('/')?.strip_prefix(card.name)?))
            })
            .unwrap_or_else(Response::not_found),
    }
}

fn asset(content_type: &str, text: &'static str) -> Response {
    Response::new(200).with_header("Content-Type", content_type).with_body(text.as_bytes())
}

/// Answers for a demo; `path` is what follows its name.
fn below(card: &Card, request: &Request, path: &str) -> Response {
    match (path, request.query("preview"), card.page(path)) {
        // The pages' URLs are relative, so their folder ends with a slash.
        ("", ..) => Response::new(308).with_header("Location", format!("/{}/", card.name)),
        (_, Some(_), Some(page)) => Response::html(preview(card, page)),
        _ => (card.respond)(request, path),
    }
}

/// The page as the index embeds it: its event source is one that the index can watch.
fn preview(card: &Card, page: &str) -> String {
    let script = format!(
        "<head>\n<script>\n\
         window.EventSource = parent.eventSourceFor?.(\"{}\", window) ?? EventSource;\n\
         addEventListener(\"DOMContentLoaded\", () => [...document.links].forEach((link) => link.search = \"preview\"));\n\
         </script>",
        card.name
    );
    page.replacen("<head>", &script, 1)
}
