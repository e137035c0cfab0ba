//! Who makes the state of a replica out of the events of its log. Depends on `follower` and `shown`.

use std::fmt;
use std::future::poll_fn;
use std::io;
use std::sync::{Arc, PoisonError};
use std::task::{Context, Poll};

use crate::cut::Cut;
use crate::entered::Entered;
use crate::follower::{Follower, Start, Step};
use crate::shown::{Shared, Shown};
use crate::{Entry, EventId, Gap, Replay};

pub(crate) type Apply<S> = dyn FnMut(&mut S, &Entry) + Send;

/// Bytes of events that the state is changed by at once; a single event may be larger.
const AT_ONCE: usize = 16 * 1024;

/// Makes the state of a [`Replica`](crate::Replica). When it is dropped there is none any more: whoever is to be given one is cut.
pub struct Keeper<S> {
    shared: Arc<Shared<S>>,
    apply: Box<Apply<S>>,
    /// Where it stopped.
    follower: Option<Follower>,
}

/// Why a [`Keeper`] has stopped, and the state as it is then.
#[derive(Debug)]
#[must_use = "there is no state until the keeper goes on"]
pub enum Stopped<S> {
    /// Events are missing that should have changed the state. [Begin](Keeper::follow) with one that has them, or
    /// [go on](Keeper::go_on).
    Gap(Gap, S),
    /// The source of the log cannot be read. Wait, and [go on](Keeper::go_on).
    Failed(io::Error, S),
    /// The log has ended. The state stays where it is.
    Closed,
}

impl<S: Send + Sync + 'static> Keeper<S> {
    pub(crate) fn new(shared: Arc<Shared<S>>, apply: Box<Apply<S>>) -> Self {
        Self { shared, apply, follower: None }
    }

    /// Begins with this state, which has all up to the event with the ID `after`; with `None`, nothing of what the log or its
    /// source still has. It goes on until something is missing, or the log ends. Dropping this future takes the state away.
    ///
    /// Without an ID nobody knows whether there were events before the oldest that is held. With that of the place
    /// before the first event ever (`RedisChannel::origin`, [`Channel::last_event_id`](crate::Channel::last_event_id) of a
    /// channel that is empty) it stops first, with what is missing.
    pub async fn follow(&mut self, state: S, after: Option<&str>) -> Stopped<S> {
        let start = after.map_or(Start::New(Replay::All), Start::After);
        let (follower, gap) = Follower::keeping(&self.shared.log, start);
        self.follower = Some(follower);
        match gap {
            Some(gap) => Stopped::Gap(gap, state),
            None => self.go_on(state).await,
        }
    }

    /// Goes on where it has stopped, with this state; what is missing stays missing. One that has not stopped yet begins as
    /// [`follow`](Self::follow) without an ID does.
    pub async fn go_on(&mut self, state: S) -> Stopped<S> {
        let mut keeping = Keeping::new(self, state);
        poll_fn(|cx| keeping.poll(cx)).await
    }
}

impl<S> Drop for Keeper<S> {
    fn drop(&mut self) {
        self.shared.wake(|waiting| waiting.is_over = true);
    }
}

/// The keeper at work.
struct Keeping<'a, S> {
    shared: &'a Shared<S>,
    apply: &'a mut Apply<S>,
    follower: &'a mut Follower,
    /// While its place is not one in the log; otherwise it is shown.
    hidden: Option<S>,
    /// Whether the state stays when this ends.
    is_whole: bool,
}

impl<'a, S: 'static> Keeping<'a, S> {
    fn new(keeper: &'a mut Keeper<S>, state: S) -> Self {
        let Keeper { shared, apply, follower } = keeper;
        shared.log.count_subscriber();
        let begin = || Follower::keeping(&shared.log, Start::New(Replay::All)).0;
        let follower = follower.get_or_insert_with(begin);
        Self { shared, apply, follower, hidden: Some(state), is_whole: false }
    }

    fn poll(&mut self, cx: &mut Context<'_>) -> Poll<Stopped<S>> {
        let step = match self.follower.poll(Some(cx), AT_ONCE) {
            Poll::Ready(step) => step,
            Poll::Pending => {
                self.show();
                return Poll::Pending;
            }
        };
        let gap = match step {
            Step::Entries(entries, _) => {
                self.change(&entries);
                // Others have a turn.
                cx.waker().wake_by_ref();
                return Poll::Pending;
            }
            Step::Closed => {
                self.show();
                self.is_whole = true;
                return Poll::Ready(Stopped::Closed);
            }
            Step::Gap(gap, _) | Step::Cut(Cut::Lagged(gap)) => Ok(gap),
            Step::Cut(Cut::Source(error)) => Err(error),
            // It has asked for none.
            Step::State(..) => return Poll::Pending,
        };
        let Some(state) = self.hide() else { return Poll::Pending };
        Poll::Ready(match gap {
            Ok(gap) => Stopped::Gap(gap, state),
            Err(error) => Stopped::Failed(error, state),
        })
    }

    fn change(&mut self, entries: &[Entry]) {
        if self.follower.position().is_none() {
            // Meanwhile it is at no place of the log.
            self.hidden = self.hide();
        }
        if let Some(state) = &mut self.hidden {
            entries.iter().for_each(|entry| (self.apply)(state, entry));
            return self.show();
        }
        let entered = Entered::alone(&self.shared.shown);
        let mut shown = self.shared.shown.write().unwrap_or_else(PoisonError::into_inner);
        if let (Some(shown), Some((position, cursor))) = (&mut *shown, self.place()) {
            entries.iter().for_each(|entry| (self.apply)(&mut shown.state, entry));
            (shown.position, shown.cursor) = (position, cursor);
        }
        drop((shown, entered));
        self.shared.wake(|_| ());
    }

    /// Shows the state, if it is one at a place in the log.
    fn show(&mut self) {
        let Some((position, cursor)) = self.place() else { return };
        let Some(state) = self.hidden.take() else { return };
        let mut shown = self.shared.shown.write().unwrap_or_else(PoisonError::into_inner);
        *shown = Some(Shown { state, position, cursor });
        drop(shown);
        self.shared.wake(|_| ());
    }

    /// Takes the state away from all.
    fn hide(&mut self) -> Option<S> {
        self.hidden.take().or_else(|| self.shared.take())
    }

    fn place(&self) -> Option<(u64, EventId)> {
        let position = self.follower.position()?;
        Some((position, self.follower.log.cursor(position)))
    }
}

impl<S> Drop for Keeping<'_, S> {
    fn drop(&mut self) {
        self.shared.log.discount_subscriber();
        self.follower.leave();
        if !self.is_whole {
            self.shared.take();
        }
    }
}

impl<S> fmt::Debug for Keeper<S> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Keeper").field("log", &self.shared.log).finish_non_exhaustive()
    }
}
