//! The `relay` example: an event stream in, an event stream out.

use std::io::Write;
use std::process::Stdio;
use std::thread;

use tests::oracle::{self, Item};
use tests::program::command;

/// What the relay makes of `input`.
fn relay(arguments: &[&str], input: &[u8]) -> Vec<u8> {
    let mut child = command("relay")
        .args(arguments)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .expect("it runs");
    let mut stdin = child.stdin.take().expect("a pipe");
    let input = input.to_vec();
    let writer = thread::spawn(move || stdin.write_all(&input));
    let output = child.wait_with_output().expect("it ends");
    writer.join().expect("no panic").expect("all is read");
    assert!(output.status.success(), "{}", output.status);
    output.stdout
}

#[test]
fn everything_is_passed_on_in_one_form() {
    let input =
        b"\xEF\xBB\xBFretry:5\r\rdata:a\rdata:b\r\r:beat\r\nid:1\r\n\r\ndata:\xFF\n\ndata: lost";
    let output = relay(&[], input);
    let expected = "retry: 5\n\ndata: a\ndata: b\n\n: beat\n\nid: 1\n\nid: 1\ndata: \u{FFFD}\n\n";
    assert_eq!(String::from_utf8_lossy(&output), expected);
}

#[test]
fn of_other_types_only_the_id_is_left() {
    let input = b"data: no ID\n\nevent: name\nid: 1\ndata: Alice\n\nevent: name\ndata: Bob\n\n\
        event: age\nid: 2\ndata: 24\n\nid: 3\ndata: x\n\n";
    let output = relay(&["--type", "age"], input);
    let expected = "id: 1\n\nevent: age\nid: 2\ndata: 24\n\nid: 3\n\n";
    assert_eq!(String::from_utf8_lossy(&output), expected);
    let output = relay(&["--type", "age", "--type", "message"], input);
    let events = oracle::decode(&output).items.into_iter();
    let events = events.filter(|it| matches!(it.item, Item::Event { .. }));
    assert_eq!(events.count(), 3);
}

#[test]
fn an_event_that_is_too_long_leaves_a_comment() {
    let input = [b"data: ", &vec![b'x'; (1 << 20) + 1][..], b"\n\ndata: next\n\n"].concat();
    let output = String::from_utf8(relay(&[], &input)).expect("text");
    assert!(output.starts_with(": the data is longer than its limit of 1048576 bytes"), "{output}");
    assert!(output.ends_with("\n\ndata: next\n\n"), "{output}");
}
