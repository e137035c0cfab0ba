//! Where lines end. Imports `core`, and `memchr` behind its feature.

/// The position of the first CR or LF.
#[cfg(feature = "memchr")]
pub(crate) fn find_line_end(bytes: &[u8]) -> Option<usize> {
    memchr::memchr2(b'\n', b'\r', bytes)
}

/// The position of the first CR or LF.
#[cfg(not(feature = "memchr"))]
pub(crate) fn find_line_end(bytes: &[u8]) -> Option<usize> {
    bytes.iter().position(|byte| matches!(byte, b'\n' | b'\r'))
}
