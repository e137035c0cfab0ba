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

impl Name {
    /// No two of the names begin with the same byte: the first decides which it can be.
    pub(crate) const fn beginning_with(first: u8) -> Self {
        match first {
            b'd' => Self::Of(Part::Data),
            b'e' => Self::Of(Part::EventType),
            b'i' => Self::Of(Part::LastEventId),
            b':' => Self::Of(Part::Comment),
            b'r' => Self::Retry,
            _ => Self::Unknown,
        }
    }

    /// The name that `line` begins with, and what follows. A comment is no field and has none.
    #[cfg(feature = "memchr")]
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

    pub(crate) const fn as_bytes(self) -> &'static [u8] {
        match self {
            Self::Of(Part::Data) => b"data",
            Self::Of(Part::EventType) => b"event",
            Self::Of(Part::LastEventId) => b"id",
            Self::Retry => b"retry",
            Self::Of(_) | Self::Unknown => b"",
        }
    }
}

/// The first CR, LF or NUL: no ID that a stream has set holds one.
pub(crate) fn find_outside_of_id(value: &str) -> Option<usize> {
    value.bytes().position(|byte| matches!(byte, b'\n' | b'\r' | 0))
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
/// One loop for both, and never twice in a program for a small machine.
#[cfg_attr(not(feature = "memchr"), inline(never))]
pub(crate) fn check(part: Part, value: &str) -> Result<(), FrameError> {
    let is_id = matches!(part, Part::LastEventId);
    for (offset, byte) in value.bytes().enumerate() {
        let is_forbidden = match byte {
            b'\n' | b'\r' => true,
            _ if !is_id => false,
            b' ' | b'\t' => offset == 0 || offset + 1 == value.len(),
            _ => byte < b' ' || byte == 0x7F,
        };
        if is_forbidden {
            return Err(FrameError { part, byte, offset });
        }
    }
    Ok(())
}

/// The value of a `retry` field, read digit by digit.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Digits {
    number: u64,
    seen: Seen,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Seen {
    Nothing,
    OnlyDigits,
    SomethingElse,
}

impl Digits {
    /// No digit yet: an empty value is not a number.
    pub(crate) const NONE: Self = Self { number: 0, seen: Seen::Nothing };

    pub(crate) fn push(&mut self, bytes: &[u8]) {
        for &byte in bytes {
            let digit = byte.wrapping_sub(b'0');
            // "If the field value consists of only ASCII digits"
            if digit > 9 || self.seen == Seen::SomethingElse {
                self.seen = Seen::SomethingElse;
                return;
            }
            self.seen = Seen::OnlyDigits;
            // "interpret the field value as an integer in base ten"
            self.number = (self.number.saturating_mul(10)).saturating_add(u64::from(digit));
        }
    }

    /// The time, at most `u64::MAX` milliseconds.
    pub(crate) fn time(&self) -> Option<Duration> {
        let (seconds, millis) = divide(self.number, 1000);
        let time = Duration::new(seconds, millis % 1000 * 1_000_000);
        (self.seen == Seen::OnlyDigits).then_some(time)
    }
}

/// Quotient and rest. A small machine would need 400 bytes of code to divide 64 bits at once; these
/// are four steps of a division by hand, each with 16 of them.
pub(crate) fn divide(mut number: u64, by: u16) -> (u64, u32) {
    let (mut quotient, mut rest) = (0, 0);
    for _ in 0..4 {
        number = number.rotate_left(16);
        let part = rest << 16 | (number & 0xFFFF) as u32;
        quotient = quotient << 16 | u64::from(part / u32::from(by));
        rest = part % u32::from(by);
    }
    (quotient, rest)
}
