//! One client's place in a log, and the steps it takes: replay and live are the same. What the log has
//! dropped comes from its source, if it has one. Depends on `cut`, `log` and `source`.

use std::sync::Arc;
use std::task::{Context, Poll, Waker};

use crate::cut::Cut;
use crate::leaf::assert_unlocked;
use crate::log::{Log, Read};
use crate::source::{Page, PageFuture};
use crate::waiters::Ticket;
use crate::{Batch, Entry, EventId, Framing, Gap, Lag, Replay};

pub(crate) type Filter = Box<dyn Fn(&Entry) -> bool + Send + Sync>;

/// Makes the events that give the application's state, and says which position comes next after what is in it.
pub(crate) type Render = Arc<dyn Fn() -> (Vec<Entry>, u64) + Send + Sync>;

/// Events that a filter sees at once.
const FILTERED: usize = 32;

pub(crate) struct Follower {
    pub(crate) log: Log,
    /// In the log, unless it is away.
    position: u64,
    ticket: Ticket,
    /// Boxed: most have none of it, and there may be many.
    special: Option<Box<Special>>,
}

/// Where a client begins.
#[derive(Clone, Copy)]
pub(crate) enum Start<'a> {
    /// It has seen nothing.
    New(Replay),
    /// It has seen the event with this ID, and all before.
    After(&'a str),
    /// Nobody knows what it has seen: it gets what is held.
    Lost,
}

/// What few clients have.
#[derive(Default)]
struct Special {
    filter: Option<Filter>,
    away: Option<Away>,
    state: Option<State>,
}

/// The application's state, for who is new, and in place of any gap.
struct State {
    render: Render,
    /// Whether it comes next.
    is_due: bool,
}

/// A place that the log no longer holds.
struct Away {
    /// The ID of the newest event seen; `None` before the first.
    after: Option<EventId>,
    /// Read, and not yet taken.
    entries: Vec<Entry>,
    page: Option<PageFuture>,
    /// The source had nothing when the log ended here.
    exhausted_at: Option<u64>,
}

pub(crate) enum Step {
    /// Entries that come next, whether they are wanted or not, and the position of the first; `None` if they are from
    /// the source.
    Entries(Vec<Entry>, Option<u64>),
    /// Something is missing; the ID of the event just before what comes next. Boxed, as what is rare: a step is handed on
    /// for each batch.
    Gap(Gap, Box<EventId>),
    /// The application's state, and the ID of the event just before what comes next.
    State(Vec<Entry>, Box<EventId>),
    /// Everything has come.
    Closed,
    /// The client must not take what it got for complete.
    Cut(Cut),
}

impl Follower {
    /// Finds the place to begin, and the gap to tell first.
    pub(crate) fn new(log: &Log, start: Start<'_>) -> (Self, Option<Gap>) {
        let mut follower =
            Self { log: log.clone(), position: 0, ticket: Ticket::default(), special: None };
        let mut gap = None;
        let has_source = log.source().is_some();
        match start {
            Start::New(Replay::All) if has_source => follower.leave_log(None),
            Start::New(replay) => follower.position = log.start(replay),
            Start::After(id) => match log.after(id) {
                Ok(position) => follower.position = position,
                Err(_) if has_source => follower.leave_log(Some(id.into())),
                Err(missing) => (follower.position, gap) = (log.first(), Some(missing)),
            },
            Start::Lost => (follower.position, gap) = (log.first(), Some(Gap::UnknownId)),
        }
        (follower, gap)
    }

    /// The same for who is given the application's state when it is new, and in place of any gap.
    pub(crate) fn with_state(log: &Log, start: Start<'_>, render: Render) -> Self {
        let known = match start {
            Start::After(id) => log.after_without_seam(id).ok(),
            Start::New(_) | Start::Lost => None,
        };
        if known.is_none() && !matches!(start, Start::New(_)) {
            log.count_gap();
        }
        let state = Some(State { render, is_due: known.is_none() });
        let special = Some(Box::new(Special { state, ..Special::default() }));
        let position = known.unwrap_or_else(|| log.end());
        Self { log: log.clone(), position, ticket: Ticket::default(), special }
    }

    /// Leaves out what is not `wanted`, besides what is left out already.
    pub(crate) fn add_filter(&mut self, wanted: Filter) {
        let filter = &mut self.special.get_or_insert_default().filter;
        *filter = Some(match filter.take() {
            Some(before) => Box::new(move |entry| before(entry) && wanted(entry)),
            None => wanted,
        });
    }

    fn filter(&self) -> Option<&Filter> {
        self.special.as_ref()?.filter.as_ref()
    }

    /// Whether the client gets this entry. A gap concerns everybody.
    pub(crate) fn wants(&self, entry: &Entry) -> bool {
        assert_unlocked();
        entry.is_gap || self.filter().is_none_or(|wanted| wanted(entry))
    }

    fn away(&self) -> Option<&Away> {
        self.special.as_ref()?.away.as_ref()
    }

    fn state(&mut self) -> Option<&mut State> {
        self.special.as_mut()?.state.as_mut()
    }

    fn is_state_due(&self) -> bool {
        let state = self.special.as_ref().and_then(|special| special.state.as_ref());
        state.is_some_and(|state| state.is_due)
    }

    /// What comes next is not in the log.
    fn leave_log(&mut self, after: Option<EventId>) {
        let away = Away { after, entries: Vec::new(), page: None, exhausted_at: None };
        self.special.get_or_insert_default().away = Some(away);
    }

    /// The position in the log of what comes next, unless something comes before that is not in the log.
    pub(crate) fn position(&self) -> Option<u64> {
        (self.away().is_none() && !self.is_state_due()).then_some(self.position)
    }

    /// The same, if all who stand there get the same.
    pub(crate) fn common_position(&self) -> Option<u64> {
        self.position().filter(|_| self.filter().is_none())
    }

    pub(crate) fn seek(&mut self, position: u64) {
        self.position = position;
        if let Some(special) = &mut self.special {
            special.away = None;
        }
    }

    /// The ID of the newest event that this client has passed; `None` if it should keep the one that it has, or none.
    pub(crate) fn cursor(&self) -> Option<EventId> {
        match self.away() {
            _ if self.is_state_due() => None,
            // What nobody but this log knows, its source could not read.
            None if self.log.source().is_some() => self.log.own_cursor(self.position),
            None => Some(self.log.cursor(self.position)),
            Some(away) => away.after.clone(),
        }
    }

    /// What comes next, if all who stand here get the same, and there is something.
    pub(crate) fn common(&mut self, max_bytes: usize, framing: Framing) -> Option<Batch> {
        if self.special.is_some() {
            return None;
        }
        let batch = self.log.read_joined(self.position, max_bytes, framing)?;
        self.position = batch.end();
        Some(batch)
    }

    /// The next step, of about `max_bytes`. Without a context nobody is woken when there is one.
    pub(crate) fn poll(
        &mut self,
        mut cx: Option<&mut Context<'_>>,
        max_bytes: usize,
    ) -> Poll<Step> {
        loop {
            let special = if self.special.is_some() {
                self.special(cx.as_deref_mut(), max_bytes)
            } else {
                None
            };
            let arrived = special.unwrap_or_else(|| self.read(cx.as_deref_mut(), max_bytes));
            match arrived {
                Poll::Pending => return Poll::Pending,
                Poll::Ready(Arrival::At(position)) => self.seek(position),
                Poll::Ready(Arrival::NotHeld(after)) => self.leave_log(Some(*after)),
                Poll::Ready(Arrival::Gap(gap, cursor)) => {
                    if let Some(step) = self.pass(gap, cursor) {
                        return Poll::Ready(step);
                    }
                }
                Poll::Ready(Arrival::Step(step)) => return Poll::Ready(step),
            }
        }
    }

    /// What comes before anything in the log.
    fn special(&mut self, cx: Option<&mut Context<'_>>, max_bytes: usize) -> Option<Poll<Arrival>> {
        let Self { log, ticket, special, .. } = self;
        let Special { away, state, .. } = special.as_deref_mut()?;
        let Some(state) = state.as_mut().filter(|state| state.is_due) else {
            return Some(away.as_mut()?.poll(log, ticket, cx, max_bytes));
        };
        let (entries, position) = (state.render)();
        state.is_due = false;
        let cursor = log.cursor(position).into();
        self.seek(position);
        Some(Poll::Ready(Arrival::Step(Step::State(entries, cursor))))
    }

    /// What the log has here.
    fn read(&mut self, cx: Option<&mut Context<'_>>, max_bytes: usize) -> Poll<Arrival> {
        let position = self.position;
        // A filter is the application's code, and others wait while it runs.
        let is_filtered = self.filter().is_some();
        let max_bytes = if is_filtered { max_bytes / 4 } else { max_bytes };
        let read = match cx {
            Some(cx) => self.log.read_or_wait(position, max_bytes, &mut self.ticket, cx.waker()),
            None => self.log.read(position, max_bytes),
        };
        Poll::Ready(match read {
            Read::Nothing => return Poll::Pending,
            Read::Closed => Arrival::Step(Step::Closed),
            Read::Entries(mut entries) => {
                if is_filtered {
                    entries.truncate(FILTERED);
                }
                self.position += entries.len() as u64;
                Arrival::Step(Step::Entries(entries, Some(position)))
            }
            Read::Gap(gap, first) => {
                match self.log.source().and_then(|_| self.log.own_cursor(position)) {
                    Some(known) => Arrival::NotHeld(known.into()),
                    None => {
                        self.position = first;
                        Arrival::Gap(gap, self.log.cursor(first).into())
                    }
                }
            }
        })
    }

    /// What comes of a gap; `None` if the application's state does, in its place.
    fn pass(&mut self, gap: Gap, cursor: Box<EventId>) -> Option<Step> {
        let is_lag = matches!(gap, Gap::Lagged { .. });
        if is_lag && self.log.lagged() == Lag::Disconnect {
            return Some(Step::Cut(Cut::Lagged(gap)));
        }
        let Some(state) = self.state() else { return Some(Step::Gap(gap, cursor)) };
        state.is_due = true;
        self.log.count_gap();
        None
    }

    /// Waits no longer.
    pub(crate) fn leave(&mut self) {
        self.log.leave(&mut self.ticket);
    }
}

impl Drop for Follower {
    fn drop(&mut self) {
        self.leave();
    }
}

/// What comes of looking into the log, or asking its source.
enum Arrival {
    /// What comes next is in the log, at this position.
    At(u64),
    /// What comes next has been dropped, and is in the source after the event with this ID.
    NotHeld(Box<EventId>),
    Gap(Gap, Box<EventId>),
    Step(Step),
}

impl Away {
    fn poll(
        &mut self,
        log: &Log,
        ticket: &mut Ticket,
        cx: Option<&mut Context<'_>>,
        max_bytes: usize,
    ) -> Poll<Arrival> {
        if !self.entries.is_empty() {
            return Poll::Ready(self.take());
        }
        // Since the last look the log may have come to hold it.
        if let Some(position) = self.after.as_ref().and_then(|id| log.after(id).ok()) {
            return Poll::Ready(Arrival::At(position));
        }
        // Who polls with a waker later is woken all the same: a future keeps the last one.
        let mut unattended = Context::from_waker(Waker::noop());
        let cx = cx.unwrap_or(&mut unattended);
        let end = log.end();
        if self.exhausted_at == Some(end) {
            return match log.read_or_wait(end, 0, ticket, cx.waker()) {
                Read::Nothing => Poll::Pending,
                Read::Closed => Poll::Ready(Arrival::At(end)),
                // It has grown this moment.
                Read::Entries(_) | Read::Gap(..) => {
                    cx.waker().wake_by_ref();
                    Poll::Pending
                }
            };
        }
        let page = match (&mut self.page, log.source()) {
            (Some(page), _) => page,
            (page, Some(source)) => page.insert(source.clone().page(self.after.clone(), max_bytes)),
            (None, None) => return Poll::Ready(Arrival::At(end)),
        };
        match page.as_mut().poll(cx) {
            Poll::Pending => Poll::Pending,
            Poll::Ready(read) => {
                self.page = None;
                match read {
                    Err(error) => Poll::Ready(Arrival::Step(Step::Cut(Cut::Source(error)))),
                    Ok(page) => self.turn(page, end, cx),
                }
            }
        }
    }

    /// Goes on with what a source had, when the log ended at `end`.
    fn turn(&mut self, page: Page, end: u64, cx: &mut Context<'_>) -> Poll<Arrival> {
        let Page { gap, entries } = page;
        self.entries = entries;
        if let Some((gap, cursor)) = gap {
            self.after = Some(cursor.clone());
            return Poll::Ready(Arrival::Gap(gap, cursor.into()));
        }
        if self.entries.is_empty() {
            self.exhausted_at = Some(end);
            cx.waker().wake_by_ref();
            return Poll::Pending;
        }
        Poll::Ready(self.take())
    }

    /// What has been read. If its last event is in the log too, the next step goes on from there.
    fn take(&mut self) -> Arrival {
        let entries = std::mem::take(&mut self.entries);
        self.after = entries.iter().rev().find_map(Entry::event_id).or(self.after.take());
        Arrival::Step(Step::Entries(entries, None))
    }
}
