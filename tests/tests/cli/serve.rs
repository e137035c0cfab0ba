//! `sse serve`, run as a user runs it.

use std::fs;
use std::io::Write as _;
use std::net::TcpListener;
use std::process::{Command, Stdio};
use std::time::Duration;
use testkit::raw::{self, Peer, get, status};
use testkit::wait::{PATIENCE, eventually};
use testkit::{Scratch, Served, Signal};
use tests::client::Client;
use tests::program::sse;

fn serve(arguments: &[&str]) -> Served {
    serve_by(sse(), arguments)
}

fn serve_by(mut command: Command, arguments: &[&str]) -> Served {
    command.args(["serve", "--addr", "127.0.0.1:0"]).args(arguments).env_remove("SSE_TOKEN");
    Served::start(command.stderr(Stdio::null())).expect("it starts")
}

/// Status and body of the answer to a POST with further header lines.
fn post(served: &Served, target: &str, headers: &str, body: &str) -> (u16, String) {
    let answer = raw::post(served.address(), target, headers, body);
    (answer.status, answer.text())
}

/// The lines that say what a client gets that comes back after this event, up to `last`.
fn resumed(served: &Served, first: &str, last: &str) -> Vec<String> {
    let mut seen = String::new();
    let mut back = get(served.address(), "/events", &format!("Last-Event-ID: {first}\r\n"));
    while !seen.contains(last) {
        seen += &back.chunk().expect("the stream goes on");
    }
    let told = |line: &&str| line.starts_with("data:") || line.starts_with("event:");
    seen.lines().filter(told).map(str::to_owned).collect()
}

#[test]
fn lines_go_to_everybody_and_to_those_who_come_back() {
    let mut served = serve(&["--type", "log"]);
    served.write("one\ntwo\n").expect("it reads");
    let mut late = Client::open(served.url("/events?replay=10"));
    let first = late.event();
    assert_eq!((&*first.event_type, &*first.data), ("log", "one"));
    assert_eq!(late.event().data, "two");
    let mut live = Client::open(served.url("/events"));
    live.item();
    served.write("three\n").expect("it reads");
    assert_eq!((late.event().data, live.event().data), ("three".into(), "three".into()));
    drop((late, live));
    served.write("four\n").expect("it reads");
    for way in [
        get(served.address(), "/events", &format!("Last-Event-ID: {}\r\n", first.last_event_id)),
        get(served.address(), &format!("/events?last-event-id={}", first.last_event_id), ""),
    ] {
        let (mut way, mut seen) = (way, String::new());
        while !seen.contains("four") {
            seen += &way.chunk().expect("the stream goes on");
        }
        let lines: Vec<_> = seen.lines().filter(|line| line.starts_with("data:")).collect();
        assert_eq!(lines, ["data: two", "data: three", "data: four"]);
    }
}

#[test]
fn signals_end_it_with_a_farewell() {
    for signal in [Signal::INT, Signal::TERM] {
        let mut served = serve(&[]);
        served.write("a\n").expect("it reads");
        let mut raw = get(served.address(), "/events?replay=1", "");
        let mut seen = raw.chunk().expect("it begins");
        served.signal(signal).expect("it runs");
        while let Some(chunk) = raw.chunk() {
            seen += &chunk;
        }
        assert!(seen.contains("retry: "), "{seen}");
        assert_eq!(served.ended(PATIENCE).expect("it ends").code(), Some(0));
    }
}

#[test]
fn input_that_ends_is_served_on_or_ends_it() {
    let mut served = serve(&[]);
    served.write("last without an end").expect("it reads");
    served.close_input();
    let mut client = Client::open(served.url("/events?replay=1"));
    assert_eq!(client.event().data, "last without an end");
    let mut served = serve(&["--once"]);
    let mut raw = get(served.address(), "/events?replay=9", "");
    assert!(raw.chunk().is_some());
    served.write("a\nb\n").expect("it reads");
    served.close_input();
    let mut seen = String::new();
    while let Some(chunk) = raw.chunk() {
        seen += &chunk;
    }
    assert!(seen.contains("data: a\n") && seen.contains("data: b\n"), "{seen}");
    assert_eq!(served.ended(PATIENCE).expect("it ends").code(), Some(0));
}

#[test]
fn a_file_is_followed_over_rotation() {
    let folder = Scratch::new("serve").expect("a folder");
    let path = folder.join("log");
    fs::write(&path, "1\n2\n3\n").expect("it is written");
    let name = path.to_str().expect("UTF-8");
    let served = serve(&["--lines", "2", "--replay", "10", name]);
    let mut client = Client::open(served.url("/events"));
    assert_eq!([client.event().data, client.event().data], ["2", "3"]);
    fs::rename(&path, folder.join("log.1")).expect("it moves");
    fs::write(&path, "4\n").expect("it is written");
    assert_eq!(client.event().data, "4");
    fs::write(&path, "5").expect("it is written");
    let mut file = fs::OpenOptions::new().append(true).open(&path).expect("it opens");
    std::thread::sleep(Duration::from_millis(300));
    file.write_all(b" whole\n").expect("it is written");
    // The same length as before may hide that the file was cut; the rest of the line is there in any case.
    assert!(client.event().data.ends_with(" whole"));
}

#[test]
fn history_survives_a_restart_and_a_crash() {
    let folder = Scratch::new("state").expect("a folder");
    let state = folder.join("state");
    let state = state.to_str().expect("UTF-8");
    let mut served = serve(&["--state", state, "--type", "log"]);
    served.write("one\ntwo\n").expect("it reads");
    let mut client = Client::open(served.url("/events?replay=9"));
    let first = client.event().last_event_id;
    assert_eq!(client.event().data, "two");
    served.process_mut().kill();
    // A run that cannot begin leaves the file alone.
    let taken = TcpListener::bind("127.0.0.1:0").expect("a free port");
    let address = taken.local_addr().expect("an address").to_string();
    let before = fs::read(state).expect("the file");
    let ran =
        sse().args(["serve", "--addr", &address, "--state", state]).stdin(Stdio::null()).output();
    assert_eq!(ran.expect("it runs").status.code(), Some(1));
    assert_eq!(fs::read(state).expect("the file"), before);

    let mut served = serve(&["--state", state]);
    served.write("three\n").expect("it reads");
    assert_eq!(resumed(&served, &first, "three"), ["event: log", "data: two", "data: three"]);
    let unknown = get(served.address(), "/events", "Last-Event-ID: 1-1\r\n").chunk();
    assert!(unknown.is_some_and(|chunk| chunk.contains("event: gap")));
    let ran = sse().args(["serve", "--state", "/nowhere/state"]).stdin(Stdio::null()).output();
    let ran = ran.expect("it runs");
    assert_eq!(ran.status.code(), Some(1));
    assert!(String::from_utf8_lossy(&ran.stderr).contains("/nowhere/state"), "{ran:?}");
}

/// A client that came before the first event.
#[test]
fn who_has_missed_nothing_over_a_restart_is_told_of_no_gap() {
    let folder = Scratch::new("empty").expect("a folder");
    let state = folder.join("state");
    let arguments = ["--state", state.to_str().expect("UTF-8")];
    let empty = serve(&arguments);
    let place = |served: &Served| {
        let block = get(served.address(), "/events", "").chunk().expect("its place");
        block.trim().strip_prefix("id: ").expect("an ID").to_owned()
    };
    let before_the_first = place(&empty);
    drop(empty);
    let mut served = serve(&arguments);
    assert_eq!(place(&served), before_the_first);
    served.write("one\ntwo\n").expect("it reads");
    assert_eq!(resumed(&served, &before_the_first, "two"), ["data: one", "data: two"]);
    served.process_mut().kill();
    let served = serve(&arguments);
    assert_eq!(resumed(&served, &before_the_first, "two"), ["data: one", "data: two"]);
}

/// A run that could not write all of its events and was killed: the next one cannot know them, and says so.
#[test]
#[cfg(unix)]
fn what_a_full_disk_did_not_take_is_told() {
    let folder = Scratch::new("full").expect("a folder");
    let state = folder.join("state");
    let arguments = ["--state", state.to_str().expect("UTF-8")];
    let mut limited = Command::new("sh");
    // Files of at most one block; who writes more gets an error, as of a disk that is full.
    limited.args(["-c", "trap '' XFSZ; ulimit -f 1; exec \"$0\" \"$@\""]).arg(sse().get_program());
    let mut served = serve_by(limited, &arguments);
    served.write("one\n").expect("it reads");
    let mut client = Client::open(served.url("/events?replay=9"));
    let first = client.event();
    // The second event is as long as the block has room, so that nothing of the third goes in.
    let (id, full) = (&first.last_event_id, 512);
    let room = full - fs::metadata(&state).expect("the file").len() as usize;
    let filling = "x".repeat(room - format!("id: {id}\ndata: \n\n").len());
    served.write(&format!("{filling}\n")).expect("it reads");
    assert_eq!(client.event().data, filling);
    assert_eq!(fs::metadata(&state).expect("the file").len() as usize, full);
    served.write("three\n").expect("it reads");
    assert_eq!(client.event().data, "three");
    served.process_mut().kill();
    let mut served = serve(&arguments);
    served.write("later\n").expect("it reads");
    let told = resumed(&served, id, "later");
    let gap = r#"data: {"reason":"unsaved","missed":null}"#;
    assert_eq!(told, ["event: gap", gap, "data: later"]);
}

#[test]
fn a_file_is_followed_on_where_the_last_run_ended() {
    let folder = Scratch::new("mark").expect("a folder");
    let (log, state) = (folder.join("log"), folder.join("state"));
    fs::write(&log, "1\n2\nhal").expect("it is written");
    let append = |text: &str| {
        let file = fs::OpenOptions::new().append(true).open(&log);
        file.expect("it opens").write_all(text.as_bytes()).expect("it is written");
    };
    let arguments = ["--state", state.to_str().expect("UTF-8"), log.to_str().expect("UTF-8")];
    let mut served = serve(&arguments);
    let mut client = Client::open(served.url("/events?replay=9"));
    assert_eq!([client.event().data, client.event().data], ["1", "2"]);
    let kept = || fs::read_to_string(&state).expect("the file").contains(": file ");
    eventually("the place is kept", kept);
    served.signal(Signal::TERM).expect("it runs");
    assert_eq!(served.ended(PATIENCE).expect("it ends").code(), Some(0));
    append("f\n4\n");
    let served = serve(&arguments);
    let mut client = Client::open(served.url("/events?replay=9"));
    let seen: Vec<_> = (0..4).map(|_| client.event().data).collect();
    assert_eq!(seen, ["1", "2", "half", "4"]);
}

#[test]
fn post_needs_the_token() {
    let served = serve(&["--post", "--token", "s3cret", "--replay", "10"]);
    let right = "Authorization: Bearer s3cret\r\n";
    for wrong in ["", "Authorization: Bearer s3cre\r\n", "Authorization: Basic s3cret\r\n"] {
        assert_eq!(post(&served, "/events", wrong, "no").0, 401, "{wrong}");
    }
    let (status, id) = post(&served, "/events?type=greeting&id=7", right, "hello\nworld");
    assert_eq!((status, &*id), (200, "7\n"));
    let json = format!("{right}Content-Type: application/x-ndjson\r\n");
    let (status, ids) = post(&served, "/events", &json, "{\"data\":1}\n{\"data\":{\"a\":2}}\n");
    assert_eq!((status, ids.lines().count()), (200, 2));
    let stream = format!("{right}Content-Type: text/event-stream\r\n");
    assert_eq!(post(&served, "/events", &stream, "event: e\ndata: 3\n\n").0, 200);
    for (target, headers, body) in [
        ("/events?type=a%0Ab", right, "x"),
        ("/events?id=%00", right, "x"),
        ("/events", &*json, "{}"),
    ] {
        assert_eq!(post(&served, target, headers, body).0, 400, "{target}");
    }
    let mut client = Client::open(served.url("/events"));
    let events: Vec<_> = (0..4).map(|_| client.event()).collect();
    let seen: Vec<_> = events.iter().map(|it| (&*it.event_type, &*it.data)).collect();
    let expected =
        [("greeting", "hello\nworld"), ("message", "1"), ("message", r#"{"a":2}"#), ("e", "3")];
    assert_eq!(seen, expected);
    assert_eq!(events[0].last_event_id, "7");
}

#[test]
fn without_a_token_only_this_machine_and_its_pages_publish() {
    let served = serve(&["--post", "--cors", "http://friend.example"]);
    let own = format!("Origin: http://{}\r\n", served.address());
    for (headers, status) in [
        ("", 200),
        (&*own, 200),
        ("Origin: http://friend.example\r\n", 200),
        ("Origin: http://evil.example\r\n", 403),
        ("Origin: null\r\n", 403),
        ("Origin: http://evil.example\r\nHost: evil.example\r\n", 400),
    ] {
        assert_eq!(post(&served, "/events", headers, "x").0, status, "{headers}");
    }
    // A name that was made to lead here.
    let mut peer = Peer::connect(served.address());
    let head = "POST /events HTTP/1.1\r\nHost: evil.example\r\nOrigin: http://evil.example\r\n";
    peer.send(format!("{head}Content-Length: 1\r\n\r\nx"));
    assert_eq!(status(&peer.head()), 403);
    let ran = sse().args(["serve", "--post", "--addr", ":0"]).env_remove("SSE_TOKEN").output();
    let ran = ran.expect("it runs");
    assert_eq!(ran.status.code(), Some(1));
    assert!(String::from_utf8_lossy(&ran.stderr).contains("--token"), "{ran:?}");
    assert_eq!(
        get(served.address(), "/events", "Origin: http://friend.example\r\n")
            .header("Access-Control-Allow-Origin"),
        Some("http://friend.example")
    );
}

#[test]
fn a_page_is_served_when_it_is_wanted() {
    let served = serve(&["--page"]);
    let page = get(served.address(), "/", "");
    assert_eq!(page.status, 200);
    assert!(page.header("Content-Security-Policy").is_some());
    assert!(page.text().contains("<title>Events</title>"));
    let served = serve(&[]);
    assert!(get(served.address(), "/", "").text().contains("/events"));
    assert_eq!(get(served.address(), "/page", "").status, 404);
}

#[test]
fn what_cannot_be_done_is_said_with_the_remedy() {
    let taken = TcpListener::bind("127.0.0.1:0").expect("a free port");
    let address = taken.local_addr().expect("an address").to_string();
    for (arguments, code, word) in [
        (&["--addr", &*address][..], 1, "choose another port"),
        (&["--addr", "nowhere.invalid:1:2"], 2, "write 127.0.0.1:8080"),
        (&["--addr", "127.0.0.1:0", "--cors", "*", "--credentials"], 1, "named origins"),
        (&["--addr", "127.0.0.1:0", "/"], 1, "/"),
        (&["--token", "x"], 2, "--post"),
        (&["--type", "a\nb"], 2, "--type"),
    ] {
        let ran = sse().arg("serve").args(arguments).stdin(Stdio::null()).output();
        let ran = ran.expect("it runs");
        let told = String::from_utf8_lossy(&ran.stderr);
        assert_eq!(ran.status.code(), Some(code), "{arguments:?}: {told}");
        assert!(told.contains(word), "{arguments:?}: {told}");
    }
}

#[test]
fn listen_and_serve_fit_together() {
    let mut first = serve(&["--format", "stream", "--replay", "9"]);
    first.write("id: 1\nevent: e\ndata: a\ndata: b\n\ndata: c\n\n").expect("it reads");
    let listen = |url: &str| {
        let ran = sse().args(["listen", "--json", "--max", "2", url]).output().expect("it runs");
        String::from_utf8(ran.stdout).expect("UTF-8")
    };
    let lines = listen(&first.url("/events"));
    let mut second = serve(&["--format", "json", "--replay", "9"]);
    second.write(&lines).expect("it reads");
    let mut client = Client::open(second.url("/events"));
    let event = client.event();
    let seen = (&*event.event_type, &*event.data, &*event.last_event_id);
    assert_eq!(seen, ("e", "a\nb", "1"));
    assert_eq!(client.event().data, "c");
}
