//! Turns: however much one connection has to do, the others of its thread go on. Pure.

use futures_lite::future::yield_now;

/// Work in a turn, in bytes.
const WORK: u32 = 64 * 1024;
/// What a call costs besides, as if it were bytes.
const CALL: u32 = 1024;

/// The work that a connection has done since others had their turn.
#[derive(Debug, Default)]
pub(crate) struct Turn {
    done: u32,
}

impl Turn {
    /// Counts `bytes` that were written in one call; when that is enough for a turn, lets others
    /// go on first.
    pub(crate) async fn spend(&mut self, bytes: usize) {
        self.done =
            self.done.saturating_add(bytes.try_into().unwrap_or(u32::MAX)).saturating_add(CALL);
        if self.done >= WORK {
            self.done = 0;
            yield_now().await;
        }
    }
}
