//! Any bytes, in any chunks, as a client's request: the server answers the same, or nothing.

#![no_main]

use std::sync::LazyLock;

use libfuzzer_sys::fuzz_target;
use sse_server::Handle;
use tests::exchange::{check_request, server};
use tests::streams::Random;

static SERVER: LazyLock<Handle> = LazyLock::new(server);

fuzz_target!(|bytes: &[u8]| {
    check_request(&SERVER, bytes, &mut Random::of(bytes));
});
