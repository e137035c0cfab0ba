//! The laws, on the inputs that fuzzing has kept: a nightly compiler is not needed for those.

use std::fs;
use std::path::Path;

use tests::streams::Random;
use tests::{chunking, exchange, storages};

fn inputs(kind: &str) -> Vec<Vec<u8>> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../fuzz/corpus");
    let entries = fs::read_dir(folder.join(kind)).expect("the corpus is there");
    let paths = entries.map(|entry| entry.expect("the folder can be listed").path());
    let inputs: Vec<_> = paths.map(|path| fs::read(path).expect("a file")).collect();
    assert!(inputs.len() > 10, "only {} {kind} are kept", inputs.len());
    inputs
}

#[test]
fn kept_streams_hold() {
    for bytes in inputs("streams") {
        let mut random = Random::of(&bytes);
        chunking::check(&bytes, &mut random);
        storages::check(&bytes, &mut random);
        exchange::check_body(&bytes, &mut random);
    }
}

#[test]
fn kept_responses_hold() {
    for bytes in inputs("responses") {
        exchange::check_response(&bytes, &mut Random::of(&bytes));
    }
}

#[test]
fn kept_requests_hold() {
    let server = exchange::server();
    for bytes in inputs("requests") {
        exchange::check_request(&server, &bytes, &mut Random::of(&bytes));
    }
}
