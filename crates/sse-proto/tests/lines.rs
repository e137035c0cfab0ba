//! The lower layer: lines and what they say.

mod common;

use common::Random;
use sse_proto::{Fixed, Line, LineReader};

/// The lines of a stream, read in chunks; an error is `None`.
fn lines<'c>(chunks: impl IntoIterator<Item = &'c [u8]>) -> Vec<Option<Vec<u8>>> {
    let mut reader = LineReader::with_storage(Fixed::<8, 0>::new());
    let mut lines = Vec::new();
    for mut rest in chunks {
        while let Some(line) = reader.next(&mut rest) {
            lines.push(line.ok().map(<[u8]>::to_vec));
        }
        assert!(rest.is_empty());
    }
    lines
}

#[track_caller]
fn check(stream: &[u8], expected: &[Option<&[u8]>]) {
    let expected: Vec<_> = expected.iter().map(|line| line.map(<[u8]>::to_vec)).collect();
    assert_eq!(lines([stream]), expected);
    assert_eq!(lines(stream.chunks(1)), expected, "byte by byte");
    for cut in 0..=stream.len() {
        let (head, tail) = stream.split_at(cut);
        assert_eq!(lines([head, b"", tail]), expected, "cut at {cut}");
    }
}

#[test]
fn lines_end_in_three_ways() {
    check(b"a\nb\rc\r\nd\n\re", &[Some(b"a"), Some(b"b"), Some(b"c"), Some(b"d"), Some(b"")]);
    check(b"\r\n\n\r\r\n", &[Some(b""), Some(b""), Some(b""), Some(b"")]);
    check(b"", &[]);
    check(b"unfinished", &[None]);
}

#[test]
fn a_byte_order_mark_is_no_part_of_the_first_line() {
    check("\u{FEFF}a\n\u{FEFF}b\n".as_bytes(), &[Some(b"a"), Some("\u{FEFF}b".as_bytes())]);
    check(b"\xEF\xBB\n", &[Some(b"\xEF\xBB")]);
}

#[test]
fn a_line_that_is_too_long_costs_itself_alone() {
    check(b"12345678\n123456789\n\n1\n", &[Some(b"12345678"), None, Some(b""), Some(b"1")]);
    check(b"123456789\r\nab\r\n", &[None, Some(b"ab")]);
}

#[test]
fn any_chunking_gives_the_same_lines() {
    let mut random = Random(3);
    for _ in 0..20_000 {
        let length = random.below(30);
        let stream: Vec<u8> = (0..length)
            .map(|_| *random.of(&[b"a", b"\r", b"\n", b"\xEF", b"\xBB", b"\xBF"]))
            .map(|[byte]| byte)
            .collect();
        let size = 1 + random.below(5);
        assert_eq!(lines(stream.chunks(size)), lines([&stream[..]]), "{}", stream.escape_ascii());
    }
}

#[test]
fn a_reader_may_be_used_again() {
    let mut reader = LineReader::with_storage(Fixed::<8, 0>::new());
    assert_eq!(reader.next(&mut &b"a\r"[..]), Some(Ok(&b"a"[..])));
    assert_eq!(reader.next(&mut &b"\nlost"[..]), None);
    reader.reset();
    assert_eq!(reader.next(&mut &b"\xEF\xBB\xBFb\n"[..]), Some(Ok(&b"b"[..])));
}

#[test]
fn a_line_says_what_the_grammar_says() {
    let field = |name, value| Line::Field { name, value };
    assert_eq!(Line::parse(b""), Line::Blank);
    assert_eq!(Line::parse(b":"), Line::Comment(b""));
    assert_eq!(Line::parse(b":  a: b"), Line::Comment(b" a: b"));
    assert_eq!(Line::parse(b"a"), field(b"a", b""));
    assert_eq!(Line::parse(b"a:"), field(b"a", b""));
    assert_eq!(Line::parse(b"a: "), field(b"a", b""));
    assert_eq!(Line::parse(b"a :b"), field(b"a ", b"b"));
    assert_eq!(Line::parse(b" "), field(b" ", b""));
    assert_eq!(Line::parse(b"a:b:c"), field(b"a", b"b:c"));
}
