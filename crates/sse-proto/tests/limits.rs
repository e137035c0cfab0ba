//! Memory: what a passed limit costs, what is borrowed, how large a decoder is.

mod common;

use common::read_all_ways;
use sse_proto::{Decoder, Fixed, Lent};

#[test]
fn a_passed_limit_costs_one_block() {
    let read = |stream: &str| read_all_ways::<4, 3>(stream.as_bytes());
    assert_eq!(read("data: 1234\n\n"), ["message|1234|"]);
    assert_eq!(
        read("data: 12345\nid: 1\nretry: 1\n: a\n\ndata: b\n\n"),
        ["data > 4", "message|b|"]
    );
    assert_eq!(read("id: 1\ndata: 12\ndata: 345\n\ndata: b\n\n"), ["data > 4", "message|b|"]);
    assert_eq!(read("data: 1\ndata\ndata\ndata\n\n"), ["message|1\\n\\n\\n|"]);
    assert_eq!(read("data: 1\ndata\ndata\ndata\ndata\n\n"), ["data > 4"]);
    assert_eq!(read("event: abcd\ndata: 1\n\ndata: b\n\n"), ["event type > 3", "message|b|"]);
    assert_eq!(read("id: 1234\ndata: 1\n\ndata: b\n\n"), ["last event ID > 3", "message|b|"]);
    assert_eq!(
        read("id: 1\n\nid: 2\ndata: 12345\n\ndata: b\n\n"),
        ["id 1", "data > 4", "message|b|1"]
    );
    assert_eq!(read("data: 12345\r\n\r\ndata: b\r\n\r\n"), ["data > 4", "message|b|"]);
    assert_eq!(read("data: 12345\r\rdata: b\r\r"), ["data > 4", "message|b|"]);
    assert_eq!(
        read("data: 1\n\ndata: 12345\r\ndata: 6\r\n\r\ndata: b\r\n\r\n"),
        ["message|1|", "data > 4", "message|b|"]
    );
}

#[test]
fn a_comment_that_is_too_long_costs_itself_alone() {
    let found = read_all_ways::<4, 3>(b"id: 1\n: 1234\ndata: a\n:123\n\n");
    assert_eq!(found, ["comment > 3", ":123", "message|a|1"]);
}

#[test]
fn an_unknown_field_may_be_of_any_length() {
    let stream = format!("{}\nx: {}\ndata: a\n\n", "y".repeat(50), "z".repeat(50));
    assert_eq!(read_all_ways::<4, 3>(stream.as_bytes()), ["message|a|"]);
}

#[test]
fn a_replacement_character_counts_as_three_bytes() {
    let read = |stream: &[u8]| read_all_ways::<4, 3>(stream);
    assert_eq!(read(b"data: a\xFF\n\n"), ["message|a\u{FFFD}|"]);
    let lost = "message|b|1";
    assert_eq!(read(b"id: 1\n\nid: 2\ndata: ab\xFF\n\ndata: b\n\n"), ["id 1", "data > 4", lost]);
    assert_eq!(
        read(b"id: 1\n\nid: 2\nevent: a\xFF\ndata: a\n\ndata: b\n\n"),
        ["id 1", "event type > 3", lost]
    );
    assert_eq!(
        read(b"id: 1\n\nid: a\xFF\ndata: a\n\ndata: b\n\n"),
        ["id 1", "last event ID > 3", lost]
    );
    assert_eq!(read(b": a\xFF\ndata: b\n\n"), ["comment > 3", "message|b|"]);
}

#[test]
fn what_was_not_delivered_does_not_move_the_last_event_id() {
    let blocks = [&b"data: 12345"[..], b"data: ab\xFF", b"event: a\xFF\ndata: a"];
    for block in blocks {
        let stream = [b"id: 1\n\nid: 2\n", block, b"\n\n"].concat();
        let mut decoder = Decoder::with_storage(Fixed::<4, 3>::new());
        let mut rest = &stream[..];
        assert!(decoder.next(&mut rest).is_some_and(|item| item.is_ok()));
        assert!(decoder.next(&mut rest).is_some_and(|item| item.is_err()));
        assert_eq!(decoder.last_event_id(), "1", "{}", block.escape_ascii());
    }
}

#[test]
fn no_storage_at_all_still_follows_the_stream() {
    let found = read_all_ways::<0, 0>(b"data\n\ndata: a\n\nid\n\nretry: 5\n:\n: a\ndata:\n\n");
    assert_eq!(found, ["message||", "data > 0", "id ", "retry 5", ":", "comment > 0", "message||"]);
}

#[test]
fn a_line_of_a_mebibyte_may_come_byte_by_byte() {
    let stream = [b"data: ", &vec![b'x'; 1 << 20][..], b"\n\n"].concat();
    let mut data = vec![0; 1 << 20];
    let mut decoder = Decoder::with_storage(Lent::new(&mut data, &mut []));
    let mut lengths = Vec::new();
    for mut chunk in stream.chunks(1) {
        while let Some(event) = decoder.next_event(&mut chunk) {
            lengths.push(event.unwrap().data().len());
        }
    }
    assert_eq!(lengths, [1 << 20]);
}

/// Whether `inner` lies inside `outer`.
#[cfg(feature = "whole-lines")]
fn is_part_of(inner: &str, outer: &[u8]) -> bool {
    outer.as_ptr_range().contains(&inner.as_ptr())
}

#[cfg(feature = "whole-lines")]
#[test]
fn one_data_line_is_borrowed_from_the_chunk_and_nothing_else_is() {
    let mut decoder = Decoder::with_storage(Fixed::<64, 16>::new());
    let chunk = &b"event: x\nid: 1\ndata: whole\nretry: 1x\n\ndata: two\ndata: lines\n\n"[..];
    let mut rest = chunk;
    let event = decoder.next_event(&mut rest).unwrap().unwrap();
    assert!(is_part_of(event.data(), chunk) && is_part_of(event.event_type(), chunk));
    let event = decoder.next_event(&mut rest).unwrap().unwrap();
    assert!(!is_part_of(event.data(), chunk));
    assert_eq!(event.data(), "two\nlines");
}

/// The table of the README. Where 64-bit numbers are aligned otherwise, it may be a few bytes less.
#[cfg(any(
    all(target_pointer_width = "64", feature = "whole-lines"),
    all(target_arch = "arm", not(feature = "whole-lines"), not(feature = "alloc"))
))]
#[test]
fn a_decoder_is_as_large_as_the_readme_says() {
    fn size<T>() -> usize {
        size_of::<T>()
    }
    let sizes = [
        ("`Fixed<256, 64>`", size::<Decoder<Fixed<256, 64>>>()),
        ("`Fixed<512, 64>`", size::<Decoder<Fixed<512, 64>>>()),
        ("`Fixed<1024, 128>`", size::<Decoder<Fixed<1024, 128>>>()),
        ("`Lent`", size::<Decoder<Lent<'_>>>()),
        #[cfg(feature = "alloc")]
        ("`Growable`", size::<Decoder>()),
        ("`LineReader<Fixed<256, 0>>`", size::<sse_proto::LineReader<Fixed<256, 0>>>()),
    ];
    let column = if cfg!(target_pointer_width = "32") { 2 } else { 3 };
    for (name, size) in sizes {
        let line = include_str!("../README.md")
            .lines()
            .find(|line| line.starts_with(&format!("| {name} |")));
        let cell = line.and_then(|line| line.split('|').nth(column)).map(str::trim);
        assert_eq!(cell, Some(&*size.to_string()), "{name}");
    }
}
