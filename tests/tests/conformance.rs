//! Every conformance vector against the oracle and the codec, and the vector files themselves.

use std::collections::HashSet;
use std::fmt::Write as _;
use std::path::Path;

use tests::conformance;
use tests::proxy::command;
use tests::quotations;
use tests::vectors::{self, Vector};

#[test]
fn every_vector_holds_however_it_is_cut() {
    for vector in vectors::load() {
        if let Err(error) = conformance::check(&vector) {
            panic!("{}: {error}", vector.name);
        }
    }
}

#[test]
fn every_citation_and_name_is_sound() {
    let clauses: HashSet<String> = vectors::clauses().into_iter().map(|it| it.id).collect();
    let mut uncited = clauses.clone();
    let mut names = HashSet::new();
    for vector in vectors::load() {
        assert!(!vector.cites.is_empty(), "{} cites no clause", vector.name);
        for id in &vector.cites {
            uncited.remove(id);
            assert!(clauses.contains(id), "{} cites {id}, which is no clause", vector.name);
        }
        assert!(names.insert(vector.name.clone()), "{} is there twice", vector.name);
    }
    assert!(uncited.is_empty(), "no vector cites {uncited:?}");
    assert!(names.len() >= 150, "only {} vectors", names.len());
}

#[test]
fn every_clause_is_quoted_by_the_code_that_carries_it_out() {
    let comments = quotations::comments();
    for clause in vectors::clauses() {
        let places = quotations::of(&clause, &comments);
        let reason = &clause.no_code;
        assert_eq!(places.is_empty(), reason.is_some(), "{}: {places:?}, {reason:?}", clause.id);
    }
}

#[test]
fn the_python_loader_of_the_readme_loads_the_same() {
    let print = r#"
import sys
for path in sys.argv[1:]:
    for c in load(path):
        time = "none" if c["reconnection_time"] is None else c["reconnection_time"]
        print(c["name"], ",".join(c["cites"]), c["input"].hex(), c["last_event_id"].encode().hex(), time, sep="|")
        for offset, *texts in c["events"]:
            print(offset, *(text.encode().hex() for text in texts), sep="|")
"#;
    check_loader("python3", "-c", "python", print);
}

#[test]
fn the_javascript_loader_of_the_readme_loads_the_same() {
    let print = r#"
const hex = (text) => Buffer.from(text).toString("hex");
for (const path of process.argv.slice(1)) {
  for (const c of load(path)) {
    console.log([c.name, c.cites.join(","), hex(c.input), hex(c.lastEventId), c.reconnectionTime ?? "none"].join("|"));
    for (const [offset, ...texts] of c.events) console.log([offset, ...texts.map(hex)].join("|"));
  }
}
"#;
    check_loader("node", "-e", "javascript", print);
}

/// Runs the README's code in `language` with `print` after it; both sides print what they loaded.
fn check_loader(program: &str, option: &str, language: &str, print: &str) {
    let readme = include_str!("../vectors/README.md");
    let opening = format!("```{language}\n");
    let start = readme.find(&opening).expect("the README has the loader") + opening.len();
    let length = readme[start..].find("```").expect("the code block ends");
    let code = format!("{}{print}", &readme[start..start + length]);
    let output = command(program)
        .args([option, &code])
        .args(vectors::files())
        .output()
        .expect("the program starts");
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let printed = String::from_utf8(output.stdout).expect("the loader prints ASCII");
    let expected: String = vectors::files().iter().map(|path| printed_form(path)).collect();
    for (printed, expected) in printed.lines().zip(expected.lines()) {
        assert_eq!(printed, expected);
    }
    assert_eq!(printed.lines().count(), expected.lines().count());
}

fn printed_form(path: &Path) -> String {
    let mut text = String::new();
    for vector in vectors::load_file(path) {
        let Vector { name, cites, input, events, last_event_id, reconnection_time } = vector;
        let time = reconnection_time.map_or("none".to_owned(), |it| it.to_string());
        let id = hex(last_event_id.as_bytes());
        writeln!(text, "{name}|{}|{}|{id}|{time}", cites.join(","), hex(&input)).expect("memory");
        for event in events {
            let texts = [event.event_type, event.data, event.last_event_id];
            let texts = texts.map(|it| hex(it.as_bytes())).join("|");
            writeln!(text, "{}|{texts}", event.offset).expect("memory");
        }
    }
    text
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}
