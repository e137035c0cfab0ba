//! Laws of the adapters: whatever gives the bytes, and however it gives them, the events are those of the decoder.

use std::convert::Infallible;
use std::task::Poll;

use futures_lite::StreamExt;
use futures_lite::future::block_on;
use futures_lite::stream::poll_fn;
use sse_proto::{Decoder, Events, Part};
use tests::adapters::{ALL, Piece, Seen, Step, expected};
use tests::chunking::{cut, limits};
use tests::oracle;
use tests::streams::{Random, cuts, stream};

#[test]
fn every_adapter_sees_what_the_decoder_sees_and_as_early() {
    let mut random = Random::new(10);
    let (mut events, mut failures, mut exceeded, mut unfinished) = (0, 0, 0, 0);
    for _ in 0..20_000 {
        let bytes = stream(&mut random);
        let cuts = cuts(&mut random, bytes.len());
        let mut pieces = Vec::new();
        for piece in cut(&bytes, &cuts).filter(|piece| !piece.is_empty()) {
            match random.below(20) {
                0 => pieces.push(Piece::Failure),
                1 => pieces.push(Piece::Interruption),
                _ => {}
            }
            pieces.push(Piece::Bytes(piece.to_vec()));
        }
        let limits = random.pick(&[limits(usize::MAX, usize::MAX), limits(40, 9)]);
        let expected = expected(&pieces, limits);
        for (name, read) in ALL {
            let seen = read(pieces.clone(), limits);
            assert_eq!(seen, expected, "{name}: {} cut at {cuts:?}", bytes.escape_ascii());
        }
        for (_, step) in &expected.steps {
            match step {
                Step::Event(_) => events += 1,
                Step::Limit(..) => exceeded += 1,
                Step::Failure => failures += 1,
            }
        }
        unfinished += usize::from(expected.unfinished.is_some());
    }
    let counts = [events, failures, exceeded, unfinished];
    assert!(counts.iter().all(|&count| count > 1_000), "{counts:?}");
}

/// The streams that other libraries have fallen over, through every adapter, byte by byte and whole.
#[test]
fn every_adapter_is_right_about_what_others_get_wrong() {
    for (stream, events, unfinished) in [
        ("\u{FEFF}data: 1\n\n", &["1"][..], None),
        ("data: 1\r\rdata: 2\r\n\r\n", &["1", "2"], None),
        ("data: 1\r\r", &["1"], None),
        (":\n\n: beat\n\nretry: 5\n\nid: 7\n\n", &[], None),
        ("data:\n\ndata\n\n", &["", ""], None),
        ("data: 1\ndata: 2\n\n", &["1\n2"], None),
        ("data: 1\n\ndata: [DONE]", &["1"], Some("[DONE]")),
        ("data: 1\n\ndata: [DONE]\n", &["1"], Some("[DONE]")),
        ("data: a\ndata", &[], Some("a\n")),
        ("retry: 5\nid: 4", &[], None),
        ("", &[], None),
    ] {
        for size in [1, 2, 3, usize::MAX] {
            for (name, read) in ALL {
                let seen = read(pieces(stream.as_bytes(), size), limits(99, 99));
                assert_eq!(data(&seen), events, "{name}: {stream:?} by {size}");
                let cut = seen.unfinished.as_ref().map(|(_, data)| &**data);
                assert_eq!(cut, unfinished, "{name}: {stream:?} by {size}");
            }
        }
    }
}

#[test]
fn every_adapter_replaces_what_is_not_utf_8() {
    for size in 1..20 {
        for (name, read) in ALL {
            let seen =
                read(pieces(b"data: \xE4\xBD\n\ndata: \xFF\xE4\xBD\xA0", size), limits(99, 99));
            assert_eq!(data(&seen), ["\u{FFFD}"], "{name} by {size}");
            let cut = seen.unfinished.map(|(_, data)| data);
            assert_eq!(cut.as_deref(), Some("\u{FFFD}你"), "{name} by {size}");
        }
    }
}

#[test]
fn every_adapter_skips_what_is_too_long_and_goes_on() {
    let stream =
        "data: 12345\n\n: a long comment\ndata: 1234\n\nevent: abcdef\ndata: 1\n\ndata: 2\n\n";
    for size in [1, 7, usize::MAX] {
        for (name, read) in ALL {
            let seen = read(pieces(stream.as_bytes(), size), limits(4, 5));
            assert_eq!(data(&seen), ["1234", "2"], "{name} by {size}");
            let exceeded: Vec<&Step> = seen
                .steps
                .iter()
                .map(|it| &it.1)
                .filter(|it| !matches!(it, Step::Event(_)))
                .collect();
            let expected = [&Step::Limit(Part::Data, 4), &Step::Limit(Part::EventType, 5)];
            assert_eq!(exceeded, expected, "{name} by {size}");
        }
    }
}

/// "the incomplete event is not dispatched": it moves nothing, and says so itself.
#[test]
fn what_is_unfinished_is_what_a_blank_line_would_have_made_an_event() {
    let mut random = Random::new(11);
    let mut unfinished = 0;
    for _ in 0..50_000 {
        let mut bytes = stream(&mut random);
        bytes.truncate(random.below(bytes.len() + 1));
        let before = oracle::decode(&bytes);
        let after = oracle::decode(&[&bytes[..], b"\n\n"].concat());
        let more = after.items.into_iter().skip(before.items.len()).find_map(|it| match it.item {
            oracle::Item::Event { event_type, data, .. } => Some((event_type, data)),
            _ => None,
        });
        let mut decoder = Decoder::with_limits(limits(usize::MAX, usize::MAX));
        let mut rest = &bytes[..];
        while decoder.next_event(&mut rest).is_some() {}
        let cut = decoder.unfinished().map(|it| (it.event_type().to_owned(), it.data().to_owned()));
        assert_eq!(cut, more, "{}", bytes.escape_ascii());
        assert_eq!(decoder.last_event_id(), before.last_event_id, "{}", bytes.escape_ascii());
        let time = decoder.reconnection_time().map(|time| time.as_millis());
        assert_eq!(time, before.reconnection_time.map(u128::from), "{}", bytes.escape_ascii());
        unfinished += usize::from(cut.is_some());
    }
    assert!(unfinished > 5_000, "{unfinished}");
}

/// A `Stream` may panic when it is read after its end, and then it is not.
#[test]
fn a_source_that_has_ended_is_left_alone() {
    let mut ended = false;
    let source = poll_fn(move |_| {
        assert!(!std::mem::replace(&mut ended, true), "read after its end");
        Poll::Ready(None::<Result<&[u8], Infallible>>)
    });
    let mut events = Events::from_stream(source);
    assert!(block_on(events.next()).is_none());
    assert!(block_on(events.next()).is_none());
    assert!(block_on(events.lend()).is_none());
}

fn pieces(stream: &[u8], size: usize) -> Vec<Piece> {
    stream.chunks(size).map(|piece| Piece::Bytes(piece.to_vec())).collect()
}

fn data(seen: &Seen) -> Vec<&str> {
    let events = seen.steps.iter().filter_map(|(_, step)| match step {
        Step::Event(event) => Some(&*event.data),
        _ => None,
    });
    events.collect()
}
