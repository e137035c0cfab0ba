//! Entries joined to what is written at once. Depends on `entry`.

use crate::{Block, Entry, Framing};

/// Consecutive entries, framed and joined.
#[derive(Clone, Debug)]
pub struct Batch {
    /// Position of the first entry.
    pub(crate) first: u64,
    pub(crate) end: u64,
    pub(crate) block: Option<Block>,
    pub(crate) events: u64,
}

impl Batch {
    /// Joins `entries`, the first of which is at `position`. A single one is shared, not copied.
    #[must_use]
    pub fn join(position: u64, entries: &[Entry], framing: Framing) -> Self {
        Self::wanted(position, entries, framing, |_| true)
    }

    /// Joins those of `entries` that are wanted.
    pub(crate) fn wanted(
        first: u64,
        entries: &[Entry],
        framing: Framing,
        is_wanted: impl Fn(&Entry) -> bool,
    ) -> Self {
        let end = first + entries.len() as u64;
        let mut wanted = entries.iter().filter(|entry| is_wanted(entry));
        let Some(one) = wanted.next() else { return Self { first, end, block: None, events: 0 } };
        let Some(two) = wanted.next() else {
            return Self { first, end, block: Some(one.framed(framing)), events: 1 };
        };
        let mut events = 0;
        let mut bytes = Vec::with_capacity(entries.iter().map(|it| it.bytes(framing).len()).sum());
        for entry in [one, two].into_iter().chain(wanted) {
            bytes.extend_from_slice(entry.bytes(framing));
            events += 1;
        }
        Self { first, end, block: Some(Block::from(bytes)), events }
    }

    /// Position of the first entry.
    #[must_use]
    pub fn first(&self) -> u64 {
        self.first
    }

    /// The position after the last entry.
    #[must_use]
    pub fn end(&self) -> u64 {
        self.end
    }

    /// The bytes; `None` if none of the entries was wanted.
    #[must_use]
    pub fn block(&self) -> Option<&Block> {
        self.block.as_ref()
    }

    /// How many entries are in the bytes.
    #[must_use]
    pub fn events(&self) -> u64 {
        self.events
    }
}
