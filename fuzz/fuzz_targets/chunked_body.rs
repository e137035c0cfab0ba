//! Any bytes as a chunked body, and any bytes in the chunks of one: cut anywhere, it is read as the RFC says.

#![no_main]

use libfuzzer_sys::fuzz_target;
use tests::chunked::{check, encode};
use tests::streams::Random;

fuzz_target!(|bytes: &[u8]| {
    let mut random = Random::of(bytes);
    check(bytes, &mut random);
    check(&encode(bytes, &mut random), &mut random);
});
