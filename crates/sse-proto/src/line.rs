//! The lower layer: bytes to lines, a line to its field. Imports `core`, the storage, and `memchr` behind its feature.

/// What a line says: the grammar of section 9.2.5.
///
/// ```text
/// event   = *( comment / field ) end-of-line
/// comment = colon *any-char end-of-line
/// field   = 1*name-char [ colon [ space ] *any-char ] end-of-line
/// ```
///
/// The bytes are those of the stream: they may be ill-formed UTF-8.
///
/// ```
/// use sse_proto::Line;
///
/// assert_eq!(Line::parse(b"x-trace: 7"), Line::Field { name: b"x-trace", value: b"7" });
/// assert_eq!(Line::parse(b"data"), Line::Field { name: b"data", value: b"" });
/// assert_eq!(Line::parse(b": beat"), Line::Comment(b"beat"));
/// assert_eq!(Line::parse(b""), Line::Blank);
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Line<'a> {
    /// The end of a block.
    Blank,
    /// What follows the colon, without one space at its start.
    Comment(&'a [u8]),
    /// A field, of a known or an unknown name.
    Field {
        /// The bytes before the first colon, or all of them if there is none.
        name: &'a [u8],
        /// What follows the colon, without one space at its start.
        value: &'a [u8],
    },
}

impl<'a> Line<'a> {
    /// Reads a line that has been cut off its line ending.
    #[must_use]
    pub fn parse(line: &'a [u8]) -> Self {
        // "Collect the characters on the line before the first U+003A COLON character (:)"
        let colon = line
            .iter()
            .position(|&byte| byte == b':')
            .unwrap_or(line.len());
        let (name, value) = line.split_at_checked(colon).unwrap_or_default();
        // "If value starts with a U+0020 SPACE character, remove it from value."
        let value = value.strip_prefix(b":").unwrap_or(value);
        let value = value.strip_prefix(b" ").unwrap_or(value);
        match (name, line) {
            (_, b"") => Self::Blank,
            (b"", _) => Self::Comment(value),
            _ => Self::Field { name, value },
        }
    }
}

/// The position of the first CR or LF.
#[cfg(feature = "memchr")]
#[inline]
pub(crate) fn find_line_end(bytes: &[u8]) -> Option<usize> {
    // Most lines that are not data, and much data, end within these bytes: less than the
    // cost of calling a search that is made for long ones.
    let (head, tail) = match bytes.split_first_chunk::<8>() {
        Some((head, tail)) => (u64::from_le_bytes(*head), tail),
        None => return bytes.iter().position(|byte| matches!(byte, b'\n' | b'\r')),
    };
    match bytes_equal(head, b'\n') | bytes_equal(head, b'\r') {
        0 => memchr::memchr2(b'\n', b'\r', tail).map(|end| end + 8),
        found => Some(found.trailing_zeros() as usize / 8),
    }
}

#[cfg(feature = "memchr")]
#[inline]
pub(crate) fn find_far_line_end(bytes: &[u8]) -> Option<usize> {
    memchr::memchr2(b'\n', b'\r', bytes)
}

/// The high bit of the first byte of `word` that equals `byte`, and perhaps of later bytes.
#[cfg(feature = "memchr")]
const fn bytes_equal(word: u64, byte: u8) -> u64 {
    const ONES: u64 = u64::MAX / 0xFF;
    let zero_if_equal = word ^ (ONES * byte as u64);
    zero_if_equal.wrapping_sub(ONES) & !zero_if_equal & (ONES << 7)
}

/// The position of the first CR or LF.
#[cfg(not(feature = "memchr"))]
pub(crate) fn find_line_end(bytes: &[u8]) -> Option<usize> {
    bytes.iter().position(|byte| matches!(byte, b'\n' | b'\r'))
}
