//! The clock and the sockets: the only file of this program that touches them. Depends on async-io.

use std::time::{Duration, Instant};

/// The moment when something must have ended; `None` for never.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Deadline(Option<Instant>);

impl Deadline {
    /// So long from now. A time that the clock cannot hold is never.
    pub(crate) fn within(time: Option<Duration>) -> Self {
        Self(time.and_then(|time| Instant::now().checked_add(time)))
    }

    pub(crate) fn is_over(self) -> bool {
        self.0.is_some_and(|end| Instant::now() >= end)
    }

    /// Completes when it is over.
    pub(crate) async fn over(self) {
        match self.0 {
            Some(end) => drop(async_io::Timer::at(end).await),
            None => std::future::pending().await,
        }
    }
}

/// Waits for a future on this thread.
pub(crate) fn block_on<T>(future: impl Future<Output = T>) -> T {
    async_io::block_on(future)
}
