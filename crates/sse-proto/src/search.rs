//! Where lines end. Imports `core`, and `memchr` behind its feature.

/// U+FEFF BYTE ORDER MARK in UTF-8.
pub(crate) const BOM: [u8; 3] = [0xEF, 0xBB, 0xBF];

/// The position of the first CR or LF.
///
/// "with a U+000D CARRIAGE RETURN U+000A LINE FEED (CRLF) character pair, a single U+000A LINE FEED
/// (LF) character not preceded by a U+000D CARRIAGE RETURN (CR) character, and a single U+000D
/// CARRIAGE RETURN (CR) character not followed by a U+000A LINE FEED (LF) character being the
/// ways in which a line can end."
#[cfg(feature = "memchr")]
#[inline]
pub(crate) fn find_line_end(bytes: &[u8]) -> Option<usize> {
    find_behind_word(bytes, find_near_line_end)
}

/// The same for the first data line of a block: it is the only one of most blocks, and seldom short.
#[cfg(feature = "memchr")]
#[inline]
pub(crate) fn find_data_line_end(bytes: &[u8]) -> Option<usize> {
    find_behind_word(bytes, find_far_line_end)
}

/// Most lines that are not data, and some that are, end within a word: found for less than a call of `find_rest`.
#[cfg(feature = "memchr")]
#[inline]
fn find_behind_word(bytes: &[u8], find_rest: fn(&[u8]) -> Option<usize>) -> Option<usize> {
    match bytes.split_first_chunk() {
        Some((word, rest)) => match find_in_word(word) {
            None => find_rest(rest).map(|end| word.len() + end),
            found => found,
        },
        None => find_in_words(bytes),
    }
}

/// The same for a line that does not end at once, but probably soon.
#[cfg(feature = "memchr")]
pub(crate) fn find_near_line_end(bytes: &[u8]) -> Option<usize> {
    let mut rest = bytes;
    while let Some((block, after)) = rest.split_first_chunk() {
        let start = bytes.len() - rest.len();
        if start >= NEAR {
            return memchr::memchr2(b'\n', b'\r', rest).map(|end| start + end);
        }
        if may_end_line(block) {
            if let Some(end) = find_in_words(block) {
                return Some(start + end);
            }
        }
        rest = after;
    }
    // What is left makes a block with the bytes before it.
    if rest.is_empty() || bytes.last_chunk().is_some_and(|block| !may_end_line(block)) {
        return None;
    }
    let start = bytes.len() - rest.len();
    find_in_words(rest).map(|end| start + end)
}

/// The same for a line that is probably long.
#[cfg(feature = "memchr")]
#[inline]
pub(crate) fn find_far_line_end(bytes: &[u8]) -> Option<usize> {
    if bytes.len() <= 2 * NEAR {
        return find_near_line_end(bytes);
    }
    memchr::memchr2(b'\n', b'\r', bytes)
}

/// So far a line is searched for its end here; the search for long lines, whose call costs as much, does the rest.
#[cfg(feature = "memchr")]
const NEAR: usize = 64;

/// Whether a line may end in this block: only control characters come before CR, and few of them occur in text. One
/// comparison for a byte, instead of two, and no way out of the loop: compilers make vector instructions of that.
#[cfg(feature = "memchr")]
#[inline]
fn may_end_line(block: &[u8; 32]) -> bool {
    block.iter().fold(false, |found, &byte| found | (byte <= b'\r'))
}

#[cfg(feature = "memchr")]
#[inline]
fn find_in_words(bytes: &[u8]) -> Option<usize> {
    let mut rest = bytes;
    while let Some((word, after)) = rest.split_first_chunk() {
        if let Some(end) = find_in_word(word) {
            return Some(bytes.len() - rest.len() + end);
        }
        rest = after;
    }
    let start = bytes.len() - rest.len();
    rest.iter().position(|&byte| is_line_end(byte)).map(|end| start + end)
}

#[cfg(feature = "memchr")]
#[inline]
fn find_in_word(word: &[u8; 8]) -> Option<usize> {
    let word = u64::from_le_bytes(*word);
    // As in a block: not zero if any byte is at most CR.
    if word.wrapping_sub(ONES * (b'\r' as u64 + 1)) & !word & HIGH_BITS == 0 {
        return None;
    }
    match first_equal(word, b'\n') | first_equal(word, b'\r') {
        0 => None,
        found => Some(found.trailing_zeros() as usize / 8),
    }
}

#[cfg(feature = "memchr")]
const ONES: u64 = u64::MAX / 0xFF;
#[cfg(feature = "memchr")]
const HIGH_BITS: u64 = ONES << 7;

/// The high bit of the first byte of `word` that equals `byte`, and perhaps of later bytes.
#[cfg(feature = "memchr")]
const fn first_equal(word: u64, byte: u8) -> u64 {
    let zero_if_equal = word ^ (ONES * byte as u64);
    zero_if_equal.wrapping_sub(ONES) & !zero_if_equal & HIGH_BITS
}

/// The position of the first CR or LF.
#[cfg(not(feature = "memchr"))]
pub(crate) fn find_line_end(bytes: &[u8]) -> Option<usize> {
    bytes.iter().position(|&byte| is_line_end(byte))
}

const fn is_line_end(byte: u8) -> bool {
    matches!(byte, b'\n' | b'\r')
}
