//! `sse scenarios`, run as a user runs it, with drivers in three languages.

use std::fs;
use std::process::{Output, Stdio};
use testkit::raw::get;
use testkit::wait::PATIENCE;
use testkit::{Scratch, Served, Signal};
use tests::program::sse;

/// Scenarios that say nothing of time, so that a busy machine changes no verdict.
const CALM: [&str; 14] = [
    "one-event",
    "named-events",
    "multi-line-data",
    "lines-mixed",
    "byte-by-byte",
    "bom-twice",
    "not-utf-8",
    "data-64-kib",
    "resume",
    "resume-chinese-id",
    "restart",
    "crash",
    "status-204",
    "type-text",
];

fn scenarios(arguments: &[&str]) -> Output {
    sse().arg("scenarios").args(arguments).output().expect("it runs")
}

fn text(bytes: &[u8]) -> &str {
    std::str::from_utf8(bytes).expect("UTF-8")
}

fn driver(name: &str) -> String {
    format!("{}/drivers/{name}", env!("CARGO_MANIFEST_DIR"))
}

/// Tries a client on these scenarios.
fn try_client(command: &str, only: &[&str], further: &[&str]) -> Output {
    let only = only.iter().flat_map(|name| ["--only", name]);
    let arguments: Vec<&str> = ["--client", command].into_iter().chain(only).collect();
    scenarios(&[&arguments, further].concat())
}

#[test]
fn drivers_in_three_languages_conform() {
    let (node, python) = (driver("driver.mjs"), driver("driver.py"));
    for command in [
        format!("node '{node}'"),
        format!("python3 '{python}'"),
        format!("'{}'", env!("CARGO_BIN_EXE_driver")),
    ] {
        let ran = try_client(&command, &CALM, &["--time", "60"]);
        let told = text(&ran.stdout);
        assert_eq!(ran.status.code(), Some(0), "{command}: {told}{}", text(&ran.stderr));
        let summary = format!("{} conform, 0 deviate, 0 not applicable\n", CALM.len());
        assert!(told.ends_with(&summary), "{command}: {told}");
    }
}

/// A driver in `folder`, with one thing put in place of another.
fn changed(folder: &Scratch, from: &str, to: &str) -> String {
    let source = fs::read_to_string(driver("driver.mjs")).expect("the driver");
    assert!(source.contains(from), "{from}");
    let path = folder.join("driver.mjs");
    fs::write(&path, source.replace(from, to)).expect("it is written");
    format!("node '{}'", path.display())
}

#[test]
fn a_client_that_deviates_is_found_with_the_clause() {
    let folder = Scratch::new("driver").expect("a folder");
    for (from, to, name) in [
        (r#"part === "\n" || part === "\r""#, r#"part === "\n""#, "lines-cr"),
        ("if (id) headers", "if (false) headers", "resume"),
        ("new TextDecoder()", "new TextDecoder('utf-8', { ignoreBOM: true })", "bom"),
        (r#"data.join("\n")"#, r#"data.join("")"#, "multi-line-data"),
        ("type !== \"text/event-stream\"", "false", "type-text"),
        ("!value.includes(\"\\0\")", "true", "id-with-nul"),
    ] {
        let ran = try_client(&changed(&folder, from, to), &[name], &["--time", "5"]);
        let told = text(&ran.stdout);
        assert_eq!(ran.status.code(), Some(1), "{from}: {told}");
        assert!(told.starts_with(&format!("FAIL {name} ")) && told.contains("9.2."), "{told}");
        let ran = try_client(&format!("node '{}'", driver("driver.mjs")), &[name], &[]);
        assert_eq!(ran.status.code(), Some(0), "{name}: {}", text(&ran.stdout));
    }
}

#[test]
fn what_a_client_lacks_is_not_held_against_it() {
    let ran = try_client("false", &["cors-missing"], &["--lacks", "origins", "--json"]);
    let report = text(&ran.stdout);
    assert_eq!(ran.status.code(), Some(0), "{report}");
    assert!(report.contains(r#""not_applicable":1"#), "{report}");
    assert!(report.contains("it has no origin"), "{report}");
}

#[test]
fn drivers_that_do_not_work_are_told_of() {
    for (command, word) in [
        ("/nowhere/driver", "the driver"),
        ("true", "the driver"),
        ("yes hello", "not JSON"),
        ("sleep 60", "was not over after 0.5 s"),
    ] {
        let ran = try_client(command, &["one-event", "named-events"], &["--time", "0.5"]);
        let told = text(&ran.stdout);
        assert_eq!(ran.status.code(), Some(1), "{command}: {told}");
        assert!(told.matches(word).count() >= 2, "{command}: {told}");
    }
}

#[test]
fn scenarios_are_listed_and_served() {
    let list = scenarios(&["--list"]);
    assert!(text(&list.stdout).lines().count() > 80, "{list:?}");
    let some = scenarios(&["--list", "--only", "cors*", "--json"]);
    let lines: Vec<&str> = text(&some.stdout).lines().collect();
    assert!(
        lines.len() > 1 && lines.iter().all(|line| line.contains(r#""name":"cors"#)),
        "{lines:?}"
    );
    assert_eq!(scenarios(&["--list", "--only", "nothing"]).status.code(), Some(1));
    assert_eq!(scenarios(&["--lacks", "origins"]).status.code(), Some(2));

    let mut server = Served::start(sse().arg("scenarios").stderr(Stdio::null()));
    let server = server.as_mut().expect("it starts");
    let mut answer = get(server.address(), "/", "");
    let mut page = String::new();
    while let Some(chunk) = answer.chunk() {
        page += &chunk;
    }
    let taken = scenarios(&["--addr", &server.address().to_string()]);
    server.signal(Signal::TERM).expect("it runs");
    assert_eq!(server.ended(PATIENCE).expect("it ends").code(), Some(0));
    assert!(page.contains("one-event"), "{page}");
    assert_eq!(taken.status.code(), Some(1));
    assert!(text(&taken.stderr).contains("choose another port"), "{taken:?}");
}
