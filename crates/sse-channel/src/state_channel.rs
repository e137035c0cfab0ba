//! An application's state together with the channel that tells its changes. Depends on `subscription`, `channel`,
//! `entered` and `render`.

use std::fmt;
use std::io;
use std::path::Path;
use std::sync::{Arc, RwLock, RwLockReadGuard};
use std::task::Context;

use sse_proto::Frame;

use crate::entered::Entered;
use crate::render::{Picture, Render, Rendered, State};
use crate::waiters::{Ticket, Woken};
use crate::{Channel, ChannelStats, Entry, EventId, History, Log, Subscription};

/// An application's state, and the channel that tells its changes: a client gets the state first, then every change since,
/// without a seam.
///
/// The state is changed in [`update`](Self::update) and nowhere else, and what tells of the change is published there and
/// nowhere else. So whoever looks at the state sees it at one position of the log: it has all that was published before,
/// and nothing of what comes after.
///
/// ```
/// use sse_channel::{Entry, Frame, History, StateChannel};
///
/// let counter = StateChannel::new(40, History::default());
/// let add = |amount: i32| {
///     counter.update(|sum, changes| {
///         *sum += amount;
///         changes.publish(&Frame::message(&amount.to_string()));
///     });
/// };
/// add(1);
///
/// // In a handler: `last_event_id` is the request's header of that name.
/// let last_event_id = None;
/// let mut events = counter.subscribe(last_event_id, |sum| {
///     let sum = sum.to_string();
///     vec![Entry::new(&Frame::message(&sum).with_event_type("sum").expect("one line"))]
/// });
/// # futures_lite::future::block_on(async {
/// let first = events.next().await.unwrap()?;
/// assert!(first.starts_with(b"event: sum\nid: ") && first.ends_with(b"\ndata: 41\n\n"));
/// add(1);
/// assert!(events.next().await.unwrap()?.ends_with(b"\ndata: 1\n\n"));
/// # Ok::<(), sse_channel::Cut>(())
/// # }).unwrap();
/// ```
///
/// What a client is told in place of a gap is the state: see [`subscribe`](Self::subscribe).
///
/// It is a handle: clones are of the same state. When the last is dropped, the subscriptions end properly.
///
/// The state stands behind a lock of its own. A closure that is given the state must not call the same channel's methods:
/// that would wait for itself, and panics. What takes time belongs before or behind it.
pub struct StateChannel<S> {
    /// Taken before the log's own lock, never under it.
    state: Arc<RwLock<S>>,
    channel: Channel,
}

/// What publishes within [`StateChannel::update`].
#[derive(Debug)]
pub struct Changes<'a> {
    channel: &'a Channel,
    /// To be woken when the state is no longer locked.
    woken: Vec<Woken>,
    is_whole: bool,
}

impl<S: Send + Sync + 'static> StateChannel<S> {
    /// A state, and an empty log of what changes it.
    #[must_use]
    pub fn new(state: S, history: History) -> Self {
        Self::restored(state, Channel::new(history))
    }

    /// A state and the log of what has changed it, as [`save`](Self::save) has written them. Whoever comes back with an ID
    /// of this log gets what it has missed; if something may be missing in the log, the state.
    ///
    /// `state` has to be what it was at the end of the log, and nobody else may publish to `channel`.
    #[must_use]
    pub fn restored(state: S, channel: Channel) -> Self {
        Self { state: Arc::new(RwLock::new(state)), channel }
    }

    /// Changes the state and publishes what tells of it, as one: no client sees the one without the other.
    ///
    /// # Panics
    ///
    /// If `change` panics, now or before, or calls this channel. What the state is then, and whether the clients know,
    /// nobody can say: the channel closes.
    pub fn update<T>(&self, change: impl FnOnce(&mut S, &mut Changes<'_>) -> T) -> T {
        let mut changes = Changes { channel: &self.channel, woken: Vec::new(), is_whole: false };
        let entered = Entered::alone(&self.state);
        let mut state = self.state.write().unwrap_or_else(|_| broken());
        let changed = change(&mut state, &mut changes);
        drop(state);
        drop(entered);
        changes.is_whole = true;
        changed
    }

    /// Looks at the state. Meanwhile nothing is changed or published.
    ///
    /// # Panics
    ///
    /// If a change has panicked, or from within a closure that is given the state.
    pub fn read<T>(&self, look: impl FnOnce(&S) -> T) -> T {
        look(&look_at(&self.state).0)
    }

    /// Follows the state. A new client gets `snapshot` first, the events that give the state as it is when they are asked
    /// for, then every change from exactly there. A client that comes back with an ID from which the log still has
    /// everything gets what it has missed, and no snapshot. Wherever there is a gap, it gets the snapshot **in place of the
    /// gap's event**: when it comes back too late, or after a restart, and on a log that [skips](crate::Lag::Skip) when it
    /// was too slow. [`ChannelStats::gaps`] counts those too.
    ///
    /// The events of a snapshot have no IDs of their own: the last of them moves the client's last event ID, so that who
    /// is cut off between two of them gets all of them anew. Give them a type by which the page knows that they replace
    /// what it has. They are sent in one piece, and filters leave nothing of them out.
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

    /// Makes the events of the state, and says what comes next.
    pub(crate) fn render(
        &self,
        snapshot: impl Fn(&S) -> Vec<Entry> + Send + Sync + 'static,
    ) -> Render {
        Arc::new(Present { state: self.state.clone(), log: self.log().clone(), snapshot })
    }

    /// The log of the changes.
    #[must_use]
    pub fn log(&self) -> &Log {
        self.channel.log()
    }

    /// Ends every subscription, now and later, once it has all that is in the log.
    pub fn close(&self) {
        self.channel.close();
    }

    /// The channel's counters.
    #[must_use]
    pub fn stats(&self) -> ChannelStats {
        self.channel.stats()
    }

    /// Writes both down as they are at one moment: the state by `keep`, then the log, as [`Channel::save`] does.
    /// [`Channel::load`] reads the log, and [`restored`](Self::restored) joins the two.
    ///
    /// # Errors
    ///
    /// Those of `keep`, and of the file system.
    ///
    /// # Panics
    ///
    /// If a change has panicked, or from within a closure that is given the state.
    pub fn save(
        &self,
        log: impl AsRef<Path>,
        keep: impl FnOnce(&S) -> io::Result<()>,
    ) -> io::Result<()> {
        let (state, _entered) = look_at(&self.state);
        // This first: a state that is ahead of its log is one after which something is missing in the log.
        keep(&state)?;
        self.channel.save(log)
    }
}

/// The state, which is always there. It keeps no channel open.
struct Present<S, F> {
    state: Arc<RwLock<S>>,
    log: Log,
    snapshot: F,
}

impl<S: Send + Sync, F: Fn(&S) -> Vec<Entry> + Send + Sync> State for Present<S, F> {
    fn render(&self, _: u64, _: &mut Ticket, _: Option<&mut Context<'_>>) -> Rendered {
        let (state, _entered) = look_at(&self.state);
        // Nothing is published while the state is locked: this is its position, before and after.
        let entries = (self.snapshot)(&state);
        let position = self.log.end();
        let picture = Picture { entries, cursor: self.log.cursor(position), is_anew: false };
        Rendered::State(Box::new(picture), position)
    }
}

fn look_at<S>(state: &Arc<RwLock<S>>) -> (RwLockReadGuard<'_, S>, Entered) {
    let entered = Entered::alone(state);
    (state.read().unwrap_or_else(|_| broken()), entered)
}

fn broken() -> ! {
    panic!("a change of the state has panicked: what it is now, nobody knows");
}

impl Changes<'_> {
    /// Publishes an event, as [`Channel::publish`] does. It is in the log when this returns, and no client gets it before
    /// the change is over.
    pub fn publish(&mut self, frame: &Frame<'_>) -> EventId {
        let (id, woken) = self.channel.append(frame);
        self.woken.extend(Some(woken).filter(|woken| !woken.is_empty()));
        id
    }
}

impl Drop for Changes<'_> {
    fn drop(&mut self) {
        self.woken.drain(..).for_each(Woken::wake);
        if !self.is_whole {
            self.channel.close();
        }
    }
}

impl<S> Clone for StateChannel<S> {
    fn clone(&self) -> Self {
        Self { state: self.state.clone(), channel: self.channel.clone() }
    }
}

impl<S> fmt::Debug for StateChannel<S> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("StateChannel").field("log", self.channel.log()).finish_non_exhaustive()
    }
}
