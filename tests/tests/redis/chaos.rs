//! A short run of what `cargo run -p tests --bin redis-chaos -- --seconds 600` does at length.

use std::time::Duration;

#[test]
fn whatever_fails_every_record_is_whole_or_holds_a_told_gap() {
    let outcome = tests::redis_chaos::run(Duration::from_secs(10), 7);
    assert!(outcome.published > 100 && outcome.received > 100 && outcome.faults > 3, "{outcome}");
}
