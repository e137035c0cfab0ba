//! What a hub has done, in numbers. Pure.

use std::sync::atomic::AtomicU64;
use std::sync::atomic::Ordering::Relaxed;

/// What a hub has done since it began.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct HubStats {
    /// Channels that are open on this node.
    pub channels: usize,
    /// Events that came from Redis, to all channels.
    pub received: u64,
    /// Entries of streams that are no events, and were passed.
    pub skipped: u64,
    /// Times that the past of a stream was asked for, for clients further back than this node's log.
    pub pages: u64,
    /// Gaps that were told to everybody who followed a channel.
    pub gaps: u64,
    /// Times that the connection was lost, or could not be made.
    pub losses: u64,
    /// Times that the reader was woken by news.
    pub wakes: u64,
}

#[derive(Default)]
pub(crate) struct Counters {
    pub(crate) received: AtomicU64,
    pub(crate) skipped: AtomicU64,
    pub(crate) pages: AtomicU64,
    pub(crate) gaps: AtomicU64,
    pub(crate) losses: AtomicU64,
    pub(crate) wakes: AtomicU64,
}

impl Counters {
    pub(crate) fn stats(&self, channels: usize) -> HubStats {
        HubStats {
            channels,
            received: self.received.load(Relaxed),
            skipped: self.skipped.load(Relaxed),
            pages: self.pages.load(Relaxed),
            gaps: self.gaps.load(Relaxed),
            losses: self.losses.load(Relaxed),
            wakes: self.wakes.load(Relaxed),
        }
    }
}
