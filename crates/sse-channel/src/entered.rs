//! Locks that this thread holds while the application's code runs, so that waiting for oneself is an error and not for
//! ever. Pure but for a variable of each thread. Depends on `leaf`.

use std::cell::RefCell;
use std::ptr;
use std::sync::RwLock;

use crate::leaf::assert_unlocked;

thread_local! {
    static ENTERED: RefCell<Vec<usize>> = const { RefCell::new(Vec::new()) };
}

/// That this thread is in here.
pub(crate) struct Entered;

impl Entered {
    /// Enters.
    ///
    /// # Panics
    ///
    /// If this thread is in there already: it would wait for itself.
    pub(crate) fn alone<T>(lock: &RwLock<T>) -> Self {
        assert_unlocked();
        Self::new(lock)
            .unwrap_or_else(|| panic!("a closure that is given the state would wait for itself"))
    }

    /// Enters; `None` if this thread is in there already.
    fn new<T>(lock: &RwLock<T>) -> Option<Self> {
        let address = ptr::from_ref(lock).cast::<()>() as usize;
        ENTERED.with_borrow_mut(|entered| {
            let is_new = !entered.contains(&address);
            is_new.then(|| {
                entered.push(address);
                Self
            })
        })
    }
}

impl Drop for Entered {
    /// Who has entered last leaves first.
    fn drop(&mut self) {
        ENTERED.with_borrow_mut(Vec::pop);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nobody_enters_twice_and_whoever_has_left_again() {
        let (one, two) = (RwLock::new(1), RwLock::new(1));
        for _ in 0..2 {
            let first = Entered::new(&one);
            let second = Entered::new(&two);
            assert!(first.is_some() && second.is_some());
            assert!(Entered::new(&one).is_none() && Entered::new(&two).is_none());
            std::thread::scope(|scope| {
                let other = scope.spawn(|| Entered::new(&one).is_some());
                assert!(other.join().unwrap(), "another thread may wait");
            });
            drop(second);
            assert!(Entered::new(&one).is_none() && Entered::new(&two).is_some());
        }
    }
}
