//! Bytes to text, as the Encoding standard decodes UTF-8. Imports `core` only.

use core::str::from_utf8;

use crate::storage::Buffer;

const REPLACEMENT: &[u8; 3] = "\u{FFFD}".as_bytes().first_chunk().unwrap();

/// The bytes as text, if they are UTF-8.
#[inline]
pub(crate) fn check(bytes: &[u8]) -> Option<&str> {
    #[cfg(feature = "simdutf8")]
    if bytes.len() >= SIMD_MIN {
        return simdutf8::basic::from_utf8(bytes).ok();
    }
    from_utf8(bytes).ok()
}

/// Below this the search for the best instructions costs more than they save.
#[cfg(feature = "simdutf8")]
const SIMD_MIN: usize = 64;

/// Puts U+FFFD in the place of every maximal subpart of an ill-formed sequence.
///
/// False if the text would then be longer than `limit`; the buffer is then left alone.
#[cold]
pub(crate) fn repair(buffer: &mut impl Buffer, limit: usize) -> bool {
    let length = buffer.as_slice().len();
    let grown = grown_length(buffer.as_slice());
    let extra = grown - length;
    if grown > limit || !buffer.grow(extra) {
        return false;
    }
    // The bytes move to the end of the buffer, and from there back to its start piece by
    // piece: writing never overtakes reading, because no piece becomes shorter.
    let bytes = buffer.as_mut_slice();
    bytes.copy_within(..length, extra);
    let (mut read, mut write) = (extra, 0);
    while let Some((valid, invalid)) = next_error(bytes.get(read..).unwrap_or_default()) {
        bytes.copy_within(read..read + valid, write);
        if let Some(place) = bytes.get_mut(write + valid..write + valid + REPLACEMENT.len()) {
            place.copy_from_slice(REPLACEMENT);
        }
        read += valid + invalid;
        write += valid + REPLACEMENT.len();
    }
    true
}

/// The same, from one vector into another.
#[cfg(feature = "alloc")]
#[cold]
pub(crate) fn repair_into(bytes: &[u8], repaired: &mut alloc::vec::Vec<u8>, limit: usize) -> bool {
    let length = grown_length(bytes);
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

fn grown_length(mut bytes: &[u8]) -> usize {
    let mut length = bytes.len();
    while let Some((valid, invalid)) = next_error(bytes) {
        length += REPLACEMENT.len() - invalid;
        bytes = bytes.get(valid + invalid..).unwrap_or_default();
    }
    length
}

/// The number of valid bytes before the first ill-formed sequence, and its length.
fn next_error(bytes: &[u8]) -> Option<(usize, usize)> {
    let error = from_utf8(bytes).err()?;
    let valid = error.valid_up_to();
    Some((valid, error.error_len().unwrap_or(bytes.len() - valid)))
}
