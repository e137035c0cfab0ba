//! The application's state as a client is given it, when it is new and in place of any gap. Depends on `log` and `waiters`.

use std::io;
use std::sync::Arc;
use std::task::Context;

use crate::log::Log;
use crate::waiters::Ticket;
use crate::{Entry, EventId};

/// Gives the application's state.
pub(crate) type Render = Arc<dyn State>;

pub(crate) trait State: Send + Sync {
    /// The events that give the state, once it has all before the position `least`. Otherwise whoever has a ticket and a
    /// context is woken when there may be one that has.
    fn render(&self, least: u64, ticket: &mut Ticket, cx: Option<&mut Context<'_>>) -> Rendered;

    /// Waits no longer.
    fn leave(&self, _: &mut Ticket) {}
}

/// The state as a client gets it.
pub(crate) struct Picture {
    pub(crate) entries: Vec<Entry>,
    /// The ID of the event just before what comes next.
    pub(crate) cursor: EventId,
    /// Whether a client that has got half of it would go on from the ID that it has: that has to be taken away first.
    pub(crate) is_anew: bool,
}

pub(crate) enum Rendered {
    /// It, and the position of what comes next.
    State(Box<Picture>, u64),
    NotYet,
    /// There will be none.
    Never(io::Error),
}

/// One client's wish for the state.
pub(crate) struct Due {
    state: Render,
    /// Whether it comes next.
    is_due: bool,
    /// What comes before this position must be in it.
    least: u64,
    /// Whether it has an ID that is a place, on another node at least.
    has_place: bool,
    ticket: Ticket,
}

impl Due {
    pub(crate) fn new(state: Render, is_due: bool) -> Self {
        Self { state, is_due, least: 0, has_place: false, ticket: Ticket::default() }
    }

    pub(crate) fn is_due(&self) -> bool {
        self.is_due
    }

    /// It comes next, in place of a gap, with all before `least` in it.
    pub(crate) fn demand(&mut self, least: u64, log: &Log) {
        // What is in a source for one node may be in the log of another.
        self.has_place = log.source().is_some();
        (self.is_due, self.least) = (true, least);
    }

    /// The state, with all in it that the log does not hold.
    pub(crate) fn render(&mut self, log: &Log, cx: Option<&mut Context<'_>>) -> Rendered {
        let mut rendered = self.state.render(self.least.max(log.first()), &mut self.ticket, cx);
        if let Rendered::State(picture, _) = &mut rendered {
            picture.is_anew = std::mem::take(&mut self.has_place);
            self.is_due = false;
        }
        rendered
    }

    /// Waits no longer.
    pub(crate) fn leave(&mut self) {
        self.state.leave(&mut self.ticket);
    }
}
