//! A state that the events of a log make, on each node that follows the log. Depends on `follower`, `render` and `subscription`.

use std::fmt;
use std::future::poll_fn;
use std::io;
use std::sync::{Arc, PoisonError, RwLock};
use std::task::{Context, Poll};

use crate::cut::Cut;
use crate::entered::Entered;
use crate::follower::{Follower, Start, Step};
use crate::leaf::Leaf;
use crate::render::{Picture, Render, Rendered, State};
use crate::waiters::{Ticket, Waiters, Woken};
use crate::{Entry, EventId, Gap, Log, Replay, Subscription};

type Apply<S> = dyn FnMut(&mut S, &Entry) + Send;

/// Bytes of events that the state is changed by at once; a single event may be larger.
const AT_ONCE: usize = 16 * 1024;

/// A state that the events of a log make. A client gets the state first, then every event since, without a seam.
///
/// A [`StateChannel`](crate::StateChannel) is for the process that changes the state. This is for those that are told of the
/// changes: nodes whose log is [fed](crate::Feed), by a stream of Redis for instance, or by a database. Each of them makes
/// the state out of the same events, in the same order; so it has the same state at the same event as all the others,
/// and a client may go from one to another.
///
/// The state is made by its [`Keeper`], which has to be spawned. What begins with no state begins with the oldest event
/// that there is:
///
/// ```
/// use sse_channel::{Channel, Entry, Frame, Replica, Stopped};
/// use std::collections::BTreeMap;
///
/// type Prices = BTreeMap<String, String>;
///
/// # let channel = Channel::default();
/// # let log = channel.log().clone();
/// // `log` is that of a `Feed`, of a channel in Redis, or of any other channel.
/// let (prices, mut keeper) = Replica::new(&log, |prices: &mut Prices, event| {
///     let data = event.data().unwrap_or_default();
///     if let Some((name, price)) = data.split_once(' ') {
///         prices.insert(name.to_owned(), price.to_owned());
///     }
/// });
/// std::thread::spawn(|| futures_lite::future::block_on(async move { // or tokio::spawn, smol::spawn
///     let mut stopped = keeper.follow(Prices::default(), None).await;
///     loop {
///         stopped = match stopped {
///             // What is missing cannot be had: here each price comes again sooner or later.
///             Stopped::Gap(_, prices) => keeper.go_on(prices).await,
///             // Wait a moment here.
///             Stopped::Failed(_, prices) => keeper.go_on(prices).await,
///             Stopped::Closed => return,
///         };
///     }
/// }));
///
/// // In a handler: `last_event_id` is the request's header of that name.
/// let last_event_id = None;
/// # channel.publish(&Frame::message("tea 3"));
/// # channel.publish(&Frame::message("tea 4"));
/// let mut events = prices.subscribe(last_event_id, |prices| {
///     let lines: Vec<_> = prices.iter().map(|(name, price)| format!("{name} {price}")).collect();
///     vec![Entry::new(&Frame::message(&lines.join("\n")).with_event_type("all").expect("one line"))]
/// });
/// # futures_lite::future::block_on(async {
/// # let mut text = String::new();
/// # while !text.ends_with("data: tea 4\n\n") {
/// let block = events.next().await.unwrap()?;
/// #     text += std::str::from_utf8(&block).unwrap();
/// # }
/// # assert!(text.starts_with("event: all\n"));
/// # Ok::<(), sse_channel::Cut>(())
/// # }).unwrap();
/// ```
///
/// # Where the state begins
///
/// With nothing, if the log or its source has every event that there ever was. If the oldest are dropped, and the state is not
/// one in which everything comes again, then it has to be kept elsewhere too, with the ID of the last event in it, which
/// [`read`](Self::read) tells: then [`follow`](Keeper::follow) begins there. Nodes that begin differently have different
/// states.
///
/// # When something is missing
///
/// The keeper [stops](Stopped) at a gap, in the log or in what its source has, and hands the state back. Until it goes on, with this
/// state or another, there is none: who is to be given one waits, with heartbeats. Then each client gets it **in place of
/// the gap's event**.
///
/// # What it costs
///
/// The state in memory, on each node, and the work of the keeper, for each event. Clients that stand at the same place in a log
/// that is fed are written to one by one, since what tells of a gap is not the same for them and for others.
///
/// It is a handle: clones are of the same state. It keeps no channel open, but its keeper counts as a subscriber of the log.
pub struct Replica<S> {
    shared: Arc<Shared<S>>,
}

/// Makes the state of a [`Replica`]. When it is dropped there is none any more: whoever is to be given one is cut.
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

struct Shared<S> {
    log: Log,
    /// Taken before the lock of those who wait, and the log's, never under them. Poisoned if a change has panicked.
    shown: RwLock<Option<Shown<S>>>,
    waiting: Leaf<Waiting>,
}

/// The state at a position of the log.
struct Shown<S> {
    state: S,
    position: u64,
    /// The ID of the newest event in it.
    cursor: EventId,
}

#[derive(Default)]
struct Waiting {
    waiters: Waiters,
    /// The keeper has gone.
    is_over: bool,
}

impl<S: Send + Sync + 'static> Replica<S> {
    /// A state that the events of `log` are to make, each by `apply`, in their order, once; and who does it. There is none yet.
    ///
    /// `apply` gets what moves a client's last event ID too, and what is no event. It must not use this replica, and should
    /// do the same on each node: nothing that depends on time, chance, or anything but the state and the event. If
    /// it panics, the keeper's future does, and the state is lost.
    #[must_use]
    pub fn new(log: &Log, apply: impl FnMut(&mut S, &Entry) + Send + 'static) -> (Self, Keeper<S>) {
        let waiting = Leaf::new(Waiting::default());
        let shared = Arc::new(Shared { log: log.clone(), shown: RwLock::default(), waiting });
        let keeper = Keeper { shared: shared.clone(), apply: Box::new(apply), follower: None };
        (Self { shared }, keeper)
    }

    /// Looks at the state, and the ID of the last event that is in it: the one to [follow](Keeper::follow) after for who
    /// begins with this state, wherever that was kept. `None` if there is no state at the moment. Meanwhile nothing is
    /// changed.
    ///
    /// # Panics
    ///
    /// From within a closure that is given the state.
    pub fn read<T>(&self, look: impl FnOnce(&S, &EventId) -> T) -> Option<T> {
        self.shared.look(|shown| look(&shown.state, &shown.cursor))
    }

    /// Follows the state, as [`StateChannel::subscribe`](crate::StateChannel::subscribe) does. A new client waits for the state
    /// if there is none, and gets `snapshot`, the events that give it, then every event since. A client that comes back gets what it
    /// has missed, from the log or its source, and no snapshot. Wherever there is a gap, it gets the snapshot in its place.
    ///
    /// The events of a snapshot have no IDs of their own: the last of them moves the client's last event ID, so that who
    /// is cut off between two of them gets all of them anew. In place of a gap, the first of several has an empty ID, which
    /// takes the client's away: on another node it might be the place of events that belong to what the client had before.
    ///
    /// `snapshot` is called when the client is written to, with the state locked: it should make the events and do
    /// nothing else.
    pub fn subscribe(
        &self,
        last_event_id: Option<&str>,
        snapshot: impl Fn(&S) -> Vec<Entry> + Send + Sync + 'static,
    ) -> Subscription {
        Subscription::with_state(self.log(), last_event_id, self.render(snapshot))
    }

    /// Makes the events of the state.
    pub(crate) fn render(
        &self,
        snapshot: impl Fn(&S) -> Vec<Entry> + Send + Sync + 'static,
    ) -> Render {
        Arc::new(Rendering { shared: self.shared.clone(), snapshot })
    }

    /// The log whose events make the state.
    #[must_use]
    pub fn log(&self) -> &Log {
        &self.shared.log
    }
}

impl<S: Send + Sync + 'static> Keeper<S> {
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

impl<S> Shared<S> {
    /// Looks at the state, if it is there and whole.
    fn look<T>(&self, look: impl FnOnce(&Shown<S>) -> T) -> Option<T> {
        let _entered = Entered::alone(&self.shown);
        self.shown.read().ok()?.as_ref().map(look)
    }

    fn take(&self) -> Option<S> {
        let mut shown = self.shown.write().unwrap_or_else(PoisonError::into_inner);
        let state = shown.take();
        self.shown.clear_poison();
        state.map(|shown| shown.state)
    }

    fn wake(&self, change: impl FnOnce(&mut Waiting)) {
        let mut waiting = self.waiting.lock();
        change(&mut waiting);
        let woken = waiting.waiters.take();
        drop(waiting);
        Woken::wake(woken);
    }
}

/// Gives the state to a client.
struct Rendering<S, F> {
    shared: Arc<Shared<S>>,
    snapshot: F,
}

impl<S: Send + Sync, F: Fn(&S) -> Vec<Entry> + Send + Sync> State for Rendering<S, F> {
    fn render(&self, least: u64, ticket: &mut Ticket, cx: Option<&mut Context<'_>>) -> Rendered {
        // First, so that what is shown in between wakes it.
        let mut waiting = self.shared.waiting.lock();
        let former = cx.and_then(|cx| waiting.waiters.wait(ticket, cx.waker()));
        let is_over = waiting.is_over;
        drop(waiting);
        drop(former);
        let rendered = self.shared.look(|shown| {
            let is_enough = shown.position >= least;
            is_enough.then(|| {
                let entries = (self.snapshot)(&shown.state);
                let cursor = shown.cursor.clone();
                let picture = Picture { entries, cursor, is_anew: false };
                Rendered::State(Box::new(picture), shown.position)
            })
        });
        let never = || {
            let why = io::Error::other("nobody keeps the state any more");
            if is_over { Rendered::Never(why) } else { Rendered::NotYet }
        };
        let rendered = rendered.flatten().unwrap_or_else(never);
        if matches!(rendered, Rendered::State(..)) {
            self.leave(ticket);
        }
        rendered
    }

    fn leave(&self, ticket: &mut Ticket) {
        if !ticket.is_none() {
            let former = self.shared.waiting.lock().waiters.leave(ticket);
            drop(former);
        }
    }
}

impl<S> Clone for Replica<S> {
    fn clone(&self) -> Self {
        Self { shared: self.shared.clone() }
    }
}

impl<S> fmt::Debug for Replica<S> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Replica").field("log", &self.shared.log).finish_non_exhaustive()
    }
}

impl<S> fmt::Debug for Keeper<S> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Keeper").field("log", &self.shared.log).finish_non_exhaustive()
    }
}
