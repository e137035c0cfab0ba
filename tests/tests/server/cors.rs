//! Which pages of other origins may read an answer, and what a browser is told beforehand.

use crate::server_support::{Running, live};
use sse_server::{Channel, Cors, Method, Request, Response, Server};
use testkit::raw::{field as header, status};

const OURS: &str = "https://ours.example";
const THEIRS: &str = "https://theirs.example";

fn ask(server: &Running, method: &str, path: &str, origin: Option<&str>, more: &str) -> String {
    let origin = origin.map(|origin| format!("Origin: {origin}\r\n")).unwrap_or_default();
    server.exchange(format!(
        "{method} {path} HTTP/1.1\r\nHost: a\r\n{origin}{more}Connection: close\r\n\r\n"
    ))
}

/// Allow-Origin, Allow-Credentials and Vary for a HEAD request.
fn told(cors: Option<Cors>, origin: Option<&str>) -> (Option<String>, bool, bool) {
    let server = Server::new(|_| Response::text("x"));
    let server = Running::start(match cors {
        Some(cors) => server.cors(cors),
        None => server,
    });
    let answer = ask(&server, "HEAD", "/", origin, "");
    let allowed = header(&answer, "Access-Control-Allow-Origin").map(str::to_owned);
    let credentials = header(&answer, "Access-Control-Allow-Credentials") == Some("true");
    (allowed, credentials, header(&answer, "Vary") == Some("Origin"))
}

#[test]
fn off_by_default() {
    assert_eq!(told(None, Some(OURS)), (None, false, false));
}

#[test]
fn any_origin_never_with_credentials() {
    let star = (Some("*".to_owned()), false, false);
    assert_eq!(told(Some(Cors::any()), Some(OURS)), star);
    assert_eq!(told(Some(Cors::any().with_credentials()), Some(OURS)), star);
    assert_eq!(told(Some(Cors::any()), None), star);
}

#[test]
fn named_origins() {
    let list = || Some(Cors::list([OURS, "https://other.example"]));
    assert_eq!(told(list(), Some(OURS)), (Some(OURS.to_owned()), false, true));
    assert_eq!(told(list(), Some(THEIRS)), (None, false, true));
    assert_eq!(told(list(), Some("https://ours.example.evil")), (None, false, true));
    assert_eq!(told(list(), Some("null")), (None, false, true));
    assert_eq!(told(list(), None), (None, false, true));
    assert_eq!(
        told(list().map(Cors::with_credentials), Some(OURS)),
        (Some(OURS.to_owned()), true, true)
    );
}

#[test]
fn a_predicate() {
    let rule = || Some(Cors::matching(|origin| origin.ends_with(".example")).with_credentials());
    assert_eq!(told(rule(), Some(THEIRS)), (Some(THEIRS.to_owned()), true, true));
    assert_eq!(told(rule(), Some("https://evil.test")), (None, false, true));
}

#[test]
fn preflight() {
    let channel = Channel::default();
    let server =
        Running::start(Server::new(move |request| match (request.method(), request.path()) {
            (_, "/events") => {
                Response::events(live(&channel, request)).with_cors(Cors::list([OURS]))
            }
            (_, "/open") => Response::events(live(&channel, request)).with_cors(Cors::any()),
            _ => Response::not_found(),
        }));
    let more = "Access-Control-Request-Method: GET\r\nAccess-Control-Request-Headers: Last-Event-ID, X-Key\r\n";
    let answer = ask(&server, "OPTIONS", "/events", Some(OURS), more);
    assert_eq!(status(&answer), 204, "{answer}");
    assert_eq!(header(&answer, "Access-Control-Allow-Origin"), Some(OURS));
    assert_eq!(header(&answer, "Access-Control-Allow-Methods"), Some("GET, HEAD, OPTIONS"));
    assert_eq!(header(&answer, "Access-Control-Allow-Headers"), Some("Last-Event-ID, X-Key"));
    let answer = ask(&server, "OPTIONS", "/events", Some(THEIRS), more);
    assert_eq!((status(&answer), header(&answer, "Access-Control-Allow-Origin")), (204, None));
    let answer = ask(&server, "OPTIONS", "/open", Some(THEIRS), more);
    assert_eq!(header(&answer, "Access-Control-Allow-Origin"), Some("*"));
    assert_eq!(status(&ask(&server, "OPTIONS", "/none", Some(OURS), more)), 404);
}

#[test]
fn preflight_for_a_whole_server_asks_neither_handler_nor_guard() {
    let say = |request: &Request, ()| match (request.method(), request.path()) {
        (Method::Post, "/say") => Response::new(204),
        _ => Response::not_found(),
    };
    let server = Server::authorized(|_| Err(Response::new(401)), say);
    let server = server.cors(Cors::list([OURS]).with_credentials());
    let server = Running::start(server);
    let more =
        "Access-Control-Request-Method: POST\r\nAccess-Control-Request-Headers: content-type\r\n";
    let answer = ask(&server, "OPTIONS", "/say", Some(OURS), more);
    assert_eq!(status(&answer), 204, "{answer}");
    assert_eq!(header(&answer, "Access-Control-Allow-Methods"), Some("POST"));
    assert_eq!(header(&answer, "Access-Control-Allow-Credentials"), Some("true"));
    let refused = ask(&server, "POST", "/say", Some(OURS), "Content-Length: 0\r\n");
    assert_eq!(status(&refused), 401);
    assert_eq!(
        header(&refused, "Access-Control-Allow-Origin"),
        Some(OURS),
        "pages may read refusals too"
    );
}

#[test]
fn what_the_handler_says_counts_and_is_said_once() {
    let server = Running::start(Server::new(|_| {
        Response::text("x")
            .with_cors(Cors::any())
            .with_header("Access-Control-Allow-Headers", "X-Ours")
            .with_header("Vary", "Accept")
    }));
    let preflight = "Access-Control-Request-Method: GET\r\n\
                     Access-Control-Request-Headers: X-Theirs\r\n";
    let answer = ask(&server, "OPTIONS", "/", Some(OURS), preflight);
    assert_eq!(answer.matches("Access-Control-Allow-Headers").count(), 1, "{answer}");
    assert_eq!(header(&answer, "Access-Control-Allow-Headers"), Some("X-Ours"));
}
