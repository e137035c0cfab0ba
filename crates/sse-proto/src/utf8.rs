//! Bytes to text, as the Encoding standard decodes UTF-8. Imports `core`, and `simdutf8` behind its feature.

#[cfg(feature = "whole-lines")]
use core::str::from_utf8;

use crate::place::Range;

const REPLACEMENT: &[u8; 3] = "\u{FFFD}".as_bytes().first_chunk().unwrap();

/// The bytes as text, if they are UTF-8.
///
/// "Streams must be decoded using the UTF-8 decode algorithm." Of that, `core` does the part that reads sequences, and
/// `first_piece` asks it how long an ill-formed one is; U+FFFD is put in here.
#[cfg(feature = "whole-lines")]
#[inline]
pub(crate) fn check(bytes: &[u8]) -> Option<&str> {
    if bytes.is_empty() {
        // Not worth a call: most events have no ID.
        return Some("");
    }
    #[cfg(feature = "simdutf8")]
    if bytes.len() >= SIMD_MIN {
        return simdutf8::basic::from_utf8(bytes).ok();
    }
    from_utf8(bytes).ok()
}

/// The bytes as text, if they are UTF-8: found by the code that the repair needs as well, so that a small program does
/// not hold a second, faster one.
#[cfg(not(feature = "whole-lines"))]
pub(crate) fn check(bytes: &[u8]) -> Option<&str> {
    let (text, invalid) = first_piece(bytes);
    (invalid == 0).then_some(text)
}

/// As text what is known to be UTF-8.
#[inline]
pub(crate) fn settled(bytes: &[u8]) -> &str {
    if cfg!(feature = "whole-lines") {
        check(bytes).unwrap_or_default()
    } else {
        first_piece(bytes).0
    }
}

/// The bytes at `range` of `chunk` as text, if they are UTF-8.
#[inline(always)]
pub(crate) fn check_within(chunk: &[u8], range: Range) -> Option<&str> {
    let bytes = range.of(chunk);
    #[cfg(feature = "simdutf8")]
    if bytes.len() >= BLOCKS_MIN {
        return check_blocks(chunk, range.start, bytes.len()).or_else(|| check(bytes));
    }
    check(bytes)
}

/// As many bytes from `start` on as text, by the whole blocks that `simdutf8` checks, each of which takes less time than a
/// part of one: what follows in the chunk is looked at as well. `None` says nothing: then there is too little of it, or it
/// is not UTF-8, or the last block would end inside of a character.
#[cfg(feature = "simdutf8")]
#[inline]
fn check_blocks(chunk: &[u8], start: usize, length: usize) -> Option<&str> {
    let (blocks, after) = chunk.get(start..)?.split_at_checked(length.next_multiple_of(64))?;
    let is_continuation = |byte: &u8| byte & 0b1100_0000 == 0b1000_0000;
    if after.first().is_some_and(is_continuation) {
        return None;
    }
    simdutf8::basic::from_utf8(blocks).ok()?.get(..length)
}

/// Below this the call costs more than it saves.
#[cfg(feature = "simdutf8")]
const BLOCKS_MIN: usize = 16;

/// Whether the bytes are UTF-8, for those that are ASCII nearly always.
#[inline]
pub(crate) fn is_text(bytes: &[u8]) -> bool {
    (cfg!(feature = "whole-lines") && bytes.is_ascii()) || check(bytes).is_some()
}

/// Below this the search for the best instructions costs more than they save.
#[cfg(feature = "simdutf8")]
const SIMD_MIN: usize = 64;

/// Puts U+FFFD in the place of every maximal subpart of an ill-formed sequence in the first
/// `length` bytes of `buffer`. Returns the new length; `None`, and nothing of use left in it, if
/// the buffer is too small for it.
#[cold]
pub(crate) fn repair(buffer: &mut [u8], length: usize) -> Option<usize> {
    // The text moves to the end, and from there piece by piece to the start: if all has room,
    // writing never overtakes reading, because no piece becomes shorter.
    let (mut read, mut write) = (buffer.len().checked_sub(length)?, 0);
    for at in (0..length).rev() {
        copy(buffer, at, at + read);
    }
    loop {
        let rest = buffer.get(read..)?;
        let (text, invalid) = first_piece(rest);
        for _ in 0..text.len() {
            copy(buffer, read, write);
            read += 1;
            write += 1;
        }
        if invalid == 0 {
            return Some(write);
        }
        read += invalid;
        let place = buffer.get_mut(write..read)?;
        *place.first_chunk_mut()? = *REPLACEMENT;
        write += REPLACEMENT.len();
    }
}

/// Byte by byte, because a program for a small machine would need the code for moving memory
/// only for this.
fn copy(bytes: &mut [u8], from: usize, to: usize) {
    let byte = bytes.get(from).copied().unwrap_or_default();
    if let Some(place) = bytes.get_mut(to) {
        *place = byte;
    }
}

/// Makes `repaired` what [`repair`] would make of `bytes`; false if that is more than `limit` bytes.
#[cfg(feature = "alloc")]
#[cold]
pub(crate) fn repair_into(bytes: &[u8], repaired: &mut alloc::vec::Vec<u8>, limit: usize) -> bool {
    let length = repaired_length(bytes);
    if length > limit {
        return false;
    }
    repaired.clear();
    repaired.reserve_exact(length);
    for piece in bytes.utf8_chunks() {
        repaired.extend_from_slice(piece.valid().as_bytes());
        if !piece.invalid().is_empty() {
            repaired.extend_from_slice(REPLACEMENT);
        }
    }
    true
}

#[cfg(feature = "alloc")]
fn repaired_length(bytes: &[u8]) -> usize {
    let added = |invalid: &[u8]| match invalid.len() {
        0 => 0,
        _ => REPLACEMENT.len(),
    };
    bytes.utf8_chunks().map(|piece| piece.valid().len() + added(piece.invalid())).sum()
}

/// The text before the first ill-formed sequence, and the length of that: 0 if there is none.
///
/// These sentences of the Encoding standard are carried out by [`utf8_chunks`](slice::utf8_chunks): an ill-formed piece goes
/// up to the byte that they refuse, which is then read anew.
///
/// - [If byte cannot begin a sequence:] "Otherwise: Return error."
/// - "If byte is 0xE0, then set UTF-8 lower boundary to 0xA0."
/// - "If byte is 0xED, then set UTF-8 upper boundary to 0x9F."
/// - "If byte is 0xF0, then set UTF-8 lower boundary to 0x90."
/// - "If byte is 0xF4, then set UTF-8 upper boundary to 0x8F."
/// - "If byte is not in the range UTF-8 lower boundary to UTF-8 upper boundary, inclusive: [...] Restore byte to ioQueue.
///   Return error."
fn first_piece(bytes: &[u8]) -> (&str, usize) {
    bytes.utf8_chunks().next().map_or(("", 0), |piece| (piece.valid(), piece.invalid().len()))
}
