//! Where lines end. Imports `core`, and the fast search behind its feature.
//!
//! "with a U+000D CARRIAGE RETURN U+000A LINE FEED (CRLF) character pair, a single U+000A LINE FEED
//! (LF) character not preceded by a U+000D CARRIAGE RETURN (CR) character, and a single U+000D
//! CARRIAGE RETURN (CR) character not followed by a U+000A LINE FEED (LF) character being the
//! ways in which a line can end."

#[cfg(feature = "whole-lines")]
mod fast;

#[cfg(feature = "whole-lines")]
pub(crate) use fast::{
    after_silence, find_data_line_end, find_far_line_end, find_line_end, find_near_line_end,
    may_end_line,
};

/// U+FEFF BYTE ORDER MARK in UTF-8.
pub(crate) const BOM: [u8; 3] = [0xEF, 0xBB, 0xBF];

/// The position of the first CR or LF.
#[cfg(not(feature = "whole-lines"))]
pub(crate) fn find_line_end(bytes: &[u8]) -> Option<usize> {
    bytes.iter().position(|byte| matches!(byte, b'\n' | b'\r'))
}
