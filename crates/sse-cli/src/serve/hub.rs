//! Where events go: to the channel and, if it is to outlive this run, to the state file. Depends on `state`.

use super::follow::Mark;
use super::state::State;
use sse_server::{Channel, EventId, Frame};
use std::io;
use std::sync::{Mutex, PoisonError};

/// A channel, and what is kept of it.
pub(super) struct Hub {
    pub(super) channel: Channel,
    /// Locked over publishing and keeping, so that the order is the same in both.
    state: Option<Mutex<State>>,
    /// Told when the state file cannot be written: the events go on nevertheless.
    tell: fn(String),
}

impl Hub {
    pub(super) fn new(channel: Channel, state: Option<State>, tell: fn(String)) -> Self {
        Self { channel, state: state.map(Mutex::new), tell }
    }

    pub(super) fn publish(&self, frame: &Frame<'_>) -> EventId {
        let Some(state) = &self.state else { return self.channel.publish(frame) };
        let mut state = state.lock().unwrap_or_else(PoisonError::into_inner);
        let id = self.channel.publish(frame);
        let kept = state.append(frame, id.as_str());
        self.complain(kept);
        id
    }

    /// Notes that a followed file has been read so far, and all of it published.
    pub(super) fn read_up_to(&self, mark: Mark) {
        if let Some(state) = &self.state {
            let kept = state.lock().unwrap_or_else(PoisonError::into_inner).append_mark(mark);
            self.complain(kept);
        }
    }

    fn complain(&self, kept: io::Result<()>) {
        if let Err(error) = kept {
            (self.tell)(format!(
                "the state file cannot be written, and will lack something: {error}"
            ));
        }
    }
}
