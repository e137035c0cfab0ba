//! One client's place in a log, and the steps it takes: replay and live are the same. What the log has
//! dropped comes from its source, if it has one. Depends on `away`, `cut`, `log` and `render`.

use std::task::{Context, Poll};

use crate::away::{Away, Found, before_gap};
use crate::cut::Cut;
use crate::leaf::assert_unlocked;
use crate::log::{Log, Read};
use crate::render::{Due, Picture, Render, Rendered};
use crate::waiters::Ticket;
use crate::{Batch, Entry, EventId, Framing, Gap, Lag, Replay};

pub(crate) type Filter = Box<dyn Fn(&Entry) -> bool + Send + Sync>;

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

/// For who makes a state of what comes, and must not miss what the source still has, however late it is.
#[derive(Default)]
struct Keeping {
    /// The ID of the newest event that has come.
    seen: Option<EventId>,
}

/// What few clients have.
#[derive(Default)]
struct Special {
    filter: Option<Filter>,
    away: Option<Away>,
    /// The application's state, for who is new, and in place of any gap.
    state: Option<Due>,
    keeping: Option<Keeping>,
}

pub(crate) enum Step {
    /// Entries that come next, whether they are wanted or not, and the position of the first; `None` if they are from
    /// the source.
    Entries(Vec<Entry>, Option<u64>),
    /// Something is missing; the ID of the event just before what comes next. Boxed, as what is rare: a step is handed on
    /// for each batch.
    Gap(Gap, Box<EventId>),
    /// The application's state.
    State(Box<Picture>),
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
        let away = match start {
            Start::After(id) if known.is_none() && log.source().is_some() => Some(id),
            _ => None,
        };
        let is_due = known.is_none() && away.is_none();
        if is_due && !matches!(start, Start::New(_)) {
            log.count_gap();
        }
        let state = Some(Due::new(render, is_due));
        let away = away.map(|id| Away::new(Some(id.into())));
        let special = Special { state, away, ..Special::default() };
        let position = known.unwrap_or_else(|| log.end());
        let special = Some(Box::new(special));
        Self { log: log.clone(), position, ticket: Ticket::default(), special }
    }

    /// The same for who makes a state of what comes: each gap is a step of its own, whoever tells of it.
    pub(crate) fn keeping(log: &Log, start: Start<'_>) -> (Self, Option<Gap>) {
        let (mut follower, gap) = Self::new(log, start);
        let seen = if let Start::After(id) = start { Some(id.into()) } else { None };
        follower.special.get_or_insert_default().keeping = Some(Keeping { seen });
        (follower, gap)
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

    fn is_state_due(&self) -> bool {
        let state = self.special.as_ref().and_then(|special| special.state.as_ref());
        state.is_some_and(Due::is_due)
    }

    /// What comes next is not in the log.
    fn leave_log(&mut self, after: Option<EventId>) {
        self.special.get_or_insert_default().away = Some(Away::new(after));
    }

    /// The position in the log of what comes next, unless something comes before that is not in the log.
    pub(crate) fn position(&self) -> Option<u64> {
        (self.away().is_none() && !self.is_state_due()).then_some(self.position)
    }

    /// The same, if all who stand there get the same.
    pub(crate) fn common_position(&self) -> Option<u64> {
        // Only in a log that is fed does a gap come while somebody looks on.
        let is_parted = self.parts_at_gaps() && self.log.source().is_some();
        self.position().filter(|_| self.filter().is_none() && !is_parted)
    }

    fn parts_at_gaps(&self) -> bool {
        let special = self.special.as_ref();
        special.is_some_and(|special| special.keeping.is_some() || special.state.is_some())
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

    /// What comes next, if all who stand here get the same, now or later; `None` if it is for [`poll`](Self::poll) to
    /// find out.
    pub(crate) fn common(
        &mut self,
        cx: Option<&Context<'_>>,
        max_bytes: usize,
        framing: Framing,
    ) -> Option<Poll<Batch>> {
        let Self { log, position, ticket, special: None } = self else { return None };
        let waker = cx.map(Context::waker);
        let found = log.poll_joined(*position, max_bytes, framing, ticket, waker)?;
        if let Poll::Ready(batch) = &found {
            *position = batch.end();
        }
        Some(found)
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
                Poll::Ready(Arrival::Step(Step::Entries(entries, position)))
                    if self.parts_at_gaps() =>
                {
                    if let Some(step) = self.part(entries, position) {
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
        let Some(state) = state.as_mut().filter(|state| state.is_due()) else {
            let found = away.as_mut()?.poll(log, ticket, cx, max_bytes);
            return Some(found.map(|found| match found {
                Found::At(position) => Arrival::At(position),
                Found::Gap(gap, cursor) => Arrival::Gap(gap, cursor),
                Found::Entries(entries) => Arrival::Step(Step::Entries(entries, None)),
                Found::Failed(error) => Arrival::Step(Step::Cut(Cut::Source(error))),
            }));
        };
        let step = match state.render(log, cx) {
            Rendered::NotYet => return Some(Poll::Pending),
            Rendered::Never(error) => Step::Cut(Cut::Source(error)),
            Rendered::State(picture, position) => {
                self.seek(position);
                Step::State(picture)
            }
        };
        Some(Poll::Ready(Arrival::Step(step)))
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
                let known = || self.log.own_cursor(position).or_else(|| self.seen());
                match self.log.source().and_then(|_| known()) {
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
        self.miss(gap, cursor)
    }

    fn miss(&mut self, gap: Gap, cursor: Box<EventId>) -> Option<Step> {
        let least = self.position().unwrap_or_default();
        let Some(state) = self.special.as_mut().and_then(|special| special.state.as_mut()) else {
            self.see(&cursor);
            return Some(Step::Gap(gap, cursor));
        };
        state.demand(least, &self.log);
        self.log.count_gap();
        None
    }

    fn seen(&self) -> Option<EventId> {
        self.special.as_ref()?.keeping.as_ref()?.seen.clone()
    }

    fn see(&mut self, id: &EventId) {
        let keeping = self.special.as_mut().and_then(|special| special.keeping.as_mut());
        if let Some(keeping) = keeping {
            keeping.seen = Some(id.clone());
        }
    }

    /// What comes of entries among which gaps may be told; what is behind one comes later.
    fn part(&mut self, mut entries: Vec<Entry>, position: Option<u64>) -> Option<Step> {
        entries.truncate(before_gap(&entries));
        if let Some(position) = position {
            self.position = position + entries.len() as u64;
        }
        let Some(told) = entries.first().filter(|entry| entry.is_gap) else {
            if let Some(last) = entries.iter().rev().find_map(Entry::event_id) {
                self.see(&last);
            }
            return Some(Step::Entries(entries, position));
        };
        let gap = told.data().and_then(|data| Gap::told(&data)).unwrap_or(Gap::UnknownId);
        let cursor = told.event_id().unwrap_or_else(|| self.log.cursor(self.position));
        self.miss(gap, cursor.into())
    }

    /// Waits no longer.
    pub(crate) fn leave(&mut self) {
        self.log.leave(&mut self.ticket);
        if let Some(state) = self.special.as_mut().and_then(|special| special.state.as_mut()) {
            state.leave();
        }
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
