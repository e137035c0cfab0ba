//! A mutex that is the last of any order: under it nothing else is locked, nobody is woken, no waker is dropped, and no code
//! of the application's runs. Debug builds check it. Depends on nothing.

use std::cell::Cell;
use std::ops::{Deref, DerefMut};
use std::sync::{Mutex, MutexGuard, PoisonError};

/// A mutex under which nothing but its own value is touched.
pub(crate) struct Leaf<T>(Mutex<T>);

impl<T> Leaf<T> {
    pub(crate) fn new(value: T) -> Self {
        Self(Mutex::new(value))
    }

    /// Locks it; what a panicking thread left behind is whole, because nothing panics half-way.
    #[track_caller]
    pub(crate) fn lock(&self) -> Locked<'_, T> {
        // Before it waits: one that waits for itself would not come to an assertion behind it.
        let held = Held::take();
        Locked { guard: self.0.lock().unwrap_or_else(PoisonError::into_inner), _held: held }
    }
}

/// Fails, in a debug build, if this thread holds a [`Leaf`]: what comes next must not run under one.
#[track_caller]
pub(crate) fn assert_unlocked() {
    if cfg!(debug_assertions) {
        assert!(!IS_HELD.get() || std::thread::panicking(), "runs under the lock of a log");
    }
}

/// The guard of a [`Leaf`].
pub(crate) struct Locked<'a, T> {
    guard: MutexGuard<'a, T>,
    _held: Held,
}

impl<T> Deref for Locked<'_, T> {
    type Target = T;

    fn deref(&self) -> &T {
        &self.guard
    }
}

impl<T> DerefMut for Locked<'_, T> {
    fn deref_mut(&mut self) -> &mut T {
        &mut self.guard
    }
}

thread_local! {
    /// Whether this thread holds one. Only debug builds look.
    static IS_HELD: Cell<bool> = const { Cell::new(false) };
}

struct Held;

impl Held {
    #[track_caller]
    fn take() -> Self {
        if cfg!(debug_assertions) {
            assert_unlocked();
            IS_HELD.set(true);
        }
        Self
    }
}

impl Drop for Held {
    fn drop(&mut self) {
        if cfg!(debug_assertions) {
            IS_HELD.set(false);
        }
    }
}

#[cfg(test)]
mod tests {
    use std::panic::{AssertUnwindSafe, catch_unwind};

    use super::*;

    #[test]
    #[cfg(debug_assertions)]
    fn nothing_else_is_locked_under_it() {
        let (one, two) = (Leaf::new(1), Leaf::new(2));
        let holds = |act: &dyn Fn()| catch_unwind(AssertUnwindSafe(act)).is_ok();
        assert!(!holds(&|| assert_eq!(*one.lock() + *two.lock(), 3)));
        assert!(!holds(&|| assert_eq!(*one.lock() + *one.lock(), 2)));
        assert!(!holds(&|| {
            let _one = one.lock();
            assert_unlocked();
        }));
        assert_unlocked();
        assert_eq!(*one.lock(), 1);
    }
}
