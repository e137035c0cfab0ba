//! The IDs of a stream's entries, and the last event IDs that stand for them. Pure.

use std::fmt;

use sse_channel::{EventId, Gap};

/// The ID of an entry: the millisecond at which Redis took it, and a number within that.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) struct StreamId {
    ms: u64,
    seq: u64,
}

impl StreamId {
    /// Before the first entry of any stream.
    pub(crate) const START: Self = Self { ms: 0, seq: 0 };

    pub(crate) fn parse(text: &str) -> Option<Self> {
        let (ms, seq) = text.split_once('-')?;
        let id = Self { ms: digits(ms)?, seq: digits(seq)? };
        Some(id)
    }

    /// The ID just before: no entry is between the two.
    pub(crate) fn before(self) -> Self {
        match (self.seq.checked_sub(1), self.ms.checked_sub(1)) {
            (Some(seq), _) => Self { seq, ..self },
            (None, Some(ms)) => Self { ms, seq: u64::MAX },
            (None, None) => self,
        }
    }
}

impl fmt::Display for StreamId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}-{}", self.ms, self.seq)
    }
}

/// A number as Redis writes it: one spelling for each, so that an ID is equal to itself as text.
fn digits(text: &str) -> Option<u64> {
    let is_plain = text.bytes().all(|byte| byte.is_ascii_digit());
    let is_shortest = text == "0" || !text.starts_with('0');
    (is_plain && is_shortest).then(|| text.parse().ok())?
}

/// What tells the events of one stream from those of all others: entry IDs of two streams look alike, and one of
/// another stream must not become a place in this one.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Tag(String);

/// Bits of the key's hash that a tag has: 11 digits.
const TAG_BITS: u32 = 56;

impl Tag {
    pub(crate) fn of(key: &str) -> Self {
        let mut rest = hash(key.as_bytes()) >> (u64::BITS - TAG_BITS);
        let mut text = String::new();
        while rest > 0 || text.is_empty() {
            text.push(char::from(b"0123456789abcdefghijklmnopqrstuvwxyz"[(rest % 36) as usize]));
            rest /= 36;
        }
        Self(text)
    }

    /// The last event ID of an entry: letters, digits and hyphens, which are safe in a request that crosses origins.
    pub(crate) fn event_id(&self, id: StreamId) -> String {
        format!("{id}-{}", self.0)
    }

    /// The entry that a last event ID stands for.
    pub(crate) fn read(&self, event_id: &EventId) -> Result<StreamId, Gap> {
        let (id, tag) = event_id.rsplit_once('-').ok_or(Gap::UnknownId)?;
        let id = StreamId::parse(id).ok_or(Gap::UnknownId)?;
        if tag == self.0 { Ok(id) } else { Err(Gap::OtherEpoch) }
    }
}

/// FNV-1a, and a last mixing so that the upper bits depend on all: the same on every node, whatever compiled it.
fn hash(bytes: &[u8]) -> u64 {
    let step = |hash: u64, byte: &u8| (hash ^ u64::from(*byte)).wrapping_mul(0x0100_0000_01b3);
    let mut hash = bytes.iter().fold(0xcbf2_9ce4_8422_2325, step);
    for factor in [0xff51_afd7_ed55_8ccd, 0xc4ce_b9fe_1a85_ec53] {
        hash = (hash ^ (hash >> 33)).wrapping_mul(factor);
    }
    hash ^ (hash >> 33)
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::HashSet;

    #[test]
    fn entry_ids_are_read_as_redis_writes_them() {
        let id = StreamId::parse("1526919030474-55").expect("an ID");
        assert_eq!(id.to_string(), "1526919030474-55");
        assert!(StreamId::parse("9-10") > StreamId::parse("9-9"));
        assert!(StreamId::parse("10-0") > StreamId::parse("9-9"));
        for wrong in [
            "",
            "1",
            "-",
            "1-",
            "-1",
            "01-1",
            "1-01",
            "+1-1",
            "1-1-1",
            "1 -1",
            "18446744073709551616-0",
        ] {
            assert_eq!(StreamId::parse(wrong), None, "{wrong}");
        }
    }

    #[test]
    fn an_event_id_is_of_one_stream() {
        let (a, b) = (Tag::of("a"), Tag::of("b"));
        let id = StreamId::parse("7-1").expect("an ID");
        let event_id = a.event_id(id).as_str().into();
        assert_eq!(a.read(&event_id), Ok(id));
        assert_eq!(b.read(&event_id), Err(Gap::OtherEpoch));
        for unknown in ["7-1", "7", "", "x-1-2", "7-1-", "\u{e9}"] {
            assert!(a.read(&unknown.into()).is_err(), "{unknown}");
        }
    }

    #[test]
    fn tags_differ_and_stay_what_they_are() {
        let tags: HashSet<String> = (0..100_000).map(|n| Tag::of(&format!("user:{n}")).0).collect();
        assert_eq!(tags.len(), 100_000);
        assert!(tags.iter().all(|tag| tag.len() <= 11));
        // What clients hold outlives a release.
        assert_eq!(Tag::of("").0, "9s38sad8ngi");
    }
}
