//! What no decoder can beat: a copy of the bytes, the search for line ends with the check of UTF-8 that the format asks for,
//! and all three for lines that are torn over chunks.

use std::hint::black_box;

use memchr::{memchr_iter, memchr2};

use super::Input;
use crate::sink::Sink;

pub(super) fn copy(input: Input, _: &mut Sink) -> Result<(), String> {
    let mut buffer = vec![0; input.chunk.min(input.bytes.len())];
    for chunk in input.chunks() {
        buffer[..chunk.len()].copy_from_slice(chunk);
        black_box(&mut buffer);
    }
    Ok(())
}

pub(super) fn newline_search(input: Input, _: &mut Sink) -> Result<(), String> {
    for chunk in input.chunks() {
        let mut start = 0;
        for end in memchr_iter(b'\n', chunk) {
            let _ = black_box(std::str::from_utf8(&chunk[start..end]));
            start = end + 1;
        }
        let _ = black_box(std::str::from_utf8(&chunk[start..]));
    }
    Ok(())
}

/// Searches for both characters that end lines, copies the parts of lines that do not lie whole in a chunk, and checks each
/// line once, long ones as fast as can be: what is left of a decoder when it decides nothing.
pub(super) fn search_copy_check(input: Input, _: &mut Sink) -> Result<(), String> {
    let mut torn = Vec::new();
    for mut rest in input.chunks() {
        while let Some(end) = memchr2(b'\n', b'\r', rest) {
            let (line, after) = rest.split_at(end);
            if torn.is_empty() {
                check(line);
            } else {
                torn.extend_from_slice(line);
                check(&torn);
                torn.clear();
            }
            rest = &after[1..];
        }
        torn.extend_from_slice(rest);
    }
    Ok(())
}

fn check(line: &[u8]) {
    const LONG: usize = 64;
    if line.len() < LONG {
        let _ = black_box(std::str::from_utf8(line));
    } else {
        let _ = black_box(simdutf8::basic::from_utf8(line));
    }
}
