//! Laws of bounded memory: the storages agree, and a block past a limit costs itself alone.

use sse_proto::{Decoder, Fixed, Item, Lent, Limits, Part};
use tests::chunking::{cut, owned, read};
use tests::oracle;
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
