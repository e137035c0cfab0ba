//! Any strings: a frame is decoded as what it was built from, or it cannot be built.

#![no_main]

use std::time::Duration;

use libfuzzer_sys::fuzz_target;
use tests::frames::Parts;
use tests::streams::Random;

type Text = Option<String>;

fuzz_target!(|input: (u64, Option<u64>, Text, Text, Text, Text)| {
    let (seed, micros, comment, event_type, id, data) = input;
    let retry = micros.map(Duration::from_micros);
    let parts = Parts { comment, event_type, id, retry, data };
    parts.check(&mut Random::new(seed));
});
