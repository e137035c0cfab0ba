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

    /// From now on it is this run that publishes.
    pub(super) fn begin(&self) -> io::Result<()> {
        let state = self.state.as_ref().map(|it| it.lock().unwrap_or_else(PoisonError::into_inner));
        state.map_or(Ok(()), |mut state| state.begin())
    }

    pub(super) fn publish(&self, frame: &Frame<'_>) -> EventId {
        let Some(state) = &self.state else { return self.channel.publish(frame) };
        let mut state = state.lock().unwrap_or_else(PoisonError::into_inner);
        // Written before anybody has it: what comes back after a crash is never behind its clients.
        let id = frame.id().filter(|id| !id.is_empty()).map(EventId::from);
        let id = id.unwrap_or_else(|| self.channel.next_event_id());
        let kept = state.append(&frame.with_id(&id).unwrap_or(*frame));
        self.complain(kept);
        self.channel.publish(frame)
    }

    /// What has been published is all that clients will get: writes down that nothing is missing.
    pub(super) fn end(&self) {
        if let Some(state) = &self.state {
            let kept = state.lock().unwrap_or_else(PoisonError::into_inner).end();
            self.complain(kept);
        }
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

#[cfg(test)]
mod tests {
    use super::*;
    use sse_server::History;
    use std::future::Future;
    use std::path::PathBuf;
    use std::pin::pin;
    use std::sync::Arc;
    use std::task::{Context, Wake};

    /// Reads the file at the moment at which clients are woken.
    struct Client {
        path: PathBuf,
        seen: Mutex<String>,
    }

    impl Wake for Client {
        fn wake(self: Arc<Self>) {
            let text = std::fs::read_to_string(&self.path).expect("the file");
            *self.seen.lock().expect("nobody panics") = text;
        }
    }

    #[test]
    fn an_event_is_written_before_anybody_has_it() {
        let folder = std::env::temp_dir().join(format!("sse-hub-{}", std::process::id()));
        std::fs::create_dir_all(&folder).expect("a folder");
        let path = folder.join("state");
        let (state, channel) = State::open(&path, &History::default()).expect("it opens");
        let hub = Hub::new(channel, Some(state), |complaint| panic!("{complaint}"));
        let client = Arc::new(Client { path, seen: Mutex::default() });
        for own in [None, None, Some("own"), None] {
            let mut news = pin!(hub.channel.log().changed(hub.channel.log().end()));
            let waker = client.clone().into();
            assert!(news.as_mut().poll(&mut Context::from_waker(&waker)).is_pending());
            let frame = Frame::message("hello");
            let id = hub.publish(&own.map_or(frame, |id| frame.with_id(id).expect("an ID")));
            let seen = client.seen.lock().expect("nobody panics").clone();
            assert!(seen.ends_with(&format!("id: {id}\ndata: hello\n\n")), "{seen}");
        }
        std::fs::remove_dir_all(&folder).expect("the folder");
    }
}
