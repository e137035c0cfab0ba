//! A snapshot is read by a script of 30 lines that knows nothing but the documented format.

use std::path::Path;
use std::process::Command;

use sse_channel::{Channel, Frame, History};

/// What the script prints for a file; its lines.
fn read(path: &Path) -> Result<Vec<String>, String> {
    let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/read_snapshot.py");
    let output = Command::new("python3").arg(script).arg(path).output();
    let output = output.unwrap_or_else(|error| {
        panic!("this test needs the program python3 (3.8 or later), which cannot be run: {error}")
    });
    if !output.status.success() {
        return Err(String::from_utf8(output.stderr).unwrap());
    }
    Ok(String::from_utf8(output.stdout).unwrap().lines().map(str::to_owned).collect())
}

#[test]
fn a_script_reads_what_was_published() {
    let path = std::env::temp_dir().join(format!("sse-channel-script-{}", std::process::id()));
    let channel = Channel::new(History { events: 4, ..History::default() });
    let start = channel.last_event_id();
    let epoch = start.strip_suffix("-0").unwrap();
    for text in ["dropped", "two\nlines", "\u{e9}"] {
        channel.publish(&Frame::message(text));
    }
    let own = Frame::message("own").with_id("mine").unwrap().with_event_type("note").unwrap();
    channel.publish(&own);
    channel.publish(&own);
    channel.save(&path).unwrap();
    let expected = [
        format!(r#"{{"first": 2, "epochs": [[0, {epoch}]]}}"#),
        format!(
            r#"{{"position": 2, "flags": 0, "block": "id: {epoch}-2\ndata: two\ndata: lines\n\n"}}"#
        ),
        format!(r#"{{"position": 3, "flags": 0, "block": "id: {epoch}-3\ndata: \u00e9\n\n"}}"#),
        r#"{"position": 4, "flags": 1, "block": "event: note\nid: mine\ndata: own\n\n"}"#
            .to_owned(),
        r#"{"position": 5, "flags": 3, "block": "event: note\nid: mine\ndata: own\n\n"}"#
            .to_owned(),
        r#"{"end": "live"}"#.to_owned(),
    ];
    assert_eq!(read(&path).unwrap(), expected);
    channel.close();
    channel.save(&path).unwrap();
    assert_eq!(read(&path).unwrap().last().unwrap(), r#"{"end": "last"}"#);
    let another = Channel::new(History { events: 1, ..History::default() });
    another.publish(&own);
    another.publish(&Frame::message("more"));
    another.save(&path).unwrap();
    assert_eq!(read(&path).unwrap()[1], r#"{"past": "mine"}"#);
    let first = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/version_1.snapshot");
    assert_eq!(read(&first).unwrap().len(), 6);
    channel.save(&path).unwrap();
    let mut bytes = std::fs::read(&path).unwrap();
    let middle = bytes.len() / 2;
    bytes[middle] ^= 1;
    std::fs::write(&path, bytes).unwrap();
    assert!(read(&path).unwrap_err().starts_with("damaged at byte "));
    std::fs::remove_file(&path).unwrap();
}
