//! The state of a replica, shown to those who look at it and to those who wait for it. Depends on `entered`, `log` and `waiters`.

use std::sync::{PoisonError, RwLock};

use crate::entered::Entered;
use crate::leaf::Leaf;
use crate::waiters::{Waiters, Woken};
use crate::{EventId, Log};

/// What a replica, its keeper, and whoever is given the state have in common.
pub(crate) struct Shared<S> {
    pub(crate) log: Log,
    /// Taken before the lock of those who wait, and the log's, never under them. Poisoned if a change has panicked.
    pub(crate) shown: RwLock<Option<Shown<S>>>,
    pub(crate) waiting: Leaf<Waiting>,
}

/// The state at a position of the log.
pub(crate) struct Shown<S> {
    pub(crate) state: S,
    pub(crate) position: u64,
    /// The ID of the newest event in it.
    pub(crate) cursor: EventId,
}

#[derive(Default)]
pub(crate) struct Waiting {
    pub(crate) waiters: Waiters,
    /// The keeper has gone.
    pub(crate) is_over: bool,
}

impl<S> Shared<S> {
    /// There is no state yet.
    pub(crate) fn new(log: &Log) -> Self {
        let waiting = Leaf::new(Waiting::default());
        Self { log: log.clone(), shown: RwLock::default(), waiting }
    }

    /// Looks at the state, if it is there and whole.
    pub(crate) fn look<T>(&self, look: impl FnOnce(&Shown<S>) -> T) -> Option<T> {
        let _entered = Entered::alone(&self.shown);
        self.shown.read().ok()?.as_ref().map(look)
    }

    pub(crate) fn take(&self) -> Option<S> {
        let mut shown = self.shown.write().unwrap_or_else(PoisonError::into_inner);
        let state = shown.take();
        self.shown.clear_poison();
        state.map(|shown| shown.state)
    }

    pub(crate) fn wake(&self, change: impl FnOnce(&mut Waiting)) {
        let mut waiting = self.waiting.lock();
        change(&mut waiting);
        let woken = waiting.waiters.take();
        drop(waiting);
        Woken::wake(woken);
    }
}
