//! A chunk is read by whole lines, or by bytes if it is short. Imports the block, the torn line and the whole lines.

use super::block::Block;
use super::torn::{self, Torn};
use super::whole::{Step, read_data_block, read_lines, rest_of_data, resume};
use crate::found::Found;
use crate::search::{after_silence, may_end_line};
use crate::storage::Parts;
use crate::text::Text;

/// A chunk of so many bytes at most is read byte by byte: it has hardly a line for itself.
const SHORT: usize = 8;

/// Reads up to the end of the next item, or to the end of the chunk, and takes what was read off its front.
#[inline(always)]
pub(crate) fn read<S: Parts, T: Text + ?Sized>(
    input: &mut &[u8],
    block: &mut Block<S, T>,
    torn: &mut Torn,
    comments: bool,
) -> Option<Found> {
    let (length, found) = read_chunk(input, block, torn, comments);
    *input = input.get(length..).unwrap_or_default();
    found
}

/// Reads so far as well. Returns how far.
///
/// Inlined for the sake of chunks of a few bytes, for which a call takes as long as all the rest.
#[inline(always)]
fn read_chunk<S: Parts, T: Text + ?Sized>(
    chunk: &[u8],
    block: &mut Block<S, T>,
    torn: &mut Torn,
    comments: bool,
) -> Step {
    if chunk.len() <= SHORT {
        return read_short(chunk, block, torn, comments);
    }
    if torn.is_at_start() {
        return match chunk.strip_prefix(b"data:") {
            Some(value) => read_data_block(chunk, value, block, torn, comments),
            None => read_lines(chunk, 0, block, torn, comments),
        };
    }
    // Data above all: a long line comes in many chunks.
    let (start, found) = if torn.is_in_data() {
        rest_of_data(chunk, block, torn)
    } else {
        resume(chunk, block, torn, comments)
    };
    if found.is_some() || start == chunk.len() {
        return (start, found);
    }
    read_lines(chunk, start, block, torn, comments)
}

/// Reads a chunk of a few bytes, most of them without a call.
#[inline(always)]
fn read_short<S: Parts, T: Text + ?Sized>(
    chunk: &[u8],
    block: &mut Block<S, T>,
    torn: &mut Torn,
    comments: bool,
) -> Step {
    if torn.is_in_data() && !may_end_line(chunk) {
        return (chunk.len(), torn.part_of_data(block, chunk));
    }
    if let [byte] = *chunk {
        return read_byte(byte, block, torn, comments);
    }
    let mut start = if comments { 0 } else { pass_silence(chunk, block, torn) };
    while chunk.get(start).is_some_and(|byte| torn.spell(*byte)) {
        start += 1;
    }
    if start == chunk.len() {
        return (start, None);
    }
    if chunk.len() == SHORT && torn.is_at_start() {
        return read_lines(chunk, start, block, torn, comments);
    }
    let (length, found) = torn::read(chunk.get(start..).unwrap_or_default(), block, torn, comments);
    (start + length, found)
}

/// Reads a chunk of one byte. What finds nothing is told from the rest, because that takes as long as to look for it.
#[inline(always)]
fn read_byte<S: Parts, T: Text + ?Sized>(
    byte: u8,
    block: &mut Block<S, T>,
    torn: &mut Torn,
    comments: bool,
) -> Step {
    match byte {
        b'\n' if torn.is_ignored() => torn.start_line(),
        b'\n' if torn.is_at_start() && block.is_empty() => {}
        b':' if !comments && torn.is_at_start() => torn.begin_ignored(),
        _ if torn.spell(byte) => {}
        _ => return torn::read(&[byte], block, torn, comments),
    }
    (1, None)
}

/// Passes over comments, which nobody has asked for, and blank lines, if no block is open: so speaks a server that has
/// nothing to say. Returns how far.
#[inline(always)]
fn pass_silence<S: Parts, T: Text + ?Sized>(
    chunk: &[u8],
    block: &Block<S, T>,
    torn: &mut Torn,
) -> usize {
    let mut rest = match chunk {
        [b'\n', rest @ ..] if torn.is_ignored() => {
            torn.start_line();
            rest
        }
        [b':' | b'\n', ..] if torn.is_at_start() => chunk,
        _ => return 0,
    };
    if !rest.is_empty() && block.is_empty() {
        rest = after_silence(rest);
    }
    if rest == b":" {
        torn.begin_ignored();
        return chunk.len();
    }
    chunk.len() - rest.len()
}
