//! What a channel counts. Pure.

use std::sync::atomic::AtomicU64;

#[cfg(doc)]
use crate::History;

#[derive(Default)]
pub(crate) struct Counters {
    pub(crate) subscribers: AtomicU64,
    pub(crate) delivered: AtomicU64,
    pub(crate) bytes: AtomicU64,
    pub(crate) lagged: AtomicU64,
    pub(crate) gaps: AtomicU64,
}

/// A channel's counters at one moment.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct ChannelStats {
    /// Clients connected now.
    pub subscribers: u64,
    /// Entries published since the channel began.
    pub published: u64,
    /// Entries delivered to clients, all clients together.
    pub delivered: u64,
    /// Bytes of those, framing included.
    pub bytes: u64,
    /// Times that a client fell off the tail of the log.
    pub lagged: u64,
    /// Gaps told to clients.
    pub gaps: u64,
    /// Entries held in the log now.
    pub held_events: usize,
    /// What they cost now, in bytes: see [`History::bytes`].
    pub held_bytes: usize,
}
