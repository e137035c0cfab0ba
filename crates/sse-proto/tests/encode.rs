//! Frames: what they look like, what cannot be built, and that they arrive as they were.

mod common;

use std::fmt::{self, Display, Write as _};
use std::time::Duration;

use common::Random;
use sse_proto::{Decoder, EncodeError, Fixed, FormattedFrame, Frame, Item, Part};

/// Encodes a frame in every way.
fn encode(frame: &Frame<'_>) -> String {
    let text = frame.to_string();
    assert_eq!(frame.encoded_len(), text.len());
    let mut buffer = vec![0; text.len()];
    assert_eq!(frame.encode_into(&mut buffer), Ok(text.len()));
    assert_eq!(buffer, text.as_bytes());
    for size in 0..text.len() {
        let error = frame.encode_into(&mut buffer[..size]).unwrap_err();
        assert_eq!(error.needed, text.len());
    }
    #[cfg(feature = "alloc")]
    {
        let mut bytes = b"before".to_vec();
        frame.append_to(&mut bytes);
        assert_eq!(bytes, ["before", &text].concat().as_bytes());
    }
    let pieces: Vec<&[u8]> = frame.pieces().collect();
    assert_eq!(pieces.concat(), text.as_bytes());
    assert!(pieces.iter().all(|piece| !piece.is_empty()), "{text:?}");
    text
}

/// Encodes a frame whose data is formatted, in every way.
fn encode_formatted(frame: &FormattedFrame<'_, impl Display>) -> String {
    let text = frame.to_string();
    assert_eq!(frame.encoded_len(), Ok(text.len()));
    let mut buffer = vec![0; text.len()];
    assert_eq!(frame.encode_into(&mut buffer), Ok(text.len()));
    assert_eq!(buffer, text.as_bytes());
    let error = frame.encode_into(&mut buffer[..text.len() - 1]).unwrap_err();
    assert!(matches!(error, EncodeError::BufferTooSmall(it) if it.needed == text.len()));
    #[cfg(feature = "alloc")]
    {
        let mut bytes = b"before".to_vec();
        frame.append_to(&mut bytes).unwrap();
        assert_eq!(bytes, ["before", &text].concat().as_bytes());
    }
    text
}

/// A text that is displayed in pieces of so many characters, empty ones between them.
struct InPieces<'a>(&'a str, usize);

impl Display for InPieces<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let characters: Vec<char> = self.0.chars().collect();
        for piece in characters.chunks(self.1) {
            f.write_str(&piece.iter().collect::<String>())?;
            f.write_str("")?;
        }
        Ok(())
    }
}

/// Fails after some text, as no `Display` should.
struct Failing;

impl Display for Failing {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("lost")?;
        Err(fmt::Error)
    }
}

#[test]
fn the_order_on_the_wire_is_fixed() {
    let frame =
        Frame::message("a\nb").with_comment("c\rd").with_reconnection_time(Duration::from_secs(2));
    let frame = frame.with_id("1").unwrap().with_event_type("x").unwrap();
    assert_eq!(encode(&frame), ": c\n: d\nevent: x\nid: 1\nretry: 2000\ndata: a\ndata: b\n\n");
}

#[test]
fn an_empty_value_has_no_space() {
    assert_eq!(encode(&Frame::message("")), "data:\n\n");
    assert_eq!(encode(&Frame::message("\n a")), "data:\ndata:  a\n\n");
    assert_eq!(encode(&Frame::comment("")), ":\n\n");
    assert_eq!(encode(&Frame::cursor("").unwrap()), "id:\n\n");
    assert_eq!(encode(&Frame::message("a").with_event_type("").unwrap()), "data: a\n\n");
}

#[test]
fn data_is_split_at_every_line_ending() {
    let expected = "data: a\ndata: b\ndata: c\ndata:\ndata: d\ndata:\n\n";
    assert_eq!(encode(&Frame::message("a\rb\nc\n\rd\r\n")), expected);
    assert_eq!(encode(&Frame::comment("a\r\nb")), ": a\n: b\n\n");
}

#[test]
fn a_piece_lies_where_its_text_lies() {
    let data = "a\nbc";
    let frame = Frame::message(data).with_reconnection_time(Duration::from_millis(70));
    let pieces: Vec<&[u8]> = frame.with_id("").unwrap().pieces().collect();
    let expected: [&[u8]; 9] =
        [b"id:", b"\nretry: ", b"7", b"0", b"\ndata: ", b"a", b"\ndata: ", b"bc", b"\n\n"];
    assert_eq!(pieces, expected);
    assert_eq!((pieces[5].as_ptr(), pieces[7].as_ptr()), (data.as_ptr(), data[2..].as_ptr()));
    let mut pieces = Frame::comment("").pieces();
    assert_eq!([pieces.next(), pieces.next()], [Some(&b":"[..]), Some(&b"\n\n"[..])]);
    assert_eq!([pieces.next(), pieces.next()], [None, None]);
}

#[test]
fn a_line_ending_of_two_pieces_is_one() {
    fn frame(data: fmt::Arguments<'_>) -> String {
        encode_formatted(&Frame::message("").with_formatted_data(data))
    }
    // Not literals: the compiler would put those together.
    let (cr, lf, none) = ("\r", "\n", "");
    assert_eq!(frame(format_args!("a{cr}{lf}b")), "data: a\ndata: b\n\n");
    assert_eq!(frame(format_args!("a{cr}{none}{lf}b")), "data: a\ndata: b\n\n");
    assert_eq!(frame(format_args!("{cr}b{lf}")), "data:\ndata: b\ndata:\n\n");
    assert_eq!(frame(format_args!("{cr}{lf}{lf}")), "data:\ndata:\ndata:\n\n");
    assert_eq!(frame(format_args!("{none}")), "data:\n\n");
    let other = Frame::message("not this").with_formatted_data(1.5);
    assert_eq!(encode_formatted(&other), "data: 1.5\n\n");
}

#[test]
fn data_that_cannot_be_formatted_is_an_error() {
    let frame = Frame::cursor("1").unwrap().with_formatted_data(Failing);
    assert_eq!(frame.encoded_len(), Err(fmt::Error));
    assert_eq!(frame.encode_into(&mut [0; 64]), Err(EncodeError::Data));
    assert!(write!(String::new(), "{frame}").is_err());
    #[cfg(feature = "alloc")]
    {
        let mut bytes = b"before".to_vec();
        assert_eq!(frame.append_to(&mut bytes), Err(fmt::Error));
        assert_eq!(bytes, b"before");
    }
}

#[test]
fn a_reconnection_time_is_in_whole_milliseconds() {
    let retry = |time| encode(&Frame::retry(time));
    assert_eq!(retry(Duration::ZERO), "retry: 0\n\n");
    assert_eq!(retry(Duration::from_micros(1_999)), "retry: 1\n\n");
    assert_eq!(retry(Duration::from_millis(10_203_040)), "retry: 10203040\n\n");
    assert_eq!(retry(Duration::from_millis(u64::MAX)), "retry: 18446744073709551615\n\n");
    assert_eq!(retry(Duration::MAX), "retry: 18446744073709551615\n\n");
}

#[test]
fn what_cannot_be_carried_cannot_be_built() {
    let message = Frame::message("a");
    for (built, part, byte, offset) in [
        (message.with_event_type("a\rb"), Part::EventType, b'\r', 1),
        (message.with_event_type("\n"), Part::EventType, b'\n', 0),
        (message.with_id("ab\n"), Part::LastEventId, b'\n', 2),
        (message.with_id("\u{54C8}\r"), Part::LastEventId, b'\r', 3),
        (Frame::cursor("\0"), Part::LastEventId, 0, 0),
        (message.with_id("a\u{1}b"), Part::LastEventId, 1, 1),
        (message.with_id("a\u{C}"), Part::LastEventId, 0xC, 1),
        (message.with_id("a\u{7F}"), Part::LastEventId, 0x7F, 1),
        (message.with_id(" a\0"), Part::LastEventId, b' ', 0),
        (message.with_id("\ta"), Part::LastEventId, b'\t', 0),
        (message.with_id("a b \t"), Part::LastEventId, b'\t', 4),
        (message.with_id(" "), Part::LastEventId, b' ', 0),
    ] {
        let error = built.unwrap_err();
        assert_eq!((error.part, error.byte, error.offset), (part, byte, offset));
    }
    assert_eq!(encode(&message.with_event_type("a\0 ").unwrap()), "event: a\0 \ndata: a\n\n");
    // "obs-text = %x80-FF", and blanks between.
    assert_eq!(encode(&Frame::cursor("\u{85}a \tb").unwrap()), "id: \u{85}a \tb\n\n");
}

/// Text of up to five pieces, with what is special in the format.
fn text(random: &mut Random) -> String {
    let pieces =
        ["", " ", ":", "a", "\r", "\n", "\r\n", "\0", "data: ", "\u{54C8}", "\u{FEFF}", "line"];
    (0..random.below(6)).map(|_| random.of(&pieces)).collect()
}

fn one_line(text: &str) -> String {
    text.replace(['\r', '\n'], "_")
}

fn joined_by_lf(text: &str) -> String {
    text.replace("\r\n", "\n").replace('\r', "\n")
}

#[test]
fn what_can_be_built_arrives_as_it_was() {
    let mut random = Random(4);
    let mut decoder = Decoder::with_storage(Fixed::<64, 64>::new());
    for _ in 0..30_000 {
        let (data, event_type, id, comment) =
            (text(&mut random), one_line(&text(&mut random)), text(&mut random), text(&mut random));
        let id = one_line(&id).replace('\0', "_");
        let id = id.trim_matches(' ');
        let millis = random.below(100_000) as u64;
        let frame =
            Frame::message(&data).with_event_type(&event_type).unwrap().with_id(id).unwrap();
        let frame =
            frame.with_comment(&comment).with_reconnection_time(Duration::from_millis(millis));
        let bytes = encode(&frame);
        let in_pieces = frame.with_formatted_data(InPieces(&data, 1 + random.below(3)));
        assert_eq!(encode_formatted(&in_pieces), bytes, "{data:?}");
        let mut comments = Vec::new();
        let mut events = 0;
        for mut rest in bytes.as_bytes().chunks(1 + random.below(40)) {
            while let Some(item) = decoder.next(&mut rest) {
                match item.unwrap() {
                    Item::Comment(text) => comments.push(text.to_owned()),
                    Item::ReconnectionTime(time) => {
                        assert_eq!(time, Duration::from_millis(millis));
                    }
                    Item::Event(event) => {
                        let expected = if event_type.is_empty() { "message" } else { &event_type };
                        assert_eq!(event.event_type(), expected);
                        assert_eq!(event.data(), joined_by_lf(&data));
                        assert_eq!(event.last_event_id(), id);
                        events += 1;
                    }
                    Item::LastEventId(_) => panic!("{bytes:?}"),
                }
            }
        }
        assert_eq!(events, 1, "{bytes:?}");
        assert_eq!(comments, joined_by_lf(&comment).split('\n').collect::<Vec<_>>(), "{bytes:?}");
    }
}

#[test]
fn an_item_that_was_received_is_sent_as_the_same_item() {
    let stream = ": a\n\nretry: 5\n\nevent: x\nid: 1\ndata: b\ndata: c\n\n\
        data: inherits the ID\n\nid: 2\n\nid:\ndata: resets it\n\nid:\n\n";
    let mut decoder = Decoder::with_storage(Fixed::<64, 16>::new());
    let mut rest = stream.as_bytes();
    let mut sent = String::new();
    while let Some(item) = decoder.next(&mut rest) {
        sent.push_str(&encode(&item.unwrap().to_frame().unwrap()));
    }
    assert_eq!(sent, stream.replace("data: inherits", "id: 1\ndata: inherits"));
}

#[test]
fn an_id_that_cannot_return_is_not_passed_on_without_a_word() {
    let mut decoder = Decoder::with_storage(Fixed::<64, 16>::new());
    let mut rest = &b"id: a\x01\nevent: x\ndata: 1\n\ndata: 2\n\nid:  a\n\nid: 3\ndata: 3\n\n"[..];
    let mut sent = String::new();
    let mut refused = Vec::new();
    while let Some(item) = decoder.next(&mut rest) {
        let item = item.unwrap();
        match (item.to_frame(), item) {
            (Ok(frame), _) => sent.push_str(&encode(&frame)),
            (Err(error), Item::Event(event)) => {
                refused.push((error.part, error.byte, error.offset));
                sent.push_str(&encode(&event.to_frame_without_id()));
            }
            (Err(error), _) => refused.push((error.part, error.byte, error.offset)),
        }
    }
    // The second event has inherited its ID.
    let id = Part::LastEventId;
    assert_eq!(refused, [(id, 1, 1), (id, 1, 1), (id, b' ', 0)]);
    assert_eq!(sent, "event: x\ndata: 1\n\ndata: 2\n\nid: 3\ndata: 3\n\n");
}

#[test]
fn what_was_set_can_be_asked_for() {
    let time = Duration::from_millis(1_500);
    let frame = Frame::message("a\rb").with_event_type("x").unwrap().with_id("7").unwrap();
    let frame = frame.with_reconnection_time(time).with_comment("c");
    assert_eq!(
        (frame.data(), frame.event_type(), frame.id()),
        (Some("a\rb"), Some("x"), Some("7"))
    );
    assert_eq!((frame.reconnection_time(), frame.comment_text()), (Some(time), Some("c")));
    let empty = Frame::message("").with_event_type("").unwrap();
    assert_eq!((empty.data(), empty.event_type(), empty.id()), (Some(""), None, None));
    assert_eq!((empty.reconnection_time(), empty.comment_text()), (None, None));
    assert_eq!(Frame::cursor("").unwrap().id(), Some(""));
}
