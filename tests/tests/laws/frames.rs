//! Laws of the encoder: what was put into a frame comes out of it, or it cannot be built.

use sse_proto::Decoder;
use tests::chunking::read;
use tests::frames::{Parts, first_lost};
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
    let mut refused = 0;
    for _ in 0..50_000 {
        let bytes = stream(&mut random);
        let mut relayed = Vec::new();
        read(&mut Decoder::new(), [&bytes[..]], |_, item| {
            let item = item.expect("the streams are short");
            match (item.to_frame(), item) {
                (Ok(frame), _) => frame.append_to(&mut relayed),
                (Err(_), sse_proto::Item::Event(event)) => {
                    event.to_frame_without_id().append_to(&mut relayed);
                    refused += 1;
                }
                (Err(_), _) => refused += 1,
            }
        });
        let (read, seen) = (oracle::decode(&bytes), oracle::decode(&relayed));
        assert_eq!(seen.reconnection_time, read.reconnection_time, "{}", bytes.escape_ascii());
        let (items, expected) = (items(seen), with_ids_that_return(items(read)));
        assert_eq!(items, expected, "{}", bytes.escape_ascii());
    }
    assert!((100..50_000).contains(&refused), "{refused} items with an ID that cannot return");
}

fn items(outcome: Outcome) -> Vec<oracle::Item> {
    outcome.items.into_iter().map(|Dispatched { item, .. }| item).collect()
}

/// The items as a receiver sees them to whom no ID is passed on that it could not send back.
fn with_ids_that_return(items: Vec<oracle::Item>) -> Vec<oracle::Item> {
    let mut last = String::new();
    let mut passed_on = Vec::new();
    for mut item in items {
        match &mut item {
            oracle::Item::Event { last_event_id: id, .. } | oracle::Item::LastEventId(id)
                if first_lost(id).is_none() =>
            {
                last.clone_from(id);
            }
            oracle::Item::Event { last_event_id, .. } => last_event_id.clone_from(&last),
            oracle::Item::LastEventId(_) => continue,
            oracle::Item::Comment(_) | oracle::Item::ReconnectionTime(_) => {}
        }
        passed_on.push(item);
    }
    passed_on
}
