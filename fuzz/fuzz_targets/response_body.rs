//! Any event stream in the body of a response, in any framing: the client sees what the oracle sees.

#![no_main]

use libfuzzer_sys::fuzz_target;
use tests::exchange::check_body;
use tests::streams::Random;

fuzz_target!(|stream: &[u8]| check_body(stream, &mut Random::of(stream)));
