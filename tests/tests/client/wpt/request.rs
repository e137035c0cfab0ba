//! The files named `request-*`: what is asked for, and of whom.

use super::open;
use sse_client::{ErrorKind, ReadyState};
use tests::fault::{Script, Server};
use tests::source::{error, quick, quick_url, run, source};

#[test]
fn request_accept() {
    let server = Server::scripts([Script::stream().stall()]);
    run(open(&mut source(&server)));
    assert_eq!(server.requests()[0].header("accept"), Some("text/event-stream"));
}

#[test]
fn request_cache_control() {
    let target = Server::scripts([Script::stream().stall()]);
    let url = target.url("/");
    let server = Server::start(move |_| Script::redirect(302, &url));
    run(open(&mut source(&server)));
    for request in [&server.requests()[0], &target.requests()[0]] {
        assert_eq!(request.header("cache-control"), Some("no-cache"));
    }
}

/// There is no cookie store: cookies are sent when the caller sets them, and to their origin only.
#[test]
fn request_credentials() {
    let target = Server::scripts([Script::stream().stall()]);
    let url = target.url("/");
    let server = Server::start(move |_| {
        Script::head(302, &format!("Location: {url}\r\nSet-Cookie: a=b\r\nContent-Length: 0\r\n"))
    });
    run(open(&mut quick(&server).header("Cookie", "test").build().expect("a source")));
    assert_eq!(server.requests()[0].header("cookie"), Some("test"));
    assert_eq!(target.requests()[0].header("cookie"), None);
}

#[test]
fn request_redirect() {
    for status in [301, 302, 303, 307] {
        let server = Server::start(move |request| match &*request.target {
            "/message" => Script::stream().stall(),
            _ => Script::redirect(status, "/message"),
        });
        let mut source = quick_url(&server.url("/redirect")).build().expect("a source");
        run(async { assert_eq!(open(&mut source).await.url(), server.url("/message")) });
    }
}

#[test]
fn request_status_error() {
    for status in [204, 205, 210, 299, 404, 410, 503] {
        let fields = "Content-Type: text/event-stream\r\n";
        let server = Server::scripts([Script::head(status, fields).raw("data: data\n\n")]);
        let mut source = source(&server);
        let error = run(error(&mut source));
        assert_eq!((error.kind(), error.is_final()), (ErrorKind::Status(status), true));
        assert_eq!(source.ready_state(), ReadyState::Closed);
        assert!(run(source.next()).is_none());
    }
}
