//! Any bytes, in any chunks: the decoder sees what the oracle sees.

#![no_main]

use libfuzzer_sys::fuzz_target;
use tests::chunking::check;
use tests::streams::Random;

fuzz_target!(|bytes: &[u8]| {
    check(bytes, &mut Random::of(bytes));
});
