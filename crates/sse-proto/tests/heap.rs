//! The heap: nothing is allocated per event, and growth ends at the limits.
#![cfg(feature = "alloc")]

use sse_proto::{Decoder, Item, Limits};

#[test]
fn nothing_is_allocated_per_event() {
    let block =
        "event: x\nid: 17\ndata: one line\n\n: beat\ndata: two\ndata: lines\n\nretry: 5\n\n";
    let stream = block.repeat(1000).into_bytes();
    for size in [1, 7, 64, 1400, stream.len()] {
        let mut decoder = Decoder::new();
        let mut read = |stream: &[u8]| {
            let mut events = 0;
            for mut rest in stream.chunks(size) {
                while let Some(item) = decoder.next(&mut rest) {
                    events += usize::from(matches!(item, Ok(Item::Event(_))));
                }
            }
            events
        };
        // The buffers grow to what this stream needs, and then stay.
        assert_eq!(read(&stream), 2000);
        let counted = allocation_counter::measure(|| assert_eq!(read(&stream), 2000));
        assert_eq!(counted.count_total, 0, "chunks of {size}");
    }
}

#[test]
fn growable_storage_stays_within_its_limits() {
    let limits = Limits { data: 10_000, event_type: 100, last_event_id: 100, comment: 100 };
    for byte in [b"x", b"\xFF"] {
        for name in ["data: ", "event: ", "id: ", ": "] {
            let stream = [name.as_bytes(), &byte.repeat(1 << 20), b"\n\ndata: next\n\n"].concat();
            for size in [100, 1 << 20] {
                let counted = allocation_counter::measure(|| {
                    let mut decoder = Decoder::with_limits(limits);
                    for mut rest in stream.chunks(size) {
                        while decoder.next(&mut rest).is_some() {}
                    }
                });
                let most = 2 * limits.data as u64;
                assert!(counted.bytes_max <= most, "{name}: {} bytes", counted.bytes_max);
            }
        }
    }
}

#[test]
fn a_value_of_any_length_is_kept_whole() {
    let letters: String = ('a'..='z').cycle().take(130).collect();
    for length in 0..letters.len() {
        let data = letters.get(..length).unwrap();
        let stream = format!("data: {data}\ndata: {data}\n\n");
        for size in [1, 5, 9, 70, stream.len()] {
            let mut decoder = Decoder::new();
            let mut found = 0;
            for mut rest in stream.as_bytes().chunks(size) {
                while let Some(event) = decoder.next_event(&mut rest) {
                    assert_eq!(event.unwrap().data(), format!("{data}\n{data}"), "by {size}");
                    found += 1;
                }
            }
            assert_eq!(found, 1, "{length} by {size}");
        }
    }
}
