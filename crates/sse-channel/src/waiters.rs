//! Who waits for a log to grow. It stands behind the log's own lock, so that looking and waiting are
//! one step, and no growth can come between the two. Pure.

use std::task::Waker;

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
    /// Lets a task wait, once, however often it is asked for.
    pub(crate) fn wait(&mut self, ticket: &mut Ticket, waker: &Waker) {
        if ticket.round == self.round {
            if let Some(Some(present)) = self.wakers.get_mut(ticket.place as usize) {
                return present.clone_from(waker);
            }
        }
        let place = self.free.pop().unwrap_or(self.wakers.len() as u32);
        match self.wakers.get_mut(place as usize) {
            Some(free) => *free = Some(waker.clone()),
            None => self.wakers.push(Some(waker.clone())),
        }
        *ticket = Ticket { round: self.round, place };
    }

    /// Waits no longer.
    pub(crate) fn leave(&mut self, ticket: &mut Ticket) {
        let Ticket { round, place } = std::mem::take(ticket);
        if round == self.round {
            let waker = self.wakers.get_mut(place as usize).and_then(Option::take);
            self.free.extend(waker.map(|_| place));
        }
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
        waiters.wait(&mut stays, waker);
        for _ in 0..1000 {
            let mut ticket = Ticket::default();
            waiters.wait(&mut ticket, waker);
            waiters.wait(&mut ticket, waker);
            assert_eq!(waiting(&waiters), 2);
            waiters.leave(&mut ticket);
            waiters.leave(&mut ticket);
        }
        assert_eq!((waiting(&waiters), waiters.wakers.len()), (1, 2));
        let woken = waiters.take();
        assert_eq!(woken.0.iter().flatten().count(), 1);
        waiters.leave(&mut stays);
        assert_eq!(waiting(&waiters), 0);
    }

    #[test]
    fn a_ticket_of_an_earlier_round_is_void() {
        let (mut waiters, waker) = (Waiters::default(), Waker::noop());
        let (mut early, mut late) = (Ticket::default(), Ticket::default());
        waiters.wait(&mut early, waker);
        waiters.take().wake();
        waiters.wait(&mut late, waker);
        waiters.leave(&mut early);
        assert_eq!(waiting(&waiters), 1);
        waiters.wait(&mut early, waker);
        assert_eq!(waiting(&waiters), 2);
    }
}
