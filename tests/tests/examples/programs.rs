//! What all demo programs do alike: arguments, a taken port, signals; and the one server that has all of them.

use std::net::TcpListener;
use std::time::Duration;

use testkit::Scratch;
use testkit::Signal;
use testkit::raw::get;
use tests::client::Client;
use tests::program::{command, start, start_with};

const SECOND: Duration = Duration::from_secs(1);
const STREAM: &str = "Accept: text/event-stream\r\n";

#[test]
fn signals_end_a_program_in_spite_of_open_streams() {
    for signal in [Signal::INT, Signal::TERM] {
        let mut demo = start("start-and-stop");
        let mut raw = get(demo.address(), "/", STREAM);
        assert!(raw.chunk().is_some());
        demo.signal(signal).expect("it runs");
        let status = demo.ended(20 * SECOND).expect("it ends");
        assert!(status.success(), "{signal:?}: {status}");
    }
}

#[test]
fn a_taken_port_is_said_with_the_remedy() {
    let taken = TcpListener::bind("127.0.0.1:0").expect("a free port");
    let address = taken.local_addr().expect("an address").to_string();
    let output = command("counter").args(["--addr", &address]).output().expect("it runs");
    assert_eq!(output.status.code(), Some(1));
    let message = String::from_utf8_lossy(&output.stderr);
    assert!(message.contains(&address) && message.contains("--addr"), "{message}");
}

#[test]
fn arguments_are_explained() {
    let help = command("counter").arg("--help").output().expect("it runs");
    assert!(help.status.success());
    assert!(String::from_utf8_lossy(&help.stdout).contains("--addr"));
    let wrong = command("counter").arg("--port").output().expect("it runs");
    assert_eq!(wrong.status.code(), Some(2));
    assert!(String::from_utf8_lossy(&wrong.stderr).contains("--port"));
}

#[test]
fn the_one_server_has_every_demo_below_its_name() {
    let demo = start("demo");
    let index = get(demo.address(), "/", "").text();
    let streams = [
        ("hello-clock", "/sse", "data: Hello, this is a server-sent event!\n\n"),
        ("counter", "/events", "data: 当前时间："),
        ("identified-stream", "/stream", "retry: 10000\n"),
        ("start-and-stop", "/", "data: "),
        ("event-types", "/", "event: name\n"),
        ("finite-stream", "/sse", "event:lol\ndata: 123321 \n\n"),
    ];
    // All are open before the first is read: most of them wait before they send something.
    let open = streams.map(|(name, path, start)| {
        let stream = get(demo.address(), &format!("/{name}{path}"), STREAM);
        (name, start, stream)
    });
    for (name, start, mut stream) in open {
        assert!(index.contains(&format!("id=\"{name}\"")), "{name} has no card");
        let bare = get(demo.address(), &format!("/{name}"), "");
        assert_eq!(bare.status, 308);
        assert_eq!(bare.header("Location"), Some(format!("/{name}/").as_str()));
        let asks_for_page = "Accept: text/html\r\n";
        let page = get(demo.address(), &format!("/{name}/"), asks_for_page).text();
        assert!(page.contains("<script>") && !page.contains("eventSourceFor"), "{name}");
        let preview = get(demo.address(), &format!("/{name}/?preview"), asks_for_page).text();
        assert!(preview.contains("parent.eventSourceFor"), "{name}");
        let first = stream.chunk().expect("the stream begins");
        assert!(first.starts_with(start), "{name}: {first:?}");
    }
    for path in ["/unknown", "/counterfeit", "/counter/other"] {
        assert_eq!(get(demo.address(), path, "").status, 404, "{path}");
    }
}

/// With a client attached: it goes on in the same epoch, with the event that follows.
#[test]
fn the_log_of_the_demos_survives_them() {
    let folder = Scratch::new("demo").expect("a folder");
    let state = folder.join("state");
    let state = state.to_str().expect("UTF-8");
    let begin = |address: &str| start_with("demo", &["--addr", address, "--state", state]);
    let mut demo = begin("127.0.0.1:0");
    let address = demo.address().to_string();
    let mut client = Client::open(demo.url("/log/events"));
    let mut next = move || {
        let event = client.event();
        assert_eq!(event.event_type, "message", "{event:?}");
        let (epoch, sequence) = event.last_event_id.split_once('-').expect("a number");
        (epoch.to_owned(), sequence.parse::<u64>().expect("a number"))
    };
    let (epoch, first) = next();
    let mut expected = first + 1;
    for signal in [Signal::TERM, Signal::INT] {
        assert_eq!(next(), (epoch.clone(), expected));
        demo.signal(signal).expect("it runs");
        assert!(demo.ended(20 * SECOND).is_ok_and(|status| status.success()), "{signal:?}");
        demo = begin(&address);
        (expected + 1..expected + 4).for_each(|number| assert_eq!(next(), (epoch.clone(), number)));
        expected += 4;
    }
    assert!(get(demo.address(), "/log/", "").text().contains("EventSource"));
    // A file that is something else is left alone.
    let other = folder.join("other");
    std::fs::write(&other, "something else").expect("it is written");
    let ran = command("demo").args(["--addr", "127.0.0.1:0", "--state"]).arg(&other).output();
    let ran = ran.expect("it runs");
    assert_eq!(ran.status.code(), Some(1));
    assert!(String::from_utf8_lossy(&ran.stderr).contains("it is no snapshot"), "{ran:?}");
    assert_eq!(std::fs::read(&other).expect("it is there"), b"something else");
    let wrong = command("demo").arg("--state").output().expect("it runs");
    assert_eq!(wrong.status.code(), Some(2));
}
