//! Any bytes, in any chunks, as a server's answer: the client sees the same, and comes to an end.

#![no_main]

use libfuzzer_sys::fuzz_target;
use tests::exchange::check_response;
use tests::streams::Random;

fuzz_target!(|bytes: &[u8]| {
    check_response(bytes, &mut Random::of(bytes));
});
