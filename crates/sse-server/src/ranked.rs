//! Mutexes that have a place in an order, so that no two threads can wait for each other. Debug builds check that the order
//! is kept, and that nobody is woken and no code of the application's runs under any of them. Depends on nothing.

use std::cell::Cell;
use std::fmt;
use std::ops::{Deref, DerefMut};
use std::sync::{Mutex, MutexGuard, PoisonError};

/// Who has come to the pumps of a thread.
pub(crate) const NEWCOMERS: u8 = 0;
/// A connection. The stream that it runs over is polled under this: what one of the application's does then, it does there.
pub(crate) const WIRE: u8 = 1;
/// Who waits to write to a connection.
pub(crate) const WAITING: u8 = 2;
/// Counters and signals. The log of a channel has a lock of this kind, which sse-channel checks.
pub(crate) const LAST: u8 = 3;

/// A mutex that is taken with or without those of lower ranks, and with no other of its own rank.
#[derive(Default)]
pub(crate) struct Ranked<T, const RANK: u8>(Mutex<T>);

impl<T, const RANK: u8> Ranked<T, RANK> {
    pub(crate) fn new(value: T) -> Self {
        Self(Mutex::new(value))
    }

    /// Locks it; what a panicking thread left behind is whole, because nothing panics half-way.
    #[track_caller]
    pub(crate) fn lock(&self) -> Locked<'_, T, RANK> {
        // Before it waits: two that wait for each other would not come to an assertion behind it.
        let held = Held::take();
        Locked { guard: self.0.lock().unwrap_or_else(PoisonError::into_inner), _held: held }
    }
}

impl<T, const RANK: u8> fmt::Debug for Ranked<T, RANK> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Ranked").field("rank", &RANK).finish_non_exhaustive()
    }
}

/// Fails, in a debug build, if this thread holds one of these locks: what comes next must not run under any.
#[track_caller]
pub(crate) fn assert_unlocked() {
    if cfg!(debug_assertions) {
        let held = HELD.get();
        assert!(held == 0 || std::thread::panicking(), "runs under a lock: ranks {held:#b}");
    }
}

/// The guard of a [`Ranked`].
pub(crate) struct Locked<'a, T, const RANK: u8> {
    guard: MutexGuard<'a, T>,
    _held: Held<RANK>,
}

impl<T, const RANK: u8> Deref for Locked<'_, T, RANK> {
    type Target = T;

    fn deref(&self) -> &T {
        &self.guard
    }
}

impl<T, const RANK: u8> DerefMut for Locked<'_, T, RANK> {
    fn deref_mut(&mut self) -> &mut T {
        &mut self.guard
    }
}

thread_local! {
    /// A bit for each rank of which this thread holds a lock. Only debug builds look.
    static HELD: Cell<u8> = const { Cell::new(0) };
}

/// The bit of a rank, for as long as it lives.
struct Held<const RANK: u8>;

impl<const RANK: u8> Held<RANK> {
    #[track_caller]
    fn take() -> Self {
        if cfg!(debug_assertions) {
            let held = HELD.get();
            assert!(held >> RANK == 0, "a lock of rank {RANK} is taken under ranks {held:#b}");
            HELD.set(held | 1 << RANK);
        }
        Self
    }
}

impl<const RANK: u8> Drop for Held<RANK> {
    fn drop(&mut self) {
        if cfg!(debug_assertions) {
            HELD.set(HELD.get() & !(1 << RANK));
        }
    }
}

#[cfg(test)]
mod tests {
    use std::panic::{AssertUnwindSafe, catch_unwind};

    use super::*;

    fn holds(act: impl FnOnce()) -> bool {
        catch_unwind(AssertUnwindSafe(act)).is_ok()
    }

    #[test]
    #[cfg(debug_assertions)]
    fn the_order_is_kept_or_told() {
        let (first, then) = (Ranked::<_, NEWCOMERS>::new(1), Ranked::<_, WIRE>::new(2));
        let other = Ranked::<_, WIRE>::new(3);
        assert!(holds(|| assert_eq!(
            *first.lock() + *then.lock() + *Ranked::<_, LAST>::new(3).lock(),
            6
        )));
        assert!(!holds(|| assert_eq!(*then.lock() + *first.lock(), 3)), "backwards");
        assert!(!holds(|| assert_eq!(*then.lock() + *other.lock(), 5)), "two of a rank");
        assert!(!holds(|| assert_eq!(*then.lock() + *then.lock(), 4)), "the same twice");
        assert!(!holds(|| {
            let _wire = then.lock();
            assert_unlocked();
        }));
        // Nothing of it is left, whatever has failed.
        assert_unlocked();
        assert_eq!(*then.lock(), 2);
    }
}
