//! The fields that the standard knows, and what their values may hold. Imports `core` and the errors.

use core::time::Duration;

use crate::error::{FrameError, Part};

/// What a line is about.
///
/// "Field names must be compared literally, with no case folding performed."
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Name {
    /// `data`, `event`, `id`, or the empty name of a comment.
    Of(Part),
    Retry,
    /// "Otherwise: The field is ignored."
    Unknown,
}

#[cfg(feature = "whole-lines")]
impl Name {
    /// The name that `line` begins with, and what follows. A comment is no field and has none.
    #[inline]
    pub(crate) const fn at_start_of(line: &[u8]) -> (Self, &[u8]) {
        match line {
            [b'd', b'a', b't', b'a', rest @ ..] => (Self::Of(Part::Data), rest),
            [b'e', b'v', b'e', b'n', b't', rest @ ..] => (Self::Of(Part::EventType), rest),
            [b'i', b'd', rest @ ..] => (Self::Of(Part::LastEventId), rest),
            [b'r', b'e', b't', b'r', b'y', rest @ ..] => (Self::Retry, rest),
            _ => (Self::Unknown, line),
        }
    }
}

/// A name of which some bytes have been seen: where the next one stands in [`NAMES`].
#[derive(Clone, Copy, Debug)]
pub(crate) struct Spelling(u8);

/// The names, each with the colon behind it.
const NAMES: &[u8; 20] = b"data:event:id:retry:";

impl Spelling {
    /// No two of the names begin with the same byte: the first decides which it can be.
    #[inline]
    pub(crate) const fn beginning_with(first: u8) -> Option<Self> {
        Some(Self(match first {
            b'd' => 1,
            b'e' => 6,
            b'i' => 12,
            b'r' => 15,
            _ => return None,
        }))
    }

    /// The byte that must come next: a colon if the name is complete.
    #[inline]
    pub(crate) fn next_byte(self) -> u8 {
        NAMES.get(usize::from(self.0)).copied().unwrap_or_default()
    }

    #[inline]
    pub(crate) const fn behind_next_byte(self) -> Self {
        Self(self.0 + 1)
    }

    /// The name that this is in.
    #[inline]
    pub(crate) const fn name(self) -> Name {
        match self.0 {
            0..5 => Name::Of(Part::Data),
            5..11 => Name::Of(Part::EventType),
            11..14 => Name::Of(Part::LastEventId),
            _ => Name::Retry,
        }
    }
}

/// The first CR, LF or NUL: no ID that a stream has set holds one.
pub(crate) fn find_outside_of_id(value: &[u8]) -> Option<(usize, u8)> {
    (value.iter().copied().enumerate()).find(|(_, byte)| matches!(byte, b'\n' | b'\r' | 0))
}

/// Whether a value has neither a NUL nor anything but ASCII, as IDs nearly always: eight bytes at once.
#[cfg(feature = "whole-lines")]
#[inline]
pub(crate) fn is_plain(value: &[u8]) -> bool {
    const ONES: u64 = u64::MAX / 0xFF;
    // A NUL borrows from the high bit, which nothing else in ASCII does.
    let is_plain = |word: &[u8; 8]| {
        let word = u64::from_le_bytes(*word);
        (word | word.wrapping_sub(ONES)) & (ONES << 7) == 0
    };
    let mut rest = value;
    while let Some((word, after)) = rest.split_first_chunk() {
        if !is_plain(word) {
            return false;
        }
        rest = after;
    }
    match value.last_chunk() {
        Some(word) => is_plain(word),
        None => rest.iter().all(|byte| matches!(byte, 1..0x80)),
    }
}

/// Whether a value can be sent: an event type without CR and LF, an ID as a header field can carry it back (RFC 9110,
/// section 5.5).
///
/// ```text
/// field-value   = *field-content
/// field-content = field-vchar [ 1*( SP / HTAB / field-vchar ) field-vchar ]
/// field-vchar   = VCHAR / obs-text
/// obs-text      = %x80-FF
/// ```
///
#[inline(always)]
pub(crate) fn check(part: Part, value: &str) -> Result<(), FrameError> {
    match find_forbidden(matches!(part, Part::LastEventId), value.as_bytes()) {
        None => Ok(()),
        Some(offset) => {
            let byte = value.as_bytes().get(offset).copied().unwrap_or_default();
            Err(FrameError { part, byte, offset })
        }
    }
}

/// One loop for both, and never twice in a program for a small machine.
#[cfg_attr(not(feature = "whole-lines"), inline(never))]
fn find_forbidden(is_id: bool, value: &[u8]) -> Option<usize> {
    let mut places = value.iter().enumerate();
    let (offset, _) = places.find(|&(offset, &byte)| match byte {
        b'\n' | b'\r' => true,
        _ if !is_id => false,
        b' ' | b'\t' => offset == 0 || offset + 1 == value.len(),
        _ => byte < b' ' || byte == 0x7F,
    })?;
    Some(offset)
}

/// The value of a `retry` field, read digit by digit: an empty one is no number.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Digits(Option<u64>);

impl Digits {
    pub(crate) const NONE: Self = Self(None);

    /// Reads a digit; false if it is none.
    pub(crate) fn push(&mut self, byte: u8) -> bool {
        let digit = byte.wrapping_sub(b'0');
        // "interpret the field value as an integer in base ten"
        let number = self.0.unwrap_or(0).saturating_mul(10).saturating_add(u64::from(digit));
        self.0 = Some(number);
        digit <= 9
    }

    /// The number, at most `u64::MAX`.
    pub(crate) const fn number(&self) -> Option<u64> {
        self.0
    }
}

/// So many milliseconds.
pub(crate) const fn from_milliseconds(number: u64) -> Duration {
    let (seconds, millis) = divide(number, 1000);
    Duration::new(seconds, millis % 1000 * 1_000_000)
}

/// Quotient and rest. A small machine would need 400 bytes of code to divide 64 bits at once; this is a division by hand,
/// byte by byte.
pub(crate) const fn divide(number: u64, by: u16) -> (u64, u32) {
    let mut digits = number.to_be_bytes();
    let (mut rest, mut at) = (0, 0);
    while at < digits.len() {
        let part = rest << 8 | digits[at] as u32;
        digits[at] = (part / by as u32) as u8;
        rest = part % by as u32;
        at += 1;
    }
    (u64::from_be_bytes(digits), rest)
}
