//! Laws of the decoder: the standard's outcome, in every chunking, connection after connection.

use std::time::Duration;

use sse_proto::{Decoder, Item};
use tests::chunking::{self, cut, outcome, owned};
use tests::oracle;
use tests::streams::{Random, cuts, stream};

#[test]
fn random_streams_are_decoded_as_the_standard_says_however_they_are_cut() {
    let mut random = Random::new(1);
    let mut items = 0;
    for _ in 0..100_000 {
        let bytes = stream(&mut random);
        items += chunking::check(&bytes, &mut random);
    }
    assert!(items > 100_000, "the streams hold too little: {items} items");
}

#[test]
fn short_streams_are_decoded_as_the_standard_says_in_every_chunking() {
    const ALPHABET: [u8; 10] = *b":\n\r a1\0\xEF\xBB\xBF";
    const HEADS: [&[u8]; 7] = [b"", b"data", b"data:", b"id:1", b"retry:", b"event:x", b"data:\r"];
    for head in HEADS {
        for length in 0..=4_u32 {
            for number in 0..ALPHABET.len().pow(length) {
                let middle = (0..length)
                    .map(|place| ALPHABET[number / ALPHABET.len().pow(place) % ALPHABET.len()]);
                let bytes: Vec<u8> =
                    head.iter().copied().chain(middle).chain(*b"\ndata:y\n\n").collect();
                in_every_chunking(&bytes, head.len()..head.len() + length as usize);
            }
        }
    }
}

/// Cuts `bytes` at every set of the places in `places`.
fn in_every_chunking(bytes: &[u8], places: std::ops::Range<usize>) {
    let expected = oracle::decode(bytes);
    for set in 0..1_u32 << (places.len() + 1) {
        let cuts: Vec<usize> = (places.start..=places.end)
            .filter(|place| set & (1 << (place - places.start)) != 0)
            .collect();
        let seen = outcome(&mut Decoder::new(), cut(bytes, &cuts));
        assert_eq!(seen.as_ref(), Ok(&expected), "{} cut at {cuts:?}", bytes.escape_ascii());
    }
}

#[test]
fn every_stream_of_up_to_seven_line_ends_and_colons_in_every_chunking() {
    for length in 0..=7_u32 {
        for number in 0..3_usize.pow(length) {
            let bytes: Vec<u8> =
                (0..length).map(|place| b"\n\r:"[number / 3_usize.pow(place) % 3]).collect();
            in_every_chunking(&bytes, 0..bytes.len());
        }
    }
}

#[test]
fn every_way_to_read_gives_the_same() {
    let mut random = Random::new(2);
    for _ in 0..30_000 {
        let bytes = stream(&mut random);
        let cuts = cuts(&mut random, bytes.len());
        let expected = oracle::decode(&bytes);
        let (mut items, mut events) = (Vec::new(), Vec::new());
        let (mut with_items, mut with_events) = (Decoder::new(), Decoder::new());
        for chunk in cut(&bytes, &cuts) {
            let mut rest = chunk;
            while let Some(item) = with_items.next(&mut rest) {
                items.push(owned(item.expect("the streams are short")));
            }
            assert!(rest.is_empty(), "{}", bytes.escape_ascii());
            let mut rest = chunk;
            while let Some(event) = with_events.next_event(&mut rest) {
                let event = event.expect("the streams are short");
                events.push(owned(Item::Event(event)));
            }
            assert!(rest.is_empty(), "{}", bytes.escape_ascii());
        }
        let mut all: Vec<oracle::Item> = expected.items.into_iter().map(|it| it.item).collect();
        assert_eq!(items, all, "{} cut at {cuts:?}", bytes.escape_ascii());
        all.retain(|item| matches!(item, oracle::Item::Event { .. }));
        assert_eq!(events, all, "{} cut at {cuts:?}", bytes.escape_ascii());
        for decoder in [with_items, with_events] {
            let time = expected.reconnection_time.map(Duration::from_millis);
            assert_eq!(decoder.last_event_id(), expected.last_event_id);
            assert_eq!(decoder.reconnection_time(), time);
        }
    }
}

#[test]
fn text_is_what_its_own_bytes_say_whatever_follows_it() {
    const LAST: [&[u8]; 6] =
        [b"", b"z", "\u{E9}".as_bytes(), "\u{1F600}".as_bytes(), b"\xFF", b"\xE4\xB8"];
    const BEHIND: [&[u8]; 5] = [b"", b"a", b"\xFF", b"\x80", "\u{4E2D}".as_bytes()];
    for length in 0..=140 {
        for (last, behind) in LAST.iter().flat_map(|last| BEHIND.map(|behind| (last, behind))) {
            let text = [&vec![b'x'; length], *last].concat();
            let chunk = [b"event: ", &text[..], b"\ndata: ", &text, b"\n\n"].concat();
            for behind in [behind.to_vec(), behind.repeat(70)] {
                let longer = [&chunk[..], &behind].concat();
                let (mut decoder, mut rest) = (Decoder::new(), &chunk[..]);
                let found = decoder.advance(&mut rest).expect("an event is complete");
                assert!(rest.is_empty());
                let Ok(Item::Event(event)) = decoder.item(found, &longer) else {
                    panic!("an event")
                };
                let expected = String::from_utf8_lossy(&text);
                let expected = (expected.as_ref(), event_type_of(&expected));
                let seen = (event.data(), event.event_type());
                assert_eq!(seen, expected, "before {}", behind.escape_ascii());
            }
        }
    }
}

fn event_type_of(value: &str) -> &str {
    if value.is_empty() { "message" } else { value }
}

#[test]
fn a_decoder_goes_on_with_the_next_connection_where_the_last_one_ended() {
    let mut random = Random::new(5);
    for _ in 0..30_000 {
        let connections: [Vec<u8>; 3] = [(); 3].map(|()| stream(&mut random));
        let mut decoder = Decoder::new();
        let mut id = String::new();
        let mut time = None;
        for bytes in &connections {
            let cuts = cuts(&mut random, bytes.len());
            let mut expected = oracle::decode_after(&id, bytes);
            expected.reconnection_time = expected.reconnection_time.or(time);
            let seen = outcome(&mut decoder, cut(bytes, &cuts));
            assert_eq!(
                seen.as_ref(),
                Ok(&expected),
                "{} after {id:?}, cut at {cuts:?}",
                bytes.escape_ascii()
            );
            decoder.reset();
            assert_eq!(decoder.last_event_id(), expected.last_event_id);
            id = expected.last_event_id;
            time = expected.reconnection_time;
        }
        let mut other = Decoder::new();
        other.set_last_event_id(&id).expect("it was carried by a stream");
        let bytes = stream(&mut random);
        let seen = outcome(&mut other, [&bytes[..]]);
        assert_eq!(seen, Ok(oracle::decode_after(&id, &bytes)), "{}", bytes.escape_ascii());
    }
}
