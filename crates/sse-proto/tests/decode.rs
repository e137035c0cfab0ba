//! Streams and what they mean, read whole, byte by byte, and with every single cut.

use std::time::Duration;

use sse_proto::{Decoder, Fixed, Item, Lent, LimitExceeded, Limits, Storage};

/// One line for each item, so that a case is easy to read.
fn describe(item: Result<Item<'_>, LimitExceeded>) -> String {
    match item {
        Ok(Item::Event(e)) => format!(
            "{}|{}|{}",
            e.event_type(),
            e.data().replace('\n', "\\n"),
            e.last_event_id()
        ),
        Ok(Item::Comment(text)) => format!(":{text}"),
        Ok(Item::ReconnectionTime(time)) => format!("retry {}", time.as_millis()),
        Ok(Item::LastEventId(id)) => format!("id {id}"),
        Err(error) => format!("{} > {}", error.part, error.limit),
    }
}

fn read<S: Storage>(decoder: &mut Decoder<S>, chunks: &[&[u8]]) -> Vec<String> {
    let mut found = Vec::new();
    for chunk in chunks {
        let mut rest = *chunk;
        while let Some(item) = decoder.next(&mut rest) {
            found.push(describe(item));
        }
        assert!(rest.is_empty());
    }
    found
}

/// Reads `stream` in every way with every kind of storage of this size.
fn read_all_ways(stream: &[u8], limits: Limits) -> Vec<String> {
    let whole = read(&mut Decoder::with_limits(limits), &[stream]);
    let bytes: Vec<&[u8]> = stream.chunks(1).collect();
    assert_eq!(
        read(&mut Decoder::with_limits(limits), &bytes),
        whole,
        "byte by byte"
    );
    for cut in 0..=stream.len() {
        let (head, tail) = stream.split_at(cut);
        assert_eq!(
            read(&mut Decoder::with_limits(limits), &[head, tail]),
            whole,
            "cut at {cut}"
        );
        assert_eq!(
            read(&mut Decoder::with_limits(limits), &[head, b"", tail]),
            whole,
            "cut at {cut}"
        );
    }
    whole
}

#[track_caller]
fn check(stream: impl AsRef<[u8]>, expected: &[&str]) {
    let stream = stream.as_ref();
    assert_eq!(read_all_ways(stream, Limits::DEFAULT), expected);
    let mut fixed = Decoder::with_storage(Fixed::<2048, 2048>::new());
    assert_eq!(read(&mut fixed, &[stream]), expected, "fixed storage");
    let (mut data, mut lines) = ([0; 2048], [0; 8192]);
    let mut lent = Decoder::with_storage(Lent::new(&mut data, &mut lines));
    let bytes: Vec<&[u8]> = stream.chunks(1).collect();
    assert_eq!(read(&mut lent, &bytes), expected, "lent storage");
}

#[test]
fn events_are_cut_at_blank_lines() {
    check("data: a\n\n", &["message|a|"]);
    check(
        "data: a\r\rdata: b\r\n\r\ndata: c\n\n",
        &["message|a|", "message|b|", "message|c|"],
    );
    check("data: a", &[]);
    check("data: a\n", &[]);
    check("\n\n\r\n\r\r", &[]);
    check("data: a\r\n\ndata: b\n\r\n", &["message|a|", "message|b|"]);
}

#[test]
fn data_lines_are_joined() {
    check("data: a\ndata:b\ndata:  c\n\n", &["message|a\\nb\\n c|"]);
    check("data\n\n", &["message||"]);
    check("data:\n\n", &["message||"]);
    check("data\ndata\n\n", &["message|\\n|"]);
    check("data: a\ndata\n\n", &["message|a\\n|"]);
}

#[test]
fn names_are_exact() {
    check(
        "Data: a\nDATA: a\n data: a\ndata : a\ndatax: a\ndat: a\n\n",
        &[],
    );
    check("eventually: a\nevent: b\ndata: c\n\n", &["b|c|"]);
    check("unknown\n\ndata: a\n\n", &["message|a|"]);
}

#[test]
fn the_event_type_is_of_its_block_only() {
    check("event: a\ndata: 1\n\ndata: 2\n\n", &["a|1|", "message|2|"]);
    check("event: a\n\ndata: 2\n\n", &["message|2|"]);
    check("event: a\nevent\ndata: 1\n\n", &["message|1|"]);
    check("event: a\nevent: b\ndata: 1\n\n", &["b|1|"]);
}

#[test]
fn the_last_event_id_stays() {
    check(
        "id: 1\ndata: a\n\ndata: b\n\n",
        &["message|a|1", "message|b|1"],
    );
    check("id: 1\n\ndata: b\n\n", &["id 1", "message|b|1"]);
    check(
        "id: 1\ndata: a\n\nid\ndata: b\n\n",
        &["message|a|1", "message|b|"],
    );
    check("id: 1\nid: 2\0\ndata: a\n\n", &["message|a|1"]);
    check("id: 1\ndata: a\n\nid: 2\ndata: b\n", &["message|a|1"]);
}

#[test]
fn comments_and_reconnection_times_are_seen_at_once() {
    check(
        ":\n: a\n:b\ndata: c\n: d\n\n",
        &[":", ":a", ":b", ":d", "message|c|"],
    );
    check(
        "retry: 10\nretry\nretry: 1x\nretry: -1\nretry:  1\nretry: 1234567\n",
        &["retry 10", "retry 1234567"],
    );
    check(
        "retry: 99999999999999999999999\n",
        &["retry 18446744073709551615"],
    );
}

#[test]
fn a_byte_order_mark_is_skipped_once() {
    check("\u{FEFF}data: a\n\n\u{FEFF}data: b\n\n", &["message|a|"]);
    check("\u{FEFF}\u{FEFF}data: a\n\n", &[]);
    check(b"\xEF\xBBdata: a\n\ndata: b\n\n", &["message|b|"]);
    check(b"\xEF\n\ndata: b\n\n", &["message|b|"]);
}

#[test]
fn ill_formed_bytes_are_replaced() {
    check(
        b"data: \xFFa\xF0\x9F\x98\n\n",
        &["message|\u{FFFD}a\u{FFFD}|"],
    );
    check(
        b"data: \xE5\x93\x88\xC0\x80\n\n",
        &["message|\u{54C8}\u{FFFD}\u{FFFD}|"],
    );
    check(
        b"data: a\ndata: \xED\xA0\x80\xF4\n\n",
        &["message|a\\n\u{FFFD}\u{FFFD}\u{FFFD}\u{FFFD}|"],
    );
    check(
        b"event: \xFF\nid: \xFE\n: \xFD\ndata: a\n\n",
        &[":\u{FFFD}", "\u{FFFD}|a|\u{FFFD}"],
    );
}

#[test]
fn a_passed_limit_costs_one_block() {
    let limits = Limits {
        data: 4,
        event_type: 2,
        last_event_id: 3,
        comment: 5,
    };
    let read = |stream: &str| read_all_ways(stream.as_bytes(), limits);
    assert_eq!(read("data: 1234\n\n"), ["message|1234|"]);
    assert_eq!(
        read("data: 12345\nid: 1\nretry: 1\n: a\n\ndata: b\n\n"),
        ["data > 4", "message|b|"]
    );
    assert_eq!(
        read("id: 1\ndata: 12\ndata: 345\n\ndata: b\n\n"),
        ["data > 4", "message|b|"]
    );
    assert_eq!(
        read("event: abc\ndata: 1\n\ndata: b\n\n"),
        ["event type > 2", "message|b|"]
    );
    assert_eq!(
        read("id: 1234\ndata: 1\n\ndata: b\n\n"),
        ["last event ID > 3", "message|b|"]
    );
    assert_eq!(read(":123456\ndata: 1\n\n"), ["comment > 5", "message|1|"]);
}

#[test]
fn a_decoder_goes_on_with_the_next_connection() {
    let mut decoder = Decoder::new();
    decoder.set_last_event_id("7").unwrap();
    assert_eq!(decoder.last_event_id(), "7");
    assert_eq!(
        read(&mut decoder, &[b"data: a\n\nretry: 5\nid: 8\ndata: lost"]),
        ["message|a|7", "retry 5"]
    );
    decoder.reset();
    assert_eq!(decoder.last_event_id(), "7");
    assert_eq!(decoder.reconnection_time(), Some(Duration::from_millis(5)));
    assert_eq!(
        read(&mut decoder, &["\u{FEFF}data: b\n\n".as_bytes()]),
        ["message|b|7"]
    );
}
