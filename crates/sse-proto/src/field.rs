//! The fields that the standard knows, and what their values may hold. Imports `core` only.

use core::time::Duration;

/// What a line is about.
///
/// "Field names must be compared literally, with no case folding performed."
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
    /// The length of the longest name that is known.
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

/// The value of a `retry` field, read digit by digit.
///
/// Kept as seconds and milliseconds, so that a machine without 64-bit division needs none.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Digits {
    seconds: u64,
    millis: u32,
    state: Seen,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Seen {
    Nothing,
    OnlyDigits,
    SomethingElse,
}

impl Digits {
    /// No digit yet: an empty value is not a number.
    pub(crate) const NONE: Self = Self {
        seconds: 0,
        millis: 0,
        state: Seen::Nothing,
    };

    pub(crate) fn push(&mut self, bytes: &[u8]) {
        for &byte in bytes {
            // "If the field value consists of only ASCII digits"
            if !byte.is_ascii_digit() {
                self.state = Seen::SomethingElse;
            }
            if self.state == Seen::SomethingElse {
                return;
            }
            self.state = Seen::OnlyDigits;
            // "interpret the field value as an integer in base ten"
            self.seconds = self
                .seconds
                .saturating_mul(10)
                .saturating_add(u64::from(self.millis / 100));
            self.millis = self.millis % 100 * 10 + u32::from(byte - b'0');
        }
    }

    /// The time, at most `u64::MAX` milliseconds.
    pub(crate) fn time(&self) -> Option<Duration> {
        const MAX: Duration = Duration::from_millis(u64::MAX);
        let time = Duration::new(self.seconds, self.millis % 1000 * 1_000_000);
        (self.state == Seen::OnlyDigits).then_some(time.min(MAX))
    }
}
