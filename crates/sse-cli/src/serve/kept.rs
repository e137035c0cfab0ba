//! The newest events of `sse serve`, encoded, as its state file holds them. Pure.

use sse_server::{EventId, Frame, History};
use std::collections::VecDeque;

/// The newest events, as many as a history holds.
#[derive(Debug)]
pub(super) struct Kept {
    events: VecDeque<(Option<EventId>, Vec<u8>)>,
    bytes: usize,
    /// The ID just before the oldest of them: a client that has come no further misses nothing.
    after: Option<EventId>,
    history: History,
}

impl Kept {
    pub(super) fn new(history: History) -> Self {
        Self { events: VecDeque::new(), bytes: 0, after: None, history }
    }

    pub(super) fn history(&self) -> &History {
        &self.history
    }

    /// Encoded, oldest first.
    pub(super) fn events(&self) -> impl Iterator<Item = &[u8]> {
        self.events.iter().map(|(_, bytes)| bytes.as_slice())
    }

    pub(super) fn bytes(&self) -> usize {
        self.bytes
    }

    pub(super) fn after(&self) -> Option<&EventId> {
        self.after.as_ref()
    }

    /// What is kept first follows on this ID.
    pub(super) fn begin_after(&mut self, id: EventId) {
        self.after = Some(id);
    }

    /// Whether it is known where clients stand.
    pub(super) fn has_begun(&self) -> bool {
        !self.events.is_empty() || self.after.is_some()
    }

    /// Keeps an event, and no longer those for which there is no room then.
    pub(super) fn keep(&mut self, frame: &Frame<'_>) {
        let mut bytes = Vec::new();
        frame.append_to(&mut bytes);
        self.bytes += bytes.len();
        self.events.push_back((frame.id().map(EventId::from), bytes));
        let is_over =
            |it: &Self| it.events.len() > it.history.events || it.bytes > it.history.bytes;
        while self.events.len() > 1 && is_over(self) {
            let Some((id, bytes)) = self.events.pop_front() else { return };
            self.bytes -= bytes.len();
            self.after = id.or(self.after.take());
        }
    }
}
