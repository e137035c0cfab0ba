//! The fields that the standard knows, and what their values may hold. Imports `core` only.

use core::time::Duration;

/// What a line is about.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Name {
    Data,
    EventType,
    Id,
    Retry,
    /// The line begins with a colon.
    Comment,
    /// "Otherwise: The field is ignored."
    Unknown,
}

impl Name {
    /// The longest name that is known.
    pub(crate) const MAX: usize = "event".len();

    pub(crate) fn of(bytes: &[u8]) -> Self {
        match bytes {
            b"data" => Self::Data,
            b"event" => Self::EventType,
            b"id" => Self::Id,
            b"retry" => Self::Retry,
            b"" => Self::Comment,
            _ => Self::Unknown,
        }
    }
}

/// The first CR, LF or (in an ID) NUL of a value that is to be sent, and where it stands.
pub(crate) fn find_forbidden(value: &str, id: bool) -> Option<(usize, u8)> {
    let forbidden = |byte: u8| matches!(byte, b'\n' | b'\r') || (id && byte == 0);
    value.bytes().enumerate().find(|&(_, byte)| forbidden(byte))
}

/// The value of a `retry` field, digit by digit.
///
/// "If the field value consists of only ASCII digits, then interpret the field value as an
/// integer in base ten." Kept as seconds and milliseconds, so that no 64-bit division is needed.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Digits {
    seconds: u64,
    millis: u32,
    valid: bool,
}

impl Digits {
    const MAX: Duration = Duration::from_millis(u64::MAX);
    /// No digit yet: an empty value is not a number.
    pub(crate) const NONE: Self = Self {
        seconds: 0,
        millis: 0,
        valid: false,
    };
    const BAD: u32 = u32::MAX;

    pub(crate) fn push(&mut self, bytes: &[u8]) {
        for &byte in bytes {
            if !byte.is_ascii_digit() || self.millis == Self::BAD {
                *self = Self {
                    millis: Self::BAD,
                    ..Self::NONE
                };
                return;
            }
            self.valid = true;
            self.seconds = self
                .seconds
                .saturating_mul(10)
                .saturating_add(u64::from(self.millis / 100));
            self.millis = self.millis % 100 * 10 + u32::from(byte - b'0');
        }
    }

    /// The time, at most `u64::MAX` milliseconds.
    pub(crate) fn time(&self) -> Option<Duration> {
        self.valid
            .then(|| Duration::new(self.seconds, self.millis * 1_000_000).min(Self::MAX))
    }
}
