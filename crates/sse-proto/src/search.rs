//! Where lines end. Imports `core`, and `memchr` behind its feature.

/// U+FEFF BYTE ORDER MARK in UTF-8.
pub(crate) const BOM: [u8; 3] = [0xEF, 0xBB, 0xBF];

/// The position of the first CR or LF.
///
/// "a U+000D CARRIAGE RETURN U+000A LINE FEED (CRLF) character pair, a single U+000A LINE FEED
/// (LF) character not preceded by a U+000D CARRIAGE RETURN (CR) character, and a single U+000D
/// CARRIAGE RETURN (CR) character not followed by a U+000A LINE FEED (LF) character being the
/// ways in which a line can end."
#[cfg(feature = "memchr")]
#[inline]
pub(crate) fn find_line_end(bytes: &[u8]) -> Option<usize> {
    // Most lines that are not data, and much data, end within these bytes: found for less
    // than it costs to call a search that is made for long lines.
    let Some((head, tail)) = bytes.split_first_chunk::<8>() else {
        return bytes.iter().position(|&byte| is_line_end(byte));
    };
    let head = u64::from_le_bytes(*head);
    match first_equal(head, b'\n') | first_equal(head, b'\r') {
        0 => find_far_line_end(tail).map(|end| end + size_of::<u64>()),
        found => Some(found.trailing_zeros() as usize / 8),
    }
}

/// The same for a line that is known to be long.
#[cfg(feature = "memchr")]
#[inline]
pub(crate) fn find_far_line_end(bytes: &[u8]) -> Option<usize> {
    memchr::memchr2(b'\n', b'\r', bytes)
}

/// The high bit of the first byte of `word` that equals `byte`, and perhaps of later bytes.
#[cfg(feature = "memchr")]
const fn first_equal(word: u64, byte: u8) -> u64 {
    const ONES: u64 = u64::MAX / 0xFF;
    let zero_if_equal = word ^ (ONES * byte as u64);
    zero_if_equal.wrapping_sub(ONES) & !zero_if_equal & (ONES << 7)
}

/// The position of the first CR or LF.
#[cfg(not(feature = "memchr"))]
pub(crate) fn find_line_end(bytes: &[u8]) -> Option<usize> {
    bytes.iter().position(|&byte| is_line_end(byte))
}

const fn is_line_end(byte: u8) -> bool {
    matches!(byte, b'\n' | b'\r')
}
