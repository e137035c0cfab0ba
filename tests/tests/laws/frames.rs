//! Laws of the encoder: what was put into a frame comes out of it, or it cannot be built.

use sse_proto::Decoder;
use tests::chunking::read;
use tests::frames::Parts;
use tests::oracle::{self, Dispatched, Outcome};
use tests::streams::{Random, stream};

#[test]
fn a_frame_is_decoded_as_what_it_was_built_from_or_cannot_be_built() {
    let mut random = Random::new(6);
    let mut built = 0;
    for _ in 0..100_000 {
        built += usize::from(Parts::random(&mut random).check(&mut random));
    }
    assert!((10_000..90_000).contains(&built), "{built} frames of 100,000");
}

#[test]
fn what_a_relay_writes_is_seen_as_what_it_read() {
    let mut random = Random::new(7);
    for _ in 0..50_000 {
        let bytes = stream(&mut random);
        let mut relayed = Vec::new();
        read(&mut Decoder::new(), [&bytes[..]], |_, item| {
            item.expect("the streams are short").to_frame().append_to(&mut relayed);
        });
        let items = |outcome: Outcome| -> Vec<oracle::Item> {
            outcome.items.into_iter().map(|Dispatched { item, .. }| item).collect()
        };
        let (read, seen) = (oracle::decode(&bytes), oracle::decode(&relayed));
        assert_eq!(seen.reconnection_time, read.reconnection_time, "{}", bytes.escape_ascii());
        assert_eq!(items(seen), items(read), "{}", bytes.escape_ascii());
    }
}
