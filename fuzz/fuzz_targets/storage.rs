//! Any bytes, in any chunks: growable, fixed and lent storage of the same size see the same.

#![no_main]

use libfuzzer_sys::fuzz_target;
use tests::storages::check;
use tests::streams::Random;

fuzz_target!(|bytes: &[u8]| {
    check(bytes, &mut Random::of(bytes));
});
