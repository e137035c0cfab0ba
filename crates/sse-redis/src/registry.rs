//! The channels that are open on this node, and those that somebody waits for. Depends on `error`, `source` and `time`.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, OnceLock, PoisonError};
use std::time::{Duration, Instant};

use event_listener::Event;
use sse_channel::Feed;

use crate::error::Error;
use crate::time::now;

/// A channel whose log is fed.
#[derive(Debug)]
pub(crate) struct Open {
    pub(crate) key: Arc<str>,
    pub(crate) feed: Feed,
    used: Mutex<Instant>,
}

impl Open {
    pub(crate) fn new(key: Arc<str>, feed: Feed) -> Self {
        Self { key, feed, used: Mutex::new(now()) }
    }
}

/// What comes of opening a channel, for all who wait for it.
#[derive(Default)]
pub(crate) struct Opening {
    outcome: OnceLock<Result<Arc<Open>, Error>>,
    done: Event,
}

impl Opening {
    fn end(&self, outcome: Result<Arc<Open>, Error>) {
        let _ = self.outcome.set(outcome);
        self.done.notify(usize::MAX);
    }
}

#[derive(Default)]
pub(crate) struct Registry {
    state: Mutex<State>,
    /// Somebody waits for a channel, or there is to be an end.
    pub(crate) changed: Event,
}

#[derive(Default)]
struct State {
    open: HashMap<Arc<str>, Arc<Open>>,
    opening: HashMap<Arc<str>, Arc<Opening>>,
    is_closed: bool,
}

/// A channel, or waiting for it.
pub(crate) enum Lookup {
    Open(Arc<Open>),
    Waiting(Waiting),
}

/// One of those who wait for a channel. When the last of them has gone, it is not opened any more.
pub(crate) struct Waiting {
    registry: Arc<Registry>,
    key: Arc<str>,
    opening: Arc<Opening>,
}

impl Waiting {
    pub(crate) async fn outcome(&self) -> Result<Arc<Open>, Error> {
        loop {
            let done = self.opening.done.listen();
            if let Some(outcome) = self.opening.outcome.get() {
                return outcome.clone();
            }
            done.await;
        }
    }
}

impl Drop for Waiting {
    fn drop(&mut self) {
        let mut state = self.registry.state();
        let known = state.opening.get(&self.key);
        // The registry and this have it.
        let is_last =
            |it: &Arc<Opening>| Arc::ptr_eq(it, &self.opening) && Arc::strong_count(it) == 2;
        if known.is_some_and(is_last) {
            state.opening.remove(&self.key);
        }
    }
}

impl Registry {
    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The channel of a stream, which is to be opened if it is not.
    pub(crate) fn enter(self: &Arc<Self>, key: &Arc<str>) -> Result<Lookup, Error> {
        let mut state = self.state();
        if state.is_closed {
            return Err(Error::Closed);
        }
        if let Some(open) = state.open.get(key) {
            *open.used.lock().unwrap_or_else(PoisonError::into_inner) = now();
            return Ok(Lookup::Open(open.clone()));
        }
        let opening = state.opening.entry(key.clone()).or_default().clone();
        drop(state);
        self.changed.notify(usize::MAX);
        Ok(Lookup::Waiting(Waiting { registry: self.clone(), key: key.clone(), opening }))
    }

    /// The keys that somebody waits for.
    pub(crate) fn wanted(&self) -> Vec<Arc<str>> {
        self.state().opening.keys().cloned().collect()
    }

    /// What has come of opening a channel.
    pub(crate) fn opened(&self, key: &Arc<str>, outcome: Result<Arc<Open>, Error>) {
        let mut state = self.state();
        if let (Ok(open), false) = (&outcome, state.is_closed) {
            state.open.insert(key.clone(), open.clone());
        }
        let opening = state.opening.remove(key);
        drop(state);
        if let Some(opening) = opening {
            opening.end(outcome);
        }
    }

    /// Nobody waits any more: all are told why.
    pub(crate) fn fail(&self, error: &Error) {
        for key in self.wanted() {
            self.opened(&key, Err(error.clone()));
        }
    }

    /// Takes away what nobody has used for a while, and says what that was.
    pub(crate) fn sweep(&self, idle: Duration) -> Vec<Arc<str>> {
        let mut state = self.state();
        let is_unused = |open: &Arc<Open>| {
            let used = *open.used.lock().unwrap_or_else(PoisonError::into_inner);
            // The registry and the reader have it; nobody else is about to subscribe.
            Arc::strong_count(open) == 2
                && open.feed.log().stats().subscribers == 0
                && now().duration_since(used) > idle
        };
        let unused: Vec<Arc<str>> = state
            .open
            .iter()
            .filter(|(_, open)| is_unused(open))
            .map(|(key, _)| key.clone())
            .collect();
        for key in &unused {
            state.open.remove(key);
        }
        unused
    }

    pub(crate) fn remove(&self, key: &str) {
        self.state().open.remove(key);
    }

    pub(crate) fn count(&self) -> usize {
        self.state().open.len()
    }

    pub(crate) fn is_closed(&self) -> bool {
        self.state().is_closed
    }

    /// Nothing is opened any more.
    pub(crate) fn close(&self) {
        self.state().is_closed = true;
        self.changed.notify(usize::MAX);
    }

    /// Ends every channel.
    pub(crate) fn clear(&self) {
        self.fail(&Error::Closed);
        let open = std::mem::take(&mut self.state().open);
        for open in open.into_values() {
            open.feed.close();
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_nobody_waits_for_any_more_is_not_opened() {
        let registry = Arc::new(Registry::default());
        let keys: Vec<Arc<str>> = (0..100).map(|number| number.to_string().into()).collect();
        let waiting: Vec<_> = keys.iter().map(|key| registry.enter(key)).collect();
        let another = registry.enter(&keys[7]);
        assert_eq!(registry.wanted().len(), 100);
        drop(waiting);
        assert_eq!(registry.wanted(), [keys[7].clone()], "somebody still does");
        drop(another);
        assert!(registry.wanted().is_empty());
    }
}
