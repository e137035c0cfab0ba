//! Where lines end that lie whole in a chunk: short and long ones are searched in different ways. Imports `memchr`.

/// The position of the first CR or LF, in any bytes.
#[inline]
pub(crate) fn find_line_end(bytes: &[u8]) -> Option<usize> {
    find_behind_word(bytes, find_near_line_end)
}

/// Where the first data line of a block ends: it is the only one of most blocks, and seldom short.
#[inline]
pub(crate) fn find_data_line_end(bytes: &[u8]) -> Option<usize> {
    find_behind_word(bytes, find_far_line_end)
}

/// Most lines that are not data, and some that are, end within a word: found for less than a call of `find_rest`.
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

/// Where a line ends that does not end at once, but probably soon.
pub(crate) fn find_near_line_end(bytes: &[u8]) -> Option<usize> {
    let mut rest = bytes;
    while let Some((block, after)) = rest.split_first_chunk() {
        let start = bytes.len() - rest.len();
        if start >= NEAR {
            return memchr::memchr2(b'\n', b'\r', rest).map(|end| start + end);
        }
        if block_may_end_line(block) {
            if let Some(end) = find_in_words(block) {
                return Some(start + end);
            }
        }
        rest = after;
    }
    // What is left makes a block with the bytes before it.
    if rest.is_empty() || bytes.last_chunk().is_some_and(|block| !block_may_end_line(block)) {
        return None;
    }
    let start = bytes.len() - rest.len();
    find_in_words(rest).map(|end| start + end)
}

/// Where a line ends that is probably long.
#[inline]
pub(crate) fn find_far_line_end(bytes: &[u8]) -> Option<usize> {
    if bytes.len() <= 2 * NEAR {
        return find_near_line_end(bytes);
    }
    memchr::memchr2(b'\n', b'\r', bytes)
}

/// So far a line is searched for its end here; the search for long lines, whose call costs as much, does the rest.
const NEAR: usize = 64;

/// Whether a line may end in this block: only control characters come before CR, and few of them occur in text. One
/// comparison for a byte, instead of two, and no way out of the loop: compilers make vector instructions of that.
#[inline]
fn block_may_end_line(block: &[u8; 32]) -> bool {
    block.iter().fold(false, |found, &byte| found | (byte <= b'\r'))
}

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

/// Whether a line may end in a few bytes.
#[inline]
pub(crate) fn may_end_line(bytes: &[u8]) -> bool {
    match bytes.first_chunk() {
        Some(word) if bytes.len() == word.len() => word_may_end_line(u64::from_le_bytes(*word)),
        _ => bytes.iter().any(|byte| *byte <= b'\r'),
    }
}

/// What follows comments without a text, and blank lines.
#[inline]
pub(crate) fn after_silence(bytes: &[u8]) -> &[u8] {
    let mut rest = bytes;
    loop {
        rest = match rest {
            [b':', b'\n', b'\n', after @ ..] => after,
            [b':', b'\n', after @ ..] | [b'\n', after @ ..] => after,
            _ => return rest,
        };
    }
}

/// As for a block: whether any byte is at most CR.
#[inline]
const fn word_may_end_line(word: u64) -> bool {
    word.wrapping_sub(ONES * (b'\r' as u64 + 1)) & !word & HIGH_BITS != 0
}

#[inline]
fn find_in_word(word: &[u8; 8]) -> Option<usize> {
    let word = u64::from_le_bytes(*word);
    if !word_may_end_line(word) {
        return None;
    }
    match first_equal(word, b'\n') | first_equal(word, b'\r') {
        0 => None,
        found => Some(found.trailing_zeros() as usize / 8),
    }
}

const ONES: u64 = u64::MAX / 0xFF;
const HIGH_BITS: u64 = ONES << 7;

/// The high bit of the first byte of `word` that equals `byte`, and perhaps of later bytes.
const fn first_equal(word: u64, byte: u8) -> u64 {
    let zero_if_equal = word ^ (ONES * byte as u64);
    zero_if_equal.wrapping_sub(ONES) & !zero_if_equal & HIGH_BITS
}

const fn is_line_end(byte: u8) -> bool {
    matches!(byte, b'\n' | b'\r')
}
