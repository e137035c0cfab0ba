//! A state that the events of a log make, on each node that follows the log. Depends on `keeper`, `render` and `subscription`.

use std::fmt;
use std::io;
use std::sync::Arc;
use std::task::Context;

use crate::keeper::Keeper;
use crate::render::{Picture, Render, Rendered, State};
use crate::shown::Shared;
use crate::waiters::Ticket;
use crate::{Entry, EventId, Log, Subscription};

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
/// The keeper [stops](crate::Stopped) at a gap, in the log or in what its source has, and hands the state back. Until it goes on, with this
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

impl<S: Send + Sync + 'static> Replica<S> {
    /// A state that the events of `log` are to make, each by `apply`, in their order, once; and who does it. There is none yet.
    ///
    /// `apply` gets what moves a client's last event ID too, and what is no event. It must not use this replica, and should
    /// do the same on each node: nothing that depends on time, chance, or anything but the state and the event. If
    /// it panics, the keeper's future does, and the state is lost.
    #[must_use]
    pub fn new(log: &Log, apply: impl FnMut(&mut S, &Entry) + Send + 'static) -> (Self, Keeper<S>) {
        let shared = Arc::new(Shared::new(log));
        let keeper = Keeper::new(shared.clone(), Box::new(apply));
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
