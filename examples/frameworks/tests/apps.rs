//! Each program with real clients, ours and curl: the same tests, whatever the framework.

mod support;

use support::App;
use testkit::Scratch;

/// Holds a program to all tests.
macro_rules! app {
    ($name:ident) => {
        mod $name {
            const PROGRAM: &str = env!(concat!("CARGO_BIN_EXE_", stringify!($name)));

            #[test]
            fn who_comes_back_misses_nothing_and_is_told_of_a_gap() {
                super::who_comes_back_misses_nothing_and_is_told_of_a_gap(PROGRAM);
            }

            #[test]
            fn curl_sees_the_head_fields_and_a_whole_body_at_shutdown() {
                super::curl_sees_the_head_fields_and_a_whole_body_at_shutdown(PROGRAM);
            }

            #[test]
            fn a_silent_stream_has_heartbeats_and_who_leaves_is_noticed() {
                super::a_silent_stream_has_heartbeats_and_who_leaves_is_noticed(PROGRAM);
            }

            #[test]
            fn a_client_goes_on_after_a_restart() {
                super::a_client_goes_on_after_a_restart(PROGRAM);
            }
        }
    };
}

app!(on_actix_web);
app!(on_axum);
app!(on_hyper);
app!(on_warp);

fn who_comes_back_misses_nothing_and_is_told_of_a_gap(program: &str) {
    let app = App::start(program, &[]);
    let first = app.listen("");
    let id = app.publish(&["one"]);
    let one = first.next();
    assert_eq!((one.data.as_str(), one.last_event_id.as_str()), ("one", id.as_str()));
    drop(first);

    app.publish(&["two", "three"]);
    let back = app.listen(&id);
    assert_eq!(back.data(), ["two", "three"]);
    app.publish(&["four"]);
    assert_eq!(back.data(), ["four"]);
    drop(back);

    let more: Vec<String> = (5..=103).map(|number| number.to_string()).collect();
    app.publish(&more.iter().map(String::as_str).collect::<Vec<_>>());
    // A hundred are held, the fourth to the last: "two" and "three" are lost.
    let late = app.listen(&id);
    let gap = late.next();
    assert_eq!((&*gap.event_type, &*gap.data), ("gap", r#"{"reason":"evicted","missed":2}"#));
    assert_eq!(late.data(), ["four"]);
    assert_eq!(late.data::<99>().as_slice(), more);
}

fn curl_sees_the_head_fields_and_a_whole_body_at_shutdown(program: &str) {
    let mut app = App::start(program, &[]);
    let id = app.publish(&["one"]);
    app.publish(&["two"]);
    let mut curl = app.curl(&["--include", "--header", &format!("Last-Event-ID: {id}")]);
    let seen = curl.until("data: two");
    for field in [
        "content-type: text/event-stream",
        "cache-control: no-cache, no-transform",
        "x-accel-buffering: no",
    ] {
        let has = |line: &String| line.eq_ignore_ascii_case(field);
        assert!(seen.iter().any(has), "{field}: {seen:?}");
    }
    assert!(!seen.iter().any(|line| line == "data: one"), "{seen:?}");
    app.interrupt();
    curl.finish();
}

fn a_silent_stream_has_heartbeats_and_who_leaves_is_noticed(program: &str) {
    let app = App::start(program, &[]);
    let (mut stays, leaves) = (app.curl(&[]), app.curl(&[]));
    app.wait_for_clients(2);
    leaves.kill();
    app.wait_for_clients(1);
    let lines = stays.until(":");
    assert!(!lines.iter().any(|line| line.starts_with("data")), "{lines:?}");
    stays.kill();
    app.wait_for_clients(0);
}

fn a_client_goes_on_after_a_restart(program: &str) {
    let folder = Scratch::new("frameworks").unwrap();
    let state = folder.join("state");
    let file = state.to_str().unwrap();
    let mut app = App::start(program, &["--state", file]);
    let address = app.address();
    let client = app.listen("");
    app.publish(&["one"]);
    assert_eq!(client.data(), ["one"]);
    app.interrupt();
    let app = App::start(program, &["--state", file, "--addr", &address]);
    app.publish(&["two"]);
    assert_eq!(client.next_anew().data, "two");
    app.publish(&["three"]);
    assert_eq!(client.data(), ["three"]);
    assert!(state.exists(), "it is kept where it was asked for");
}

#[test]
fn the_readme_shows_lines_of_the_program() {
    let program = include_str!("../src/bin/on_axum.rs");
    let readme = include_str!("../../../README.md");
    let shown = readme.split("```rust,ignore\n").nth(1).and_then(|it| it.split("```").next());
    assert!(shown.is_some_and(|shown| program.contains(shown)), "{shown:?}");
}
