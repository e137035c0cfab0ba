//! What holds for every stream and every frame, tried on very many of them.
//!
//! A failure names the stream and its cuts, which say all there is to know. The seeds are fixed:
//! what fails once fails again.

use std::time::Duration;

use sse_proto::{BufferTooSmall, Decoder, Fixed, Frame, FrameError, Item, Lent, Limits, Part};
use tests::chunking::{cut, outcome, owned, read};
use tests::oracle::{self, Dispatched, Outcome};
use tests::streams::{Random, cuts, stream};

/// Of the same size as [`SMALL`].
type SmallStorage = Fixed<24, 8>;

const SMALL: Limits = limits(24, 8);

const fn limits(data: usize, line: usize) -> Limits {
    let mut limits = Limits::DEFAULT;
    limits.data = data;
    limits.event_type = line;
    limits.last_event_id = line;
    limits.comment = line;
    limits
}

#[test]
fn random_streams_are_decoded_as_the_standard_says_however_they_are_cut() {
    let mut random = Random::new(1);
    let mut events = 0;
    for _ in 0..100_000 {
        let bytes = stream(&mut random);
        let expected = oracle::decode(&bytes);
        events += expected.items.len();
        let cuts = cuts(&mut random, bytes.len());
        let every: Vec<usize> = (1..bytes.len()).collect();
        for cuts in [&[], &cuts[..], &every] {
            let seen = outcome(&mut Decoder::new(), cut(&bytes, cuts));
            assert_eq!(
                seen.as_ref(),
                Ok(&expected),
                "{} cut at {cuts:?}",
                bytes.escape_ascii()
            );
        }
    }
    assert!(
        events > 100_000,
        "the streams hold too little: {events} items"
    );
}

#[test]
fn short_streams_are_decoded_as_the_standard_says_in_every_chunking() {
    const ALPHABET: [u8; 10] = *b":\n\r a1\0\xEF\xBB\xBF";
    const HEADS: [&[u8]; 7] = [
        b"", b"data", b"data:", b"id:1", b"retry:", b"event:x", b"data:\r",
    ];
    for head in HEADS {
        for length in 0..=4_u32 {
            for number in 0..ALPHABET.len().pow(length) {
                let middle = (0..length)
                    .map(|place| ALPHABET[number / ALPHABET.len().pow(place) % ALPHABET.len()]);
                let bytes: Vec<u8> = head
                    .iter()
                    .copied()
                    .chain(middle)
                    .chain(*b"\ndata:y\n\n")
                    .collect();
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
        assert_eq!(
            seen.as_ref(),
            Ok(&expected),
            "{} cut at {cuts:?}",
            bytes.escape_ascii()
        );
    }
}

#[test]
fn every_stream_of_up_to_seven_line_ends_and_colons_in_every_chunking() {
    for length in 0..=7_u32 {
        for number in 0..3_usize.pow(length) {
            let bytes: Vec<u8> = (0..length)
                .map(|place| b"\n\r:"[number / 3_usize.pow(place) % 3])
                .collect();
            in_every_chunking(&bytes, 0..bytes.len());
        }
    }
}

#[test]
fn both_ways_to_read_give_the_same() {
    let mut random = Random::new(2);
    for _ in 0..20_000 {
        let bytes = stream(&mut random);
        let cuts = cuts(&mut random, bytes.len());
        let mut items = Vec::new();
        let mut decoder = Decoder::new();
        for chunk in cut(&bytes, &cuts) {
            let mut rest = chunk;
            while let Some(item) = decoder.next(&mut rest) {
                items.push(owned(item.expect("the streams are short")));
            }
            assert!(rest.is_empty(), "{}", bytes.escape_ascii());
        }
        let expected: Vec<oracle::Item> = oracle::decode(&bytes)
            .items
            .into_iter()
            .map(|it| it.item)
            .collect();
        assert_eq!(items, expected, "{} cut at {cuts:?}", bytes.escape_ascii());
    }
}

#[test]
fn fixed_and_lent_storage_see_what_growable_storage_sees() {
    let mut random = Random::new(3);
    let mut exceeded = 0;
    for _ in 0..50_000 {
        let bytes = stream(&mut random);
        let cuts = cuts(&mut random, bytes.len());
        let chunks = || cut(&bytes, &cuts);
        let mut seen = [const { Vec::new() }; 3];
        let [growable, fixed, lent] = &mut seen;
        read(
            &mut Decoder::with_limits(SMALL),
            chunks(),
            |offset, item| growable.push((offset, item.map(owned))),
        );
        let storage = SmallStorage::new();
        read(
            &mut Decoder::with_storage(storage),
            chunks(),
            |offset, item| fixed.push((offset, item.map(owned))),
        );
        let (mut data, mut lines) = ([0; 24], [0; 32]);
        let storage = Lent::new(&mut data, &mut lines);
        read(
            &mut Decoder::with_storage(storage),
            chunks(),
            |offset, item| lent.push((offset, item.map(owned))),
        );
        exceeded += usize::from(growable.iter().any(|(_, item)| item.is_err()));
        let [growable, fixed, lent] = seen;
        assert_eq!(growable, fixed, "{} cut at {cuts:?}", bytes.escape_ascii());
        assert_eq!(growable, lent, "{} cut at {cuts:?}", bytes.escape_ascii());
    }
    assert!(exceeded > 1_000, "only {exceeded} streams passed a limit");
}

#[test]
fn a_block_past_a_limit_is_one_error_and_every_other_block_is_right() {
    let mut random = Random::new(4);
    for _ in 0..30_000 {
        let blocks: Vec<Block> = (0..random.below(6)).map(|_| block(&mut random)).collect();
        let bytes: Vec<u8> = blocks.iter().flat_map(|it| it.bytes.clone()).collect();
        let fitting: Vec<u8> = blocks
            .iter()
            .filter(|it| it.exceeds.is_none())
            .flat_map(|it| it.bytes.clone())
            .collect();
        let expected = oracle::decode(&fitting);
        let parts: Vec<(Part, usize)> = blocks.iter().filter_map(|it| it.exceeds).collect();
        let cuts = cuts(&mut random, bytes.len());
        let (mut items, mut errors) = (Vec::new(), Vec::new());
        let mut decoder = Decoder::with_storage(SmallStorage::new());
        read(&mut decoder, cut(&bytes, &cuts), |_, item| match item {
            Ok(item) => items.push(owned(item)),
            Err(error) => errors.push((error.part, error.limit)),
        });
        let right: Vec<oracle::Item> = expected.items.into_iter().map(|it| it.item).collect();
        assert_eq!(items, right, "{} cut at {cuts:?}", bytes.escape_ascii());
        assert_eq!(errors, parts, "{} cut at {cuts:?}", bytes.escape_ascii());
        assert_eq!(
            decoder.last_event_id(),
            expected.last_event_id,
            "{}",
            bytes.escape_ascii()
        );
    }
}

/// A block, and the part of it, with its limit, that is too long for [`SmallStorage`].
struct Block {
    bytes: Vec<u8>,
    exceeds: Option<(Part, usize)>,
}

fn block(random: &mut Random) -> Block {
    let end = random.pick(&["\n", "\r", "\r\n"]);
    let text = |random: &mut Random, length: usize| -> String {
        (0..length)
            .map(|_| char::from(b"ab:1"[random.below(4)]))
            .collect()
    };
    let (kind, excess) = (random.below(8), 1 + random.below(40));
    let mut lines = Vec::new();
    let exceeds = match kind {
        0 => {
            lines.push(format!("data: {}", text(random, 24 + excess)));
            Some((Part::Data, 24))
        }
        1 => {
            let lengths = [12, 11 + excess];
            lines.extend(lengths.map(|length| format!("data:{}", text(random, length))));
            Some((Part::Data, 24))
        }
        2 => {
            lines.push(format!("id: {}", text(random, 8 + excess)));
            Some((Part::LastEventId, 8))
        }
        3 => {
            lines.push(format!("event: {}", text(random, 8 + excess)));
            Some((Part::EventType, 8))
        }
        _ => {
            let length = random.below(9);
            lines.push(format!("event: {}", text(random, length)));
            lines.push(format!("{}:  {}", "x".repeat(excess), "y".repeat(excess)));
            None
        }
    };
    // An ID of its own, which must not move if the block is skipped, and data that must not show.
    if random.below(2) == 0 {
        let place = random.below(lines.len() + 1);
        lines.insert(place, format!("id: {}", random.below(1_000)));
    }
    if exceeds.is_none()
        || exceeds == Some((Part::EventType, 8))
        || exceeds == Some((Part::LastEventId, 8))
    {
        let length = random.below(25);
        lines.push(format!("data: {}", text(random, length)));
    }
    let bytes = lines.into_iter().map(|line| line + end).collect::<String>() + end;
    Block {
        bytes: bytes.into_bytes(),
        exceeds,
    }
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
        other
            .set_last_event_id(&id)
            .expect("it was carried by a stream");
        let bytes = stream(&mut random);
        let seen = outcome(&mut other, [&bytes[..]]);
        assert_eq!(
            seen,
            Ok(oracle::decode_after(&id, &bytes)),
            "{}",
            bytes.escape_ascii()
        );
    }
}

/// What a frame is built from.
#[derive(Debug, Default)]
struct Parts {
    comment: Option<String>,
    event_type: Option<String>,
    id: Option<String>,
    retry: Option<Duration>,
    data: Option<String>,
}

impl Parts {
    fn random(random: &mut Random) -> Self {
        let some = |random: &mut Random| random.below(2) == 0;
        Self {
            comment: some(random).then(|| text(random)),
            event_type: some(random).then(|| text(random)),
            id: some(random).then(|| text(random)),
            retry: some(random).then(|| Duration::from_micros(random.bits() >> random.below(64))),
            data: some(random).then(|| text(random)),
        }
    }

    /// The frame, begun in whichever way its parts allow.
    fn frame(&self) -> Option<Result<Frame<'_>, FrameError>> {
        let mut frame = match (&self.data, &self.comment, self.retry, &self.id) {
            (Some(data), ..) => Frame::message(data),
            (None, Some(comment), ..) => Frame::comment(comment),
            (None, None, Some(time), _) => Frame::retry(time),
            (None, None, None, Some(id)) => match Frame::cursor(id) {
                Ok(frame) => frame,
                Err(error) => return Some(Err(error)),
            },
            (None, None, None, None) => return None,
        };
        if let Some(comment) = &self.comment {
            frame = frame.with_comment(comment);
        }
        if let Some(time) = self.retry {
            frame = frame.with_retry(time);
        }
        let frame = match &self.id {
            Some(id) => frame.id(id),
            None => Ok(frame),
        };
        Some(match (&self.event_type, frame) {
            (Some(event_type), Ok(frame)) => frame.event_type(event_type),
            (_, frame) => frame,
        })
    }

    /// The first byte that the format cannot carry, in the order in which `frame` hands it over.
    fn forbidden(&self) -> Option<(Part, usize, u8)> {
        let find = |part, text: &Option<String>, bytes: &[u8]| {
            let text = text.as_ref()?.as_bytes();
            let offset = text.iter().position(|byte| bytes.contains(byte))?;
            Some((part, offset, text[offset]))
        };
        find(Part::LastEventId, &self.id, b"\r\n\0")
            .or_else(|| find(Part::EventType, &self.event_type, b"\r\n"))
    }

    /// What a receiver must see: a line end in comment and data is an LF, the empty type is
    /// `message`, and a time is in whole milliseconds.
    fn items(&self) -> Vec<oracle::Item> {
        let lines = |text: &String| text.replace("\r\n", "\n").replace('\r', "\n");
        let mut items = Vec::new();
        if let Some(comment) = &self.comment {
            items.extend(
                lines(comment)
                    .split('\n')
                    .map(|line| oracle::Item::Comment(line.to_owned())),
            );
        }
        if let Some(time) = self.retry {
            let milliseconds = u64::try_from(time.as_millis()).unwrap_or(u64::MAX);
            items.push(oracle::Item::ReconnectionTime(milliseconds));
        }
        let id = self.id.clone().unwrap_or_default();
        if let Some(data) = &self.data {
            let named = self.event_type.as_ref().filter(|it| !it.is_empty());
            items.push(oracle::Item::Event {
                event_type: named.map_or("message".to_owned(), String::clone),
                data: lines(data),
                last_event_id: id,
            });
        } else if self.id.is_some() {
            items.push(oracle::Item::LastEventId(id));
        }
        items
    }
}

fn text(random: &mut Random) -> String {
    let pieces = [
        "a", " ", ":", "data: x", "\t", "更新", "😀", "\u{FEFF}", "\u{85}", "\n", "\r", "\r\n",
        "\0",
    ];
    // Two of three texts have no byte that an ID or a type cannot carry.
    let usable = if random.below(3) == 0 {
        pieces.len()
    } else {
        pieces.len() - 4
    };
    (0..random.below(5))
        .map(|_| random.pick(&pieces[..usable]))
        .collect()
}

#[test]
fn a_frame_is_decoded_as_what_it_was_built_from_or_cannot_be_built() {
    let mut random = Random::new(6);
    let (mut built, mut refused) = (0, 0);
    for _ in 0..100_000 {
        let parts = Parts::random(&mut random);
        let Some(frame) = parts.frame() else { continue };
        match (frame, parts.forbidden()) {
            (Ok(frame), None) => {
                built += 1;
                let bytes = encoded(&frame);
                let cuts = cuts(&mut random, bytes.len());
                let seen =
                    outcome(&mut Decoder::new(), cut(&bytes, &cuts)).expect("no limit is near");
                let items: Vec<oracle::Item> = seen.items.into_iter().map(|it| it.item).collect();
                assert_eq!(items, parts.items(), "{parts:?}");
            }
            (Err(error), Some(forbidden)) => {
                refused += 1;
                assert_eq!(
                    (error.part, error.offset, error.byte),
                    forbidden,
                    "{parts:?}"
                );
            }
            (frame, forbidden) => panic!("{parts:?}: {frame:?}, although {forbidden:?} is in it"),
        }
    }
    assert!(
        built > 10_000 && refused > 10_000,
        "{built} frames, {refused} errors"
    );
}

/// The frame's bytes, which every way to encode it must give.
fn encoded(frame: &Frame<'_>) -> Vec<u8> {
    let text = frame.to_string();
    assert_eq!(text.len(), frame.encoded_len());
    let mut appended = b"before".to_vec();
    frame.append_to(&mut appended);
    assert_eq!(appended.strip_prefix(b"before"), Some(text.as_bytes()));
    let mut buffer = vec![b'#'; text.len() + 1];
    assert_eq!(frame.encode_into(&mut buffer), Ok(text.len()));
    assert_eq!(buffer.strip_suffix(b"#"), Some(text.as_bytes()));
    let too_small = frame.encode_into(&mut buffer[..text.len() - 1]);
    assert!(matches!(too_small, Err(BufferTooSmall { needed, .. }) if needed == text.len()));
    text.into_bytes()
}

#[test]
fn what_a_relay_writes_is_seen_as_what_it_read() {
    let mut random = Random::new(7);
    for _ in 0..50_000 {
        let bytes = stream(&mut random);
        let mut relayed = Vec::new();
        read(&mut Decoder::new(), [&bytes[..]], |_, item| {
            item.expect("the streams are short")
                .to_frame()
                .append_to(&mut relayed);
        });
        let items = |outcome: Outcome| -> Vec<oracle::Item> {
            outcome
                .items
                .into_iter()
                .map(|Dispatched { item, .. }| item)
                .collect()
        };
        let (read, seen) = (oracle::decode(&bytes), oracle::decode(&relayed));
        assert_eq!(
            seen.reconnection_time,
            read.reconnection_time,
            "{}",
            bytes.escape_ascii()
        );
        assert_eq!(items(seen), items(read), "{}", bytes.escape_ascii());
    }
}

#[test]
fn an_id_that_no_stream_can_carry_cannot_be_set() {
    let mut decoder = Decoder::with_limits(SMALL);
    decoder
        .set_last_event_id("12345678")
        .expect("it is as long as the limit");
    for id in ["a\n", "a\r", "a\0", "123456789"] {
        assert!(decoder.set_last_event_id(id).is_err(), "{id:?}");
        assert_eq!(decoder.last_event_id(), "12345678");
    }
    let mut rest = &b"data\n\n"[..];
    let item = decoder
        .next(&mut rest)
        .expect("a block has ended")
        .expect("it is short");
    assert!(matches!(item, Item::Event(event) if event.last_event_id() == "12345678"));
}
