//! Who waits for a log to grow. It stands behind the log's own lock, so that looking and waiting are
//! one step, and no growth can come between the two. Pure.

use std::task::Waker;

use crate::leaf::assert_unlocked;

/// The tasks that wait. All are woken at once, and then begin anew.
#[derive(Debug)]
pub(crate) struct Waiters {
    /// Counts up when all are woken; a ticket of an earlier round is void.
    round: u64,
    wakers: Vec<Option<Waker>>,
    /// Places of those who have given up.
    free: Vec<u32>,
}

/// A place among those who wait, in one round; none in round 0.
#[derive(Debug, Default)]
pub(crate) struct Ticket {
    round: u64,
    place: u32,
}

impl Default for Waiters {
    fn default() -> Self {
        Self { round: 1, wakers: Vec::new(), free: Vec::new() }
    }
}

impl Waiters {
    /// Lets a task wait, once, however often it is asked for. Whom it replaces is to be dropped when the lock has been
    /// released: what that does is not ours to know.
    #[must_use]
    pub(crate) fn wait(&mut self, ticket: &mut Ticket, waker: &Waker) -> Option<Waker> {
        if ticket.round == self.round {
            if let Some(Some(present)) = self.wakers.get_mut(ticket.place as usize) {
                let is_new = !present.will_wake(waker);
                return is_new.then(|| std::mem::replace(present, waker.clone()));
            }
        }
        let place = self.free.pop().unwrap_or(self.wakers.len() as u32);
        match self.wakers.get_mut(place as usize) {
            Some(free) => *free = Some(waker.clone()),
            None => self.wakers.push(Some(waker.clone())),
        }
        *ticket = Ticket { round: self.round, place };
        None
    }

    /// Waits no longer. Who has waited is to be dropped when the lock has been released.
    #[must_use]
    pub(crate) fn leave(&mut self, ticket: &mut Ticket) -> Option<Waker> {
        let Ticket { round, place } = std::mem::take(ticket);
        if round != self.round {
            return None;
        }
        let waker = self.wakers.get_mut(place as usize).and_then(Option::take);
        self.free.extend(waker.as_ref().map(|_| place));
        waker
    }

    /// All who wait, to be woken when the lock has been released.
    pub(crate) fn take(&mut self) -> Woken {
        if self.wakers.is_empty() {
            return Woken(Vec::new());
        }
        self.round += 1;
        self.free.clear();
        Woken(std::mem::take(&mut self.wakers))
    }
}

impl Ticket {
    pub(crate) fn is_none(&self) -> bool {
        self.round == 0
    }
}

/// Who is to be woken.
#[derive(Debug)]
#[must_use]
pub(crate) struct Woken(Vec<Option<Waker>>);

impl Woken {
    pub(crate) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    pub(crate) fn wake(self) {
        assert_unlocked();
        self.0.into_iter().flatten().for_each(Waker::wake);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn waiting(waiters: &Waiters) -> usize {
        waiters.wakers.iter().flatten().count()
    }

    #[test]
    fn each_waits_once_and_places_are_used_again() {
        let (mut waiters, waker) = (Waiters::default(), Waker::noop());
        let mut stays = Ticket::default();
        let _ = waiters.wait(&mut stays, waker);
        for _ in 0..1000 {
            let mut ticket = Ticket::default();
            let _ = waiters.wait(&mut ticket, waker);
            let _ = waiters.wait(&mut ticket, waker);
            assert_eq!(waiting(&waiters), 2);
            let _ = waiters.leave(&mut ticket);
            let _ = waiters.leave(&mut ticket);
        }
        assert_eq!((waiting(&waiters), waiters.wakers.len()), (1, 2));
        let woken = waiters.take();
        assert_eq!(woken.0.iter().flatten().count(), 1);
        let _ = waiters.leave(&mut stays);
        assert_eq!(waiting(&waiters), 0);
    }

    #[test]
    fn a_ticket_of_an_earlier_round_is_void() {
        let (mut waiters, waker) = (Waiters::default(), Waker::noop());
        let (mut early, mut late) = (Ticket::default(), Ticket::default());
        let _ = waiters.wait(&mut early, waker);
        waiters.take().wake();
        let _ = waiters.wait(&mut late, waker);
        let _ = waiters.leave(&mut early);
        assert_eq!(waiting(&waiters), 1);
        let _ = waiters.wait(&mut early, waker);
        assert_eq!(waiting(&waiters), 2);
    }
}
