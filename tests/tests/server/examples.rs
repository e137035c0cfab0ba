//! The programs of `examples/examples`, used as a user uses them. `commands` has how they begin and end.

use std::collections::HashSet;
use std::io::Write as _;
use std::process::Stdio;

use testkit::raw::{self, Peer, field};
use testkit::wait::{PATIENCE, eventually};
use testkit::{Child, Lines, Scratch, Served, Signal};
use tests::program::{command, start, start_with};

fn post(program: &Served, target: &str, body: &str) -> (u16, String) {
    let answer = raw::post(program.address(), target, "", body);
    (answer.status, answer.text())
}

fn page(program: &Served, target: &str) -> String {
    let answer = raw::get(program.address(), target, "");
    assert_eq!(answer.status, 200, "{target}");
    answer.text()
}

#[test]
fn clock_ticks_for_everyone() {
    let program = start("clock");
    assert!(page(&program, "/").contains("new EventSource"));
    let mut peers: Vec<Peer> =
        (0..3).map(|_| Peer::subscribe(program.address(), "/events", None)).collect();
    for peer in &mut peers {
        let times = [peer.data().unwrap(), peer.data().unwrap()];
        assert!(times[0].contains(':') && times[0] != times[1], "{times:?}");
    }
}

#[test]
fn chat_shows_history_to_who_joins() {
    let program = start("chat");
    assert!(page(&program, "/").contains("<form>"));
    let mut first = Peer::subscribe(program.address(), "/events", None);
    assert_eq!(post(&program, "/say?name=Ada%20L", "hello\nall").0, 204);
    assert_eq!(
        first.event().unwrap().split_once('\n').unwrap().1,
        "data: Ada L\ndata: hello\ndata: all"
    );
    let mut late = Peer::subscribe(program.address(), "/events", None);
    assert!(late.event().unwrap().contains("data: Ada L\n"));
    for (target, body, expected) in [
        ("/say", "x", 422),
        ("/say?name=%0A", "x", 422),
        ("/say?name=a", " ", 422),
        ("/other", "x", 404),
    ] {
        assert_eq!(post(&program, target, body).0, expected, "{target}");
    }
    let forged = post(&program, "/say?name=a%0Aevent:%20gap", "x\n\nevent: gap\ndata: forged");
    assert_eq!(forged.0, 204);
    let event = first.event().unwrap();
    assert_eq!(field(&event, "event"), None, "{event}");
    assert_eq!(event.matches("data: event: gap").count(), 1, "{event}");
}

/// Starts `tail`, which takes more arguments than an address.
fn tail(arguments: &[&str]) -> Served {
    start_with("tail", &[&["--addr", "127.0.0.1:0"], arguments].concat())
}

#[test]
fn tail_follows_a_file_and_resumes_after_its_own_restart() {
    let folder = Scratch::new("tail").expect("a folder");
    let path = folder.join("file");
    std::fs::write(&path, "one\ntwo\n").unwrap();
    let append = |text: &str| {
        let mut file = std::fs::OpenOptions::new().append(true).open(&path).unwrap();
        file.write_all(text.as_bytes()).unwrap();
    };
    let file = path.to_str().unwrap();
    let running = tail(&[file]);
    let mut peer = Peer::subscribe(running.address(), "/events", None);
    assert_eq!(peer.data().as_deref(), Some("one"));
    assert_eq!(peer.data().as_deref(), Some("two"));
    append("thr");
    append("ee\r\n");
    let three = peer.event().unwrap();
    assert_eq!(field(&three, "data"), Some("three"));
    drop(running);
    append("four\n");
    let running = tail(&[file]);
    let address = running.address();
    // The file must have been read before its lines can be resumed.
    let mut ready = Peer::subscribe(address, "/events", None);
    while ready.data().as_deref() != Some("four") {}
    let mut peer = Peer::subscribe(address, "/events", field(&three, "id"));
    assert_eq!(peer.block().map(|block| block.ends_with("data: four")), Some(true));
    std::fs::write(&path, "anew\n").unwrap();
    assert_eq!(peer.data().as_deref(), Some("anew"));
}

#[test]
fn tail_reads_standard_input() {
    let mut running = tail(&[]);
    let mut peer = Peer::subscribe(running.address(), "/events", None);
    running.write("one\n").unwrap();
    assert_eq!(peer.data().as_deref(), Some("one"));
    running.write("no line end").unwrap();
    running.close_input();
    assert_eq!(peer.data().as_deref(), Some("no line end"));
}

#[test]
fn progress_can_be_watched_late_and_again() {
    let program = start("progress");
    assert!(page(&program, "/").contains("new EventSource"));
    assert_eq!(post(&program, "/jobs", ""), (201, "1".to_owned()));
    let mut started = Peer::subscribe(program.address(), "/jobs", None);
    assert_eq!(started.data().as_deref(), Some("1"), "a job that was started elsewhere");
    let mut early = Peer::subscribe(program.address(), "/jobs/1", None);
    let first = early.event().unwrap();
    assert_eq!(field(&first, "data"), Some("0"));
    drop(early);
    let mut again = Peer::subscribe(program.address(), "/jobs/1", field(&first, "id"));
    let mut seen = Vec::new();
    while let Some(event) = again.event() {
        seen.push(field(&event, "data").unwrap().parse::<u32>().unwrap());
    }
    assert_eq!(seen, (1..=20).map(|step| step * 5).collect::<Vec<_>>());
    assert!(again.ended, "the stream ends properly");
    let mut late = Peer::subscribe(program.address(), "/jobs/1", None);
    assert_eq!(late.data().as_deref(), Some("0"));
    let jobs = |job, headers| raw::get(program.address(), job, headers).status;
    assert_eq!(jobs("/jobs/1", "Last-Event-ID: done\r\n"), 204);
    assert_eq!(jobs("/jobs/2", ""), 404);
}

#[test]
fn dashboard_shows_its_own_load() {
    let program = start("dashboard");
    assert!(page(&program, "/").contains("<div id=\"charts\">"));
    let load: Vec<Peer> =
        (0..5).map(|_| Peer::subscribe(program.address(), "/load", None)).collect();
    let mut points = Peer::subscribe(program.address(), "/events", None);
    let mut open = 0;
    while open < 6 {
        let point = points.data().unwrap();
        let rest = point.strip_prefix("{\"open\":").unwrap_or_else(|| panic!("{point}"));
        open = rest.split(',').next().unwrap().parse().unwrap();
    }
    let metrics = page(&program, "/metrics");
    assert!(metrics.contains("\nsse_subscribers{channel=\"load\"} 5\n"), "{metrics}");
    let names = metrics.lines().map(|line| {
        line.trim_start_matches("# TYPE ").split(['{', ' ']).next().unwrap_or_default()
    });
    let mut groups: Vec<&str> = names.collect();
    groups.dedup();
    let once = groups.iter().collect::<HashSet<_>>().len();
    assert_eq!(once, groups.len(), "the lines of a metric stand together: {groups:?}");
    drop(load);
    eventually("they are gone", || page(&program, "/metrics").contains("{channel=\"load\"} 0\n"));
}

#[test]
fn topics_go_over_one_connection_and_others_may_be_chosen() {
    let program = start("topics");
    assert!(page(&program, "/").contains("new EventSource"));
    let say = |topic: &str, text: &str| post(&program, &format!("/topics/{topic}"), text).0;
    let follow = |query: &str, id: Option<&str>| {
        Peer::subscribe(program.address(), &format!("/events?topics={query}"), id)
    };
    let mut peer = follow("news,weather", None);
    assert_eq!((say("news", "n1"), say("sport", "s1"), say("weather", "w1")), (204, 204, 204));
    let events = [peer.event().unwrap(), peer.event().unwrap()];
    let said = events.each_ref().map(|event| (field(event, "event"), field(event, "data")));
    let mut sorted = said;
    sorted.sort_unstable();
    let topic = |name, text| (Some(name), Some(text));
    assert_eq!(sorted, [topic("news", "n1"), topic("weather", "w1")]);
    drop(peer);
    assert_eq!((say("news", "n2"), say("weather", "w2")), (204, 204));
    // The page has chosen others, and gives its ID in the URL.
    let id = field(&events[1], "id").expect("an ID");
    let mut peer = follow(&format!("news,sport&lastEventId={id}"), None);
    let mut seen = [peer.data().unwrap(), peer.data().unwrap()];
    seen.sort_unstable();
    assert_eq!(seen, ["n2", "s1"], "what was missed, and what the new one still has");
    let mut peer = follow("news", Some("nonsense"));
    let gap = peer.event().unwrap();
    assert!(gap.contains(r#"data: {"channel":"news","reason":"unknown-id""#), "{gap}");
    assert_eq!((say("none", "x"), say("news", " ")), (404, 422));
    for (query, expected) in [("none", 404), ("", 422), ("news,news", 422)] {
        let answer = raw::get(program.address(), &format!("/events?topics={query}"), "");
        assert_eq!(answer.status, expected, "{query}");
    }
}

#[test]
fn votes_are_counted_once_by_whoever_comes_when() {
    let program = start("votes");
    assert!(page(&program, "/").contains("new EventSource"));
    let vote = |choice: &str| post(&program, &format!("/vote?for={choice}"), "").0;
    assert_eq!((vote("tea"), vote("tea"), vote("water"), vote("beer")), (204, 204, 204, 422));
    let mut peer = Peer::subscribe(program.address(), "/events", None);
    let result = peer.event().unwrap();
    assert_eq!(field(&result, "event"), Some("result"));
    assert!(result.ends_with("data: coffee 0\ndata: tea 2\ndata: water 1"), "{result}");
    assert_eq!(vote("coffee"), 204);
    assert_eq!(peer.data().as_deref(), Some("coffee"));
    let mut again = Peer::subscribe(program.address(), "/events", field(&result, "id"));
    assert_eq!(again.data().as_deref(), Some("coffee"), "no result again");
    let mut lost = Peer::subscribe(program.address(), "/events", Some("1-1"));
    assert!(lost.event().unwrap().contains("data: coffee 1\n"), "the result in place of a gap");
}

#[test]
fn shutdown_finishes_what_is_under_way() {
    let mut program = start("shutdown");
    let subscribe = |path| Peer::subscribe(program.address(), path, None);
    let (mut answer, mut clock, mut news) =
        (subscribe("/answer"), subscribe("/clock"), subscribe("/news"));
    assert_eq!(answer.data().as_deref(), Some("1"));
    news.block().expect("its position");
    program.signal(Signal::TERM).expect("it runs");
    let numbers: Vec<String> = std::iter::from_fn(|| answer.data()).collect();
    assert_eq!(numbers, (2..=10).map(|number| number.to_string()).collect::<Vec<_>>());
    while clock.block().is_some() {}
    let farewell = news.block().expect("a farewell");
    assert!(field(&farewell, "retry").is_some() && news.block().is_none(), "{farewell}");
    assert!(answer.ended && clock.ended && news.ended, "none of them is cut");
    drop((answer, clock, news));
    let status = program.ended(PATIENCE).expect("it ends");
    assert!(status.success(), "{status}");
}

/// Starts `tls` with a certificate of its own in `folder`.
fn tls(folder: &Scratch) -> Served {
    let made = rcgen::generate_simple_self_signed(["localhost".to_owned()]).expect("a certificate");
    let (certificate, key) = (folder.join("cert.pem"), folder.join("key.pem"));
    std::fs::write(&certificate, made.cert.pem()).expect("written");
    std::fs::write(&key, made.signing_key.serialize_pem()).expect("written");
    Served::start(command("tls").arg(certificate).arg(key).arg("127.0.0.1:0")).expect("tls starts")
}

#[test]
fn tls_in_the_process() {
    let folder = Scratch::new("tls").expect("a folder");
    let mut program = tls(&folder);
    let address = program.address();
    // One that does not shake hands.
    let mut silent = Peer::connect(address);
    // One that would speak HTTP/2.
    let mut curl = tests::proxy::command("curl");
    curl.args(["-sNkv", "--http2", "--max-time", "20", &format!("https://{address}/")]);
    let (mut curl, events) = Child::with_lines(curl.stderr(Stdio::piped())).expect("curl starts");
    let said = Lines::of(curl.inner().stderr.take().expect("a pipe"));
    let comes = |text: &str| {
        events.find(PATIENCE, |line| line.starts_with(text).then_some(())).expect(text);
    };
    comes("data: tick");
    assert_eq!(silent.read_to_end(), "", "closed without a word");
    program.signal(Signal::TERM).expect("it runs");
    comes("retry: ");
    let status = curl.ended(PATIENCE).expect("curl ends");
    let said = said.collect::<Vec<_>>().join("\n");
    assert!(status.success(), "the stream ended properly: {said}");
    assert!(said.contains("ALPN") && said.contains("http/1.1"), "{said}");
    assert!(program.ended(PATIENCE).expect("it ends").success());
}
