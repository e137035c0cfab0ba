//! A small site that requests are tried on. Needs `server_support`.

use std::time::Duration;

use crate::server_support::Running;
use sse_server::{Limits, Method, Request, Response, Server, Sink};

pub(crate) const GET: &str = "GET / HTTP/1.1\r\nHost: a\r\n\r\n";

pub(crate) fn pages(request: &Request) -> Response {
    match (request.method(), request.path()) {
        (_, "/") => Response::html("<h1>home</h1>"),
        (Method::Post, "/echo") => Response::new(200).with_body(request.body()),
        (_, "/echo") => Response::new(405).with_header("Allow", "POST"),
        (_, "/path/ä b") => Response::text(request.query("q").unwrap_or_default().into_owned()),
        (_, "/panic") => panic!("on purpose"),
        (_, "/later") => Response::later(async { Response::text("later") }),
        (_, "/later-panic") => Response::later(async { panic!("on purpose") }),
        (_, "/stream") => {
            Response::stream(async |mut sink: Sink| sink.send_bytes(b"data: x\n\n").await)
        }
        _ => Response::not_found(),
    }
}

/// Short deadlines, so that the tests of them do not take long.
pub(crate) fn limits() -> Limits {
    Limits {
        head_deadline: Duration::from_millis(400),
        body_deadline: Duration::from_millis(400),
        keep_alive: Duration::from_millis(400),
        body_bytes: 1000,
        ..Limits::default()
    }
}

pub(crate) fn server() -> Running {
    Running::start(Server::new(pages).limits(limits()))
}
