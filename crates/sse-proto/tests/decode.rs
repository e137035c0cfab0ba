//! Streams and what they mean, each read in every way and in every kind of storage.

mod common;

use std::hash::{BuildHasher, BuildHasherDefault, DefaultHasher};
use std::time::Duration;

use common::{check, read};
use sse_proto::{Decoder, Event, Fixed, Item, LastEventIdError};

#[test]
fn events_end_with_a_blank_line() {
    check("data: a\n\n", &["message|a|"]);
    check("data: a\r\rdata: b\r\n\r\ndata: c\n\n", &["message|a|", "message|b|", "message|c|"]);
    check("data: a\r\n\ndata: b\n\r\n", &["message|a|", "message|b|"]);
    check("\n\n\r\n\r\r", &[]);
    check("data: a", &[]);
    check("data: a\n", &[]);
}

#[test]
fn an_event_is_there_with_the_byte_that_completes_its_blank_line() {
    for (stream, at) in [("data: a\n\n", 8), ("data: a\r\n\r\n", 9), ("data: a\r\r", 8)] {
        let mut decoder = Decoder::with_storage(Fixed::<16, 16>::new());
        let found: Vec<usize> = (0..stream.len())
            .filter(|&at| decoder.next(&mut &stream.as_bytes()[at..=at]).is_some())
            .collect();
        assert_eq!(found, [at], "{stream:?}");
    }
}

#[test]
fn data_lines_are_joined() {
    check("data: a\ndata:b\ndata:  c\n\n", &["message|a\\nb\\n c|"]);
    check("data\n\n", &["message||"]);
    check("data:\n\n", &["message||"]);
    check("data\ndata\n\n", &["message|\\n|"]);
    check("data: a\ndata\n\n", &["message|a\\n|"]);
    check("data:a:b\ndata: : \n\n", &["message|a:b\\n: |"]);
    check("data: a\nevent: x\ndata: b\nid: 1\ndata: c\n\n", &["x|a\\nb\\nc|1"]);
}

#[test]
fn names_are_exact() {
    check("Data: a\nDATA: a\n data: a\ndata : a\ndatax: a\ndat: a\nd\n\n", &[]);
    check("events: a\neven: a\ne: a\nevent: b\ndata: c\n\n", &["b|c|"]);
    check("ids: a\ni: a\nretry1: 5\nretr: 5\ndata: c\n\n", &["message|c|"]);
    check("unknown\n\ndata: a\n\n", &["message|a|"]);
}

#[test]
fn the_event_type_is_of_its_block_only() {
    check("event: a\ndata: 1\n\ndata: 2\n\n", &["a|1|", "message|2|"]);
    check("event: a\n\ndata: 2\n\n", &["message|2|"]);
    check("event: a\nevent\ndata: 1\n\n", &["message|1|"]);
    check("event: a\nevent: b\ndata: 1\n\n", &["b|1|"]);
    check("event: a\nevent:\ndata: 1\n\n", &["message|1|"]);
}

#[test]
fn the_last_event_id_stays() {
    check("id: 1\ndata: a\n\ndata: b\n\n", &["message|a|1", "message|b|1"]);
    check("id: 1\n\ndata: b\n\n", &["id 1", "message|b|1"]);
    check("id: 1\ndata: a\n\nid\ndata: b\n\n", &["message|a|1", "message|b|"]);
    check("id: 1\ndata: a\n\nid: 2\ndata: b\n", &["message|a|1"]);
    check("id: 1\nid: 2\nid: 3\ndata: a\n\nid: 4\n\n", &["message|a|3", "id 4"]);
}

#[test]
fn an_id_with_nul_is_ignored() {
    check("id: 1\nid: 2\0\ndata: a\n\n", &["message|a|1"]);
    check("id: 1\n\nid: \x002\n\ndata: a\n\n", &["id 1", "message|a|1"]);
    check("id: 1\n\nid: 2\nid: 3\0\n\n", &["id 1", "id 2"]);
}

#[test]
fn comments_and_reconnection_times_are_there_at_once() {
    check(":\n: a\n:b\n:  c\ndata: c\n: d\n\n", &[":", ":a", ":b", ": c", ":d", "message|c|"]);
    check("retry: 10\ndata: a\n\n", &["retry 10", "message|a|"]);
    check("data: a\nretry: 10\ndata: b\n\n", &["retry 10", "message|a\\nb|"]);
}

#[test]
fn a_reconnection_time_is_digits_only() {
    check("retry: 0\nretry: 007\nretry:1234567\n", &["retry 0", "retry 7", "retry 1234567"]);
    check("retry\nretry:\nretry: \nretry:  1\nretry: 1 \nretry: -1\nretry: +1\nretry: 1.5\n", &[]);
    check("retry: 1x\nretry: x1\nretry: \u{FF11}\nretry: 1\0\n", &[]);
    let most = "retry 18446744073709551615";
    check("retry: 18446744073709551615\nretry: 18446744073709551616\n", &[most, most]);
    check(format!("retry: {}\n", "9".repeat(400)), &[most]);
}

#[test]
fn a_byte_order_mark_is_skipped_once() {
    check("\u{FEFF}data: a\n\n\u{FEFF}data: b\n\n", &["message|a|"]);
    check("\u{FEFF}\u{FEFF}data: a\n\n", &[]);
    check("\u{FEFF}", &[]);
    check("\u{FEFF}\ndata: a\n\n", &["message|a|"]);
    check(b"\xEF\xBBdata: a\n\ndata: b\n\n", &["message|b|"]);
    check(b"\xEF\n\ndata: b\n\n", &["message|b|"]);
}

#[test]
fn what_is_not_utf8_becomes_replacement_characters() {
    check(b"data: \xFFa\xF0\x9F\x98\n\n", &["message|\u{FFFD}a\u{FFFD}|"]);
    check(b"data: \xE5\x93\x88\xC0\x80\n\n", &["message|\u{54C8}\u{FFFD}\u{FFFD}|"]);
    let four = "message|a\\n\u{FFFD}\u{FFFD}\u{FFFD}\u{FFFD}|";
    check(b"data: a\ndata: \xED\xA0\x80\xF4\n\n", &[four]);
    let replaced = "\u{FFFD}|a|\u{FFFD}";
    check(b"event: \xFF\nid: \xFE\n: \xFD\ndata: a\n\n", &[":\u{FFFD}", replaced]);
    // A sequence does not go on in the next line.
    check(b"data: \xE5\x93\ndata: \x88\n\n", &["message|\u{FFFD}\\n\u{FFFD}|"]);
}

/// As the Encoding standard has it, checked against the standard library.
#[test]
fn replacement_is_that_of_the_standard_library() {
    const BYTES: &[u8] = b"a\x80\xBF\xC2\xE0\xA0\xED\x9F\xEF\xF0\x90\xF4\x8F\xFF";
    let mut random = common::Random(1);
    for _ in 0..2_000 {
        let data: Vec<u8> =
            (0..random.below(12)).map(|_| BYTES[random.below(BYTES.len())]).collect();
        let stream = [b"data: ", &data[..], b"\n\n"].concat();
        check(&stream, &[&format!("message|{}|", String::from_utf8_lossy(&data))]);
    }
}

#[test]
fn a_decoder_goes_on_with_the_next_connection() {
    let mut decoder = Decoder::with_storage(Fixed::<64, 16>::new());
    decoder.set_last_event_id("7").unwrap();
    assert_eq!(decoder.last_event_id(), "7");
    let first = read(&mut decoder, [&b"data: a\n\nretry: 5\nid: 8\nevent: x\ndata: lost"[..]]);
    assert_eq!(first, ["message|a|7", "retry 5"]);
    decoder.reset();
    assert_eq!(decoder.last_event_id(), "7");
    assert_eq!(decoder.reconnection_time(), Some(Duration::from_millis(5)));
    assert_eq!(read(&mut decoder, ["\u{FEFF}data: b\n\n\r".as_bytes()]), ["message|b|7"]);
    decoder.reset();
    // The LF is a line of its own now, not the end of a CRLF.
    assert_eq!(read(&mut decoder, [&b"\ndata: c\n\n"[..]]), ["message|c|7"]);
}

#[test]
fn an_id_that_no_stream_can_carry_is_refused() {
    let mut decoder = Decoder::with_storage(Fixed::<64, 4>::new());
    decoder.set_last_event_id("1").unwrap();
    for (id, byte, offset) in [("a\0", 0, 1), ("\r", b'\r', 0), ("ab\n", b'\n', 2)] {
        let Err(LastEventIdError::Invalid(error)) = decoder.set_last_event_id(id) else {
            panic!("{id:?} was accepted");
        };
        assert_eq!((error.byte, error.offset), (byte, offset));
    }
    let Err(LastEventIdError::TooLong(error)) = decoder.set_last_event_id("12345") else {
        panic!("five bytes were accepted");
    };
    assert_eq!(error.limit, 4);
    assert_eq!(decoder.last_event_id(), "1");
    decoder.set_last_event_id("1234").unwrap();
    decoder.set_last_event_id("").unwrap();
    assert_eq!(decoder.last_event_id(), "");
}

#[test]
fn events_alone_are_the_same_events() {
    let stream = b": a\nretry: 5\ndata: 1\n: b\ndata: 2\n\nid: 3\n\nevent: x\ndata: 4\n\n:";
    for size in 1..stream.len() {
        let mut decoder = Decoder::with_storage(Fixed::<64, 16>::new());
        let mut found = Vec::new();
        for mut rest in stream.chunks(size) {
            while let Some(event) = decoder.next_event(&mut rest) {
                found.push(common::describe(event.map(Item::Event)));
            }
        }
        assert_eq!(found, ["message|1\\n2|", "x|4|3"], "chunks of {size}");
        assert_eq!(decoder.reconnection_time(), Some(Duration::from_millis(5)));
    }
}

#[test]
fn events_are_equal_if_their_accessors_are() {
    let mut decoders = [(); 2].map(|()| Decoder::with_storage(Fixed::<64, 16>::new()));
    let streams = [&b"id: 7\ndata: 1\nevent: message\n\n"[..], b"id: 7\n\ndata: 1\n\n"];
    let [named, unnamed] = &mut decoders;
    let named = named.next_event(&mut { streams[0] }).unwrap().unwrap();
    let unnamed = unnamed.next_event(&mut { streams[1] }).unwrap().unwrap();
    assert_eq!(named, unnamed);
    let hash = |event: &Event<'_>| BuildHasherDefault::<DefaultHasher>::default().hash_one(event);
    assert_eq!(hash(&named), hash(&unnamed));
    for other in ["event: x\ndata: 1\nid: 7\n\n", "data: 2\nid: 7\n\n", "data: 1\n\n"] {
        let mut decoder = Decoder::with_storage(Fixed::<64, 16>::new());
        assert_ne!(decoder.next_event(&mut other.as_bytes()).unwrap().unwrap(), named, "{other}");
    }
}

/// A chunk that is not that of the call gives a wrong text, never a panic.
#[test]
fn another_chunk_does_no_harm() {
    let mut decoder = Decoder::with_storage(Fixed::<64, 16>::new());
    for chunk in [&b""[..], b"\xFF", b"something else that is long enough"] {
        let found = decoder.advance(&mut &b"event: x\ndata: abc\n\n"[..]).unwrap();
        assert!(matches!(decoder.item(found, chunk), Ok(Item::Event(_))));
    }
}

/// Of bytes nothing is replaced, and an ill-formed value is as long as it is: all else is as with text.
#[test]
fn a_decoder_for_bytes_finds_the_same_and_changes_nothing() {
    let stream = b"\xEF\xBB\xBFid: a\xFF\nevent: x\xFF\ndata: b\xFF\ndata: c\n\n: d\xFF\nid: 1\0\ndata\n\nretry: 5\n";
    for size in 1..=stream.len() {
        let mut decoder = Decoder::for_bytes(Fixed::<4, 2>::new());
        let mut found = Vec::new();
        for mut rest in stream.chunks(size) {
            while let Some(item) = decoder.next(&mut rest) {
                found.push(match item.unwrap() {
                    Item::Event(event) => {
                        [event.event_type(), event.data(), event.last_event_id()].join(&b'|')
                    }
                    Item::Comment(text) => text.to_vec(),
                    Item::ReconnectionTime(time) => time.as_millis().to_string().into_bytes(),
                    Item::LastEventId(id) => id.to_vec(),
                });
            }
        }
        let expected: [&[u8]; 4] = [b"x\xFF|b\xFF\nc|a\xFF", b"d\xFF", b"message||a\xFF", b"5"];
        assert_eq!(found, expected, "chunks of {size}");
        assert_eq!(decoder.last_event_id(), b"a\xFF");
    }
}

#[test]
fn an_id_with_a_nul_is_ignored_wherever_that_stands() {
    for length in 1..=20 {
        let letters = "abcdefghijklmnopqrst".get(..length).unwrap();
        check(format!("id: {letters}\n\n"), &[&format!("id {letters}")]);
        for at in 0..length {
            let mut id = letters.to_owned();
            id.replace_range(at..=at, "\0");
            check(format!("id: {id}\n\n"), &[]);
            id.replace_range(at..=at, "\u{E9}");
            check(format!("id: {id}\n\n"), &[&format!("id {id}")]);
        }
    }
}

/// The events that `next_event` finds in chunks of `size` bytes.
fn events(stream: &str, size: usize) -> Vec<String> {
    let mut decoder = Decoder::with_storage(Fixed::<32, 16>::new());
    let mut found = Vec::new();
    for mut rest in stream.as_bytes().chunks(size) {
        while let Some(event) = decoder.next_event(&mut rest) {
            let event = event.unwrap();
            found.push(format!("{}|{}", event.event_type(), event.data()));
        }
    }
    found
}

#[test]
fn what_says_nothing_is_passed_over_in_chunks_of_any_size() {
    let comments = [":", "::", ": beat", ":\r:", ":\r\n:", ":\n:\n:"];
    for before in comments.into_iter().chain(["", "\r\r", ":\n\n:\n\n", ":\r\n\r\n:\r\n\r\n"]) {
        for inside in comments {
            let block = format!("event: a\n{inside}\ndata: 1\n{inside}\n\n");
            let stream = format!("{before}\n\n{block}{before}\n\ndata: 2\n\n");
            for size in 1..=stream.len() {
                assert_eq!(events(&stream, size), ["a|1", "message|2"], "{stream:?} by {size}");
            }
        }
    }
}

#[test]
fn a_line_ending_that_is_cut_is_one_wherever_its_line_began() {
    let stream = b"event: abcdefghijkl\r\ndata: abcdefghijkl\r\ndata: abcdefghijkl\r\n\r\n";
    for first in 0..=stream.len() {
        for second in first..=stream.len() {
            let (head, rest) = stream.split_at(first);
            let (middle, tail) = rest.split_at(second - first);
            let found =
                read(&mut Decoder::with_storage(Fixed::<32, 16>::new()), [head, middle, tail]);
            assert_eq!(found, ["abcdefghijkl|abcdefghijkl\\nabcdefghijkl|"], "{first}, {second}");
        }
    }
}
