//! Laws of bounded memory: the storages agree, and a block past a limit costs itself alone.

use sse_proto::{Decoder, Fixed, Item, Part};
use tests::chunking::{cut, limits, owned, read};
use tests::oracle;
use tests::storages::{self, DATA, TEXT};
use tests::streams::{Random, cuts, stream};

#[test]
fn fixed_and_lent_storage_see_what_growable_storage_sees() {
    let mut random = Random::new(3);
    let mut exceeded = 0;
    for _ in 0..50_000 {
        let bytes = stream(&mut random);
        exceeded += usize::from(storages::check(&bytes, &mut random));
    }
    assert!(exceeded > 1_000, "only {exceeded} streams passed a limit");
}

#[test]
fn a_block_past_a_limit_is_one_error_and_every_other_block_is_right() {
    let mut random = Random::new(4);
    for _ in 0..30_000 {
        let blocks: Vec<Block> = (0..random.below(6)).map(|_| block(&mut random)).collect();
        let bytes: Vec<u8> = blocks.iter().flat_map(|it| it.bytes.clone()).collect();
        let fitting: Vec<u8> = blocks.iter().flat_map(|it| it.fitting.clone()).collect();
        let expected = oracle::decode(&fitting);
        let parts: Vec<(Part, usize)> = blocks.iter().filter_map(|it| it.exceeds).collect();
        let cuts = cuts(&mut random, bytes.len());
        let (mut items, mut errors) = (Vec::new(), Vec::new());
        let mut decoder = Decoder::with_storage(Fixed::<DATA, TEXT>::new());
        read(&mut decoder, cut(&bytes, &cuts), |_, item| match item {
            Ok(item) => items.push(owned(item)),
            Err(error) => errors.push((error.part, error.limit)),
        });
        let right: Vec<oracle::Item> = expected.items.into_iter().map(|it| it.item).collect();
        assert_eq!(items, right, "{} cut at {cuts:?}", bytes.escape_ascii());
        assert_eq!(errors, parts, "{} cut at {cuts:?}", bytes.escape_ascii());
        assert_eq!(decoder.last_event_id(), expected.last_event_id);
        check_events_alone(&bytes, &cuts, &right, &parts);
    }
}

/// Whoever reads nothing but events is not told of comments, not even of those that are too long.
fn check_events_alone(
    bytes: &[u8],
    cuts: &[usize],
    items: &[oracle::Item],
    errors: &[(Part, usize)],
) {
    let (mut events, mut parts) = (Vec::new(), Vec::new());
    let mut decoder = Decoder::with_storage(Fixed::<DATA, TEXT>::new());
    for mut chunk in cut(bytes, cuts) {
        while let Some(event) = decoder.next_event(&mut chunk) {
            match event {
                Ok(event) => events.push(owned(Item::Event(event))),
                Err(error) => parts.push((error.part, error.limit)),
            }
        }
    }
    let is_event = |item: &&oracle::Item| matches!(item, oracle::Item::Event { .. });
    let expected: Vec<oracle::Item> = items.iter().filter(is_event).cloned().collect();
    assert_eq!(events, expected, "{} cut at {cuts:?}", bytes.escape_ascii());
    let mut errors = errors.to_vec();
    errors.retain(|(part, _)| *part != Part::Comment);
    assert_eq!(parts, errors, "{} cut at {cuts:?}", bytes.escape_ascii());
}

/// A block, of which a part may be too long for the storage.
struct Block {
    bytes: Vec<u8>,
    /// What of it can be received: nothing, or all but the comment that is too long.
    fitting: Vec<u8>,
    /// The part that is too long, and its limit.
    exceeds: Option<(Part, usize)>,
}

fn block(random: &mut Random) -> Block {
    let end = random.pick(&["\n", "\r", "\r\n"]);
    let text = |random: &mut Random, length: usize| -> String {
        (0..length).map(|_| char::from(b"ab:1"[random.below(4)])).collect()
    };
    let (kind, excess) = (random.below(8), 1 + random.below(40));
    let mut lines = Vec::new();
    let exceeds = match kind {
        0 => {
            lines.push(format!("data: {}", text(random, DATA + excess)));
            Some((Part::Data, DATA))
        }
        1 => {
            let lengths = [DATA / 2, DATA / 2 - 1 + excess];
            lines.extend(lengths.map(|length| format!("data:{}", text(random, length))));
            Some((Part::Data, DATA))
        }
        2 => {
            lines.push(format!("id: {}", text(random, TEXT + excess)));
            Some((Part::LastEventId, TEXT))
        }
        3 => {
            lines.push(format!("event: {}", text(random, TEXT + excess)));
            Some((Part::EventType, TEXT))
        }
        _ => {
            let length = random.below(TEXT + 1);
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
        || exceeds == Some((Part::EventType, TEXT))
        || exceeds == Some((Part::LastEventId, TEXT))
    {
        let length = random.below(DATA + 1);
        lines.push(format!("data: {}", text(random, length)));
    }
    let bytes = |lines: &[String]| (lines.join(end) + end + end).into_bytes();
    if exceeds.is_some() {
        return Block { bytes: bytes(&lines), fitting: Vec::new(), exceeds };
    }
    let fitting = bytes(&lines);
    let has_long_comment = random.below(4) == 0;
    if has_long_comment {
        let place = random.below(lines.len() + 1);
        lines.insert(place, format!(":{}", text(random, TEXT + excess)));
    }
    Block {
        bytes: bytes(&lines),
        fitting,
        exceeds: has_long_comment.then_some((Part::Comment, TEXT)),
    }
}

#[test]
fn an_id_that_no_stream_can_carry_cannot_be_set() {
    let mut decoder = Decoder::with_limits(limits(DATA, TEXT));
    decoder.set_last_event_id("12345678").expect("it is as long as the limit");
    for id in ["a\n", "a\r", "a\0", "123456789"] {
        assert!(decoder.set_last_event_id(id).is_err(), "{id:?}");
        assert_eq!(decoder.last_event_id(), "12345678");
    }
    let mut rest = &b"data\n\n"[..];
    let item = decoder.next(&mut rest).expect("a block has ended").expect("it is short");
    assert!(matches!(item, Item::Event(event) if event.last_event_id() == "12345678"));
}
