//! `sse check`, run as a user runs it, on servers with known faults.

use std::process::{Output, Stdio};
use std::time::Duration;
use testkit::port;
use tests::fault::{Request, Script, Server};
use tests::program::sse;

fn check(arguments: &[&str]) -> Output {
    sse().arg("check").args(arguments).output().expect("it runs")
}

fn text(bytes: &[u8]) -> &str {
    std::str::from_utf8(bytes).expect("UTF-8")
}

/// A server that does everything right.
fn good(request: &Request) -> Script {
    let seen: u32 = request.header("last-event-id").map_or(0, |id| id.parse().expect("a number"));
    let fields = "Content-Type: text/event-stream\r\nCache-Control: no-store\r\nX-Accel-Buffering: no\r\n\
        Access-Control-Allow-Origin: *\r\nAccess-Control-Allow-Headers: Authorization, Last-Event-ID\r\n";
    match &*request.method {
        "OPTIONS" => Script::head(204, fields),
        "HEAD" => Script::head(200, fields),
        _ => {
            let chunked = format!("{fields}Transfer-Encoding: chunked\r\n");
            let script = Script::head(200, &chunked).chunk("retry: 2000\n\n");
            let events = seen + 1..=seen + 3;
            let event = |script: Script, id| script.chunk(format!("id: {id}\ndata: {id}\n\n"));
            events.fold(script, event).stall()
        }
    }
}

#[test]
fn a_good_server_is_called_good() {
    let server = Server::start(good);
    let ran = check(&[&server.url("/"), "--time", "1"]);
    let told = text(&ran.stdout);
    assert_eq!(ran.status.code(), Some(0), "{told}");
    assert!(told.contains("0 errors, 0 warnings"), "{told}");
    for code in ["status", "content-type", "resume", "cors", "preflight", "head-method", "ids"] {
        assert!(told.contains(&format!("good     {code} ")), "{code}: {told}");
    }
    assert!(told.contains("after Last-Event-ID: 2 the next event comes"), "{told}");
    assert!(!told.contains('\x1b'), "no colours into a pipe");
}

#[test]
fn faults_are_found_and_told_by_the_exit_code() {
    let stream = |fields: &str, body: &str| {
        Script::head(200, &format!("Content-Type: text/event-stream\r\n{fields}")).raw(body)
    };
    let page = Server::start(|_| Script::head(200, "Content-Type: text/html\r\n").raw("<p>"));
    let ended = Server::start(move |_| stream("", "data: a\n\ndata: b"));
    let large = Server::start(|_| Script::stream().chunk("x".repeat(300_000)).stall());
    let slow = Server::start(|_| {
        let head = "Content-Type: text/event-stream\r\n";
        Script::new().pause(Duration::from_secs(2)).append(Script::head(200, head)).stall()
    });
    for (server, code, finding) in [
        (&page, 1, "content-type"),
        (&ended, 1, "unfinished-block"),
        (&large, 3, "cache-control"),
        (&slow, 3, "slow-head"),
    ] {
        let ran = check(&[&server.url("/"), "--time", "4", "--bytes", "100000", "--json"]);
        let report = text(&ran.stdout);
        assert_eq!(ran.status.code(), Some(code), "{report}");
        assert!(report.contains(&format!(r#""code":"{finding}""#)), "{report}");
        assert!(report.contains(&format!("README.md#{finding}")), "{report}");
        assert_eq!(report.lines().count(), 1);
    }
}

#[test]
fn a_redirect_is_followed_and_secrets_stay() {
    let elsewhere = Server::start(good);
    let to = elsewhere.url("/there");
    let server = Server::start(move |_| Script::redirect(302, &to));
    let ran = check(&[&server.url("/"), "--time", "1", "--bearer", "secret"]);
    assert!(text(&ran.stdout).contains("redirect"), "{ran:?}");
    assert_eq!(ran.status.code(), Some(3));
    assert_eq!(server.requests()[0].header("authorization"), Some("Bearer secret"));
    let requests = elsewhere.requests();
    assert!(requests.iter().all(|it| it.header("authorization").is_none()));
    assert!(requests.iter().any(|it| it.header("origin").is_some()));
    assert!(requests.iter().any(|it| it.header("accept-encoding").is_some()));
}

#[test]
fn a_post_is_sent_once() {
    let server = Server::start(|_| Script::stream().chunk("data: a\n\n").last_chunk());
    let ran = check(&[&server.url("/"), "--time", "1", "-d", "{}", "-q"]);
    assert_eq!(server.requests().len(), 1, "{ran:?}");
    assert!(!text(&ran.stdout).contains("good "), "{ran:?}");
}

#[test]
fn what_cannot_be_reached_is_an_error() {
    let ran = check(&[&port::free().to_string()]);
    assert_eq!(ran.status.code(), Some(1));
    assert!(text(&ran.stdout).contains("unreachable"), "{ran:?}");
    for (wrong, code) in [(&[][..], 2), (&["ftp://a"], 1), (&["--explain", "nothing"], 1)] {
        assert_eq!(check(wrong).status.code(), Some(code), "{wrong:?}");
    }
}

#[test]
fn a_pipe_that_is_closed_changes_no_verdict() {
    let server = Server::start(|_| Script::head(404, "").raw("no"));
    let mut command = sse();
    command.args(["check", &server.url("/"), "--color", "always"]);
    let mut child =
        command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().expect("it starts");
    drop(child.stdout.take());
    let ran = child.wait_with_output().expect("it ends");
    assert_eq!((ran.status.code(), text(&ran.stderr)), (Some(1), ""));
}

#[test]
fn findings_are_explained() {
    let ran = check(&["--explain", "compression"]);
    assert!(ran.status.success());
    assert!(text(&ran.stdout).contains("flushed after each event"), "{ran:?}");
    assert!(!text(&ran.stdout).contains("heartbeat"), "{ran:?}");
}
