//! IDs of events: their text, and the numbers that a log gives. Pure but for the random epoch.

use std::borrow::Borrow;
use std::fmt;
use std::hash::{BuildHasher, Hash, Hasher, RandomState};
use std::ops::Deref;
use std::sync::Arc;

/// The ID of a published event: the application's own, or `<epoch>-<sequence>`, digits and one hyphen.
///
/// The epoch is a number below 2<sup>53</sup>, drawn at random when the log begins: the ID of another
/// log, or of this one before a restart, cannot be taken for one of this log's. The sequence counts
/// from 1. It derefs to `str`.
///
/// ```
/// use sse_channel::{Channel, Frame};
///
/// let channel = Channel::default();
/// let id = channel.publish(&Frame::message("hello"));
/// assert!(id.ends_with("-1"));
/// assert_eq!(channel.last_event_id(), id);
/// ```
#[derive(Clone)]
pub struct EventId(Text);

/// Long enough for two numbers and a hyphen.
const INLINE: usize = 41;

#[derive(Clone)]
enum Text {
    Short { length: u8, bytes: [u8; INLINE] },
    Long(Arc<str>),
}

/// What the ID says that a log gives to the event at a position.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Number {
    pub(crate) epoch: u64,
    pub(crate) position: u64,
}

impl From<Number> for EventId {
    fn from(Number { epoch, position }: Number) -> Self {
        let mut bytes = [0; INLINE];
        let length = write_digits(&mut bytes, 0, epoch);
        if let Some(hyphen) = bytes.get_mut(length) {
            *hyphen = b'-';
        }
        let length = write_digits(&mut bytes, length + 1, position);
        Self(Text::Short { length: length as u8, bytes })
    }
}

impl EventId {
    /// The ID as text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        match &self.0 {
            Text::Short { length, bytes } => {
                let bytes = bytes.get(..usize::from(*length)).unwrap_or_default();
                std::str::from_utf8(bytes).unwrap_or_default()
            }
            Text::Long(text) => text,
        }
    }
}

/// Writes the digits of `number` at `start`; where they end.
fn write_digits(bytes: &mut [u8], start: usize, mut number: u64) -> usize {
    let length = number.checked_ilog10().unwrap_or(0) as usize + 1;
    for place in bytes.iter_mut().skip(start).take(length).rev() {
        *place = b'0' + (number % 10) as u8;
        number /= 10;
    }
    start + length
}

impl From<&str> for EventId {
    fn from(text: &str) -> Self {
        let mut bytes = [0; INLINE];
        match bytes.get_mut(..text.len()) {
            Some(place) => {
                place.copy_from_slice(text.as_bytes());
                Self(Text::Short { length: text.len() as u8, bytes })
            }
            None => Self(Text::Long(text.into())),
        }
    }
}

impl Deref for EventId {
    type Target = str;

    fn deref(&self) -> &str {
        self.as_str()
    }
}

impl Borrow<str> for EventId {
    fn borrow(&self) -> &str {
        self
    }
}

impl AsRef<str> for EventId {
    fn as_ref(&self) -> &str {
        self
    }
}

impl fmt::Display for EventId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self)
    }
}

impl fmt::Debug for EventId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Debug::fmt(self.as_str(), f)
    }
}

impl PartialEq for EventId {
    fn eq(&self, other: &Self) -> bool {
        self.as_str() == other.as_str()
    }
}

impl Eq for EventId {}

impl PartialEq<str> for EventId {
    fn eq(&self, other: &str) -> bool {
        self.as_str() == other
    }
}

impl PartialEq<&str> for EventId {
    fn eq(&self, other: &&str) -> bool {
        self == *other
    }
}

impl Hash for EventId {
    fn hash<H: Hasher>(&self, state: &mut H) {
        self.as_str().hash(state);
    }
}

/// The number in an ID that a log may have given.
pub(crate) fn parse(id: &str) -> Option<Number> {
    let (epoch, sequence) = id.split_once('-')?;
    let digits =
        |text: &str| text.bytes().all(|byte| byte.is_ascii_digit()).then(|| text.parse().ok())?;
    Some(Number { epoch: digits(epoch)?, position: digits(sequence)? })
}

/// A new epoch. The standard library's hasher is seeded by the system, and differently each time, which is worth no
/// dependency more; 53 bits are what the numbers of every language can hold.
pub(crate) fn random_epoch() -> u64 {
    RandomState::new().hash_one(()) >> 11
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers() {
        for (epoch, position, expected) in [
            (0, 0, "0-0"),
            (7, 10, "7-10"),
            (99, 100, "99-100"),
            (u64::MAX, u64::MAX, "18446744073709551615-18446744073709551615"),
        ] {
            let number = Number { epoch, position };
            let id = EventId::from(number);
            assert_eq!(id, expected);
            assert_eq!(parse(&id), Some(number));
        }
    }

    #[test]
    fn short_and_long_ones_are_text_alike() {
        for text in ["", "a", &"\u{e9}".repeat(20), &"x".repeat(INLINE), &"x".repeat(1000)] {
            let id = EventId::from(text);
            assert_eq!((id.as_str(), id.to_string()), (text, text.to_owned()));
            assert_eq!(format!("{id:?}"), format!("{text:?}"));
            assert_eq!(id, EventId::from(text));
        }
    }

    #[test]
    fn what_no_log_has_given_is_no_number() {
        for text in ["", "-", "1", "+1-1", "1-+1", "1-1-1", "1-18446744073709551616"] {
            assert_eq!(parse(text), None, "{text}");
        }
    }

    #[test]
    fn epochs_of_many_channels_and_of_several_threads_differ() {
        let draw = || (0..5000).map(|_| random_epoch()).collect::<Vec<_>>();
        let threads: Vec<_> = (0..4).map(|_| std::thread::spawn(draw)).collect();
        let mut all = draw();
        for thread in threads {
            all.extend(thread.join().unwrap());
        }
        let count = all.len();
        all.sort_unstable();
        all.dedup();
        assert_eq!(all.len(), count);
        assert!(all.iter().all(|epoch| *epoch < 1 << 53));
    }
}
