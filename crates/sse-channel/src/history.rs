//! What a log keeps, what happens to those who are too slow for it, and where newcomers begin. Pure.

use std::borrow::Cow;

/// What a channel keeps for clients that come back, and what it does about one that falls behind.
///
/// The log must hold the largest burst that is published at once: a client that has not taken an
/// event when it is dropped from the log has lost it, and is told so.
///
/// ```
/// use sse_channel::{Channel, History, Lag};
///
/// let prices = Channel::new(History { events: 10_000, lag: Lag::Skip, ..History::default() });
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct History {
    /// Events held, 1024; at least the newest always is.
    pub events: usize,
    /// Bytes held, 1 MiB: what goes out, framing included, and what keeping it costs, about 100 bytes
    /// for each event. The newest event is held even if it alone is larger. Subscriptions share what was joined last
    /// for them, at most 16 KiB more.
    pub bytes: usize,
    /// What happens to a client whose next event has been dropped from the log.
    pub lag: Lag,
    /// Type of the event that tells a client of a gap: `gap`. Its data is that of [`Gap`](crate::Gap).
    /// Everything the log still holds follows. It must not contain a line break; `gap` stands in for
    /// one that does.
    pub gap_event: Cow<'static, str>,
}

impl Default for History {
    fn default() -> Self {
        Self { events: 1024, bytes: 1024 * 1024, lag: Lag::Disconnect, gap_event: "gap".into() }
    }
}

/// What happens to a client that has fallen off the tail of the log.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Lag {
    /// Its connection is cut. It comes back with its last event ID and is told of the gap then.
    #[default]
    Disconnect,
    /// It is told of the gap, and goes on with the oldest event held.
    Skip,
}

/// Where a client without a last event ID begins.
///
/// ```
/// use sse_channel::{Channel, Replay};
///
/// let room = Channel::default();
/// let joining = room.subscribe(None, Replay::Last(50));
/// ```
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Replay {
    /// With the next event.
    #[default]
    Live,
    /// With the last so many events that the log still holds.
    Last(u64),
    /// With the oldest event that the log still holds, or its [source](crate::Source).
    All,
}
