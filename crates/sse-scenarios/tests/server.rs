//! The server through its sockets: what it plays, and what it remembers of the requests.

use std::io::{ErrorKind, Read, Write};
use std::net::TcpStream;
use std::thread;
use std::time::{Duration, Instant};

use sse_scenarios::{Server, Visit, all, path};

/// Sends a request, reads until the text holds `until` or the connection ends, and leaves.
fn ask(server: &Server, request: &str, until: &str) -> String {
    let mut stream = TcpStream::connect(server.address()).expect("it listens");
    stream.write_all(request.as_bytes()).expect("it reads");
    let mut answer = Vec::new();
    let mut piece = [0; 4096];
    while let Ok(count @ 1..) = stream.read(&mut piece) {
        answer.extend_from_slice(&piece[..count]);
        if String::from_utf8_lossy(&answer).contains(until) {
            break;
        }
    }
    String::from_utf8_lossy(&answer).into_owned()
}

fn get(server: &Server, path: &str, fields: &str, until: &str) -> String {
    ask(server, &format!("GET {path} HTTP/1.1\r\nHost: x\r\n{fields}\r\n"), until)
}

#[test]
fn each_request_of_a_run_gets_the_next_answer() {
    let server = Server::start("127.0.0.1:0").expect("a free port");
    let path = path("mine", "resume");
    let first = get(&server, &path, "", "0\r\n\r\n");
    assert!(first.contains("Content-Type: text/event-stream\r\n"), "{first}");
    assert!(first.ends_with("retry: 20\nid: 1\ndata: a\n\n\r\n0\r\n\r\n"), "{first}");
    let second = get(&server, &path, "last-event-id: 1\r\n", "done\n\n");
    assert!(second.contains("data: b\n\n"), "{second}");
    // Another run begins with the first answer.
    let other = get(&server, "/run/other/resume", "", "0\r\n\r\n");
    assert!(other.contains("data: a\n\n"), "{other}");

    let exchanges = server.exchanges("mine", "resume");
    let ids: Vec<Vec<u8>> = Visit::of(&exchanges).into_iter().map(|it| it.last_event_id).collect();
    assert_eq!(ids, [b"".to_vec(), b"1".to_vec()]);
    let list = get(&server, &format!("{path}/requests"), "", "0\r\n\r\n");
    let (_, body) = list.split_once("\r\n\r\n").expect("a head");
    let listed = Visit::from_list(body.split("\r\n").nth(1).expect("a chunk")).expect("a list");
    assert_eq!(listed.iter().map(|it| it.last_event_id.clone()).collect::<Vec<_>>(), ids);
}

#[test]
fn what_is_not_a_scenario_is_404_and_the_list_names_all() {
    let server = Server::start("127.0.0.1:0").expect("a free port");
    assert!(get(&server, "/run/mine/nothing", "", "\r\n\r\n").starts_with("HTTP/1.1 404 "));
    let list = get(&server, "/", "", "</script>\n");
    let missing = all().into_iter().find(|it| !list.contains(&format!("id=\"{}\"", it.name)));
    assert!(missing.is_none(), "{missing:?}");
}

#[test]
fn a_server_that_restarts_is_away_and_comes_back_on_its_port() {
    for (name, end) in [("restart", "0\r\n\r\n"), ("crash", "id: 2\ndata: b\n\n\r\n")] {
        let server = Server::start("127.0.0.1:0").expect("a free port");
        let path = path("mine", name);
        // Read to the end of the connection: it ends when nobody listens any more.
        let first = get(&server, &path, "", "nothing of this");
        assert!(first.ends_with(end), "{first}");
        let refused = TcpStream::connect(server.address()).expect_err("nobody listens");
        assert_eq!(refused.kind(), ErrorKind::ConnectionRefused);
        let deadline = Instant::now() + Duration::from_secs(60);
        while TcpStream::connect(server.address()).is_err() {
            assert!(Instant::now() < deadline, "it did not come back");
            thread::sleep(Duration::from_millis(20));
        }
        let second = get(&server, &path, "Last-Event-ID: 2\r\n", "done\n\n");
        assert!(second.contains("id: 3\ndata: missed\n\n"), "{second}");
        assert_eq!(server.exchanges("mine", name).len(), 2);
    }
}

#[test]
fn a_server_may_end_while_it_is_away() {
    let server = Server::start("127.0.0.1:0").expect("a free port");
    get(&server, "/run/mine/crash", "", "nothing of this");
    drop(server);
}

#[test]
fn nonsense_ends_a_connection_and_nothing_else() {
    let server = Server::start("127.0.0.1:0").expect("a free port");
    assert_eq!(ask(&server, "\0\0\r\n\r\n", "x"), "");
    assert!(get(&server, "/driver", "", "runAll").contains("driver.js"));
}
