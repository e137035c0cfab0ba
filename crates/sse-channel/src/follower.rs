//! One client's place in a log, and the steps it takes: replay and live are the same. What the log has
//! dropped comes from its source, if it has one. Depends on `log` and `source`.

use std::io;
use std::task::{Context, Poll};

use crate::log::{Log, Read};
use crate::source::{Page, PageFuture};
use crate::waiters::Ticket;
use crate::{Batch, Entry, EventId, Framing, Gap, Replay};

pub(crate) type Filter = Box<dyn Fn(&Entry) -> bool + Send + Sync>;

/// Events that a filter sees at once.
const FILTERED: usize = 32;

pub(crate) struct Follower {
    pub(crate) log: Log,
    /// In the log, unless it is away.
    position: u64,
    ticket: Ticket,
    /// Whether the client's last event ID may stand for less than its place.
    pub(crate) is_behind: bool,
    /// Whether nothing more comes.
    pub(crate) is_over: bool,
    pub(crate) framing: Framing,
    /// Boxed: most have none of it, and there may be many.
    special: Option<Box<Special>>,
}

/// What few clients have.
#[derive(Default)]
struct Special {
    filter: Option<Filter>,
    away: Option<Away>,
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
    /// Entries that come next, framed; none of them may have been wanted.
    Batch(Batch),
    /// Something is missing; the ID of the event just before what comes next.
    Gap(Gap, EventId),
    /// Everything has come.
    Closed,
    /// The source cannot be read.
    Failed(io::Error),
}

impl Follower {
    /// Finds the place to begin, and the gap to tell first.
    pub(crate) fn new(
        log: &Log,
        last_event_id: Option<&str>,
        replay: Replay,
    ) -> (Self, Option<Gap>) {
        let mut follower = Self {
            log: log.clone(),
            position: 0,
            ticket: Ticket::default(),
            is_behind: false,
            is_over: false,
            framing: Framing::Plain,
            special: None,
        };
        let mut gap = None;
        let has_source = log.source().is_some();
        match last_event_id.map(|id| (id, log.after(id))) {
            None if replay == Replay::All && has_source => follower.leave_log(None),
            None => follower.position = log.start(replay),
            Some((_, Ok(position))) => follower.position = position,
            Some((id, Err(_))) if has_source => follower.leave_log(Some(id.into())),
            Some((_, Err(missing))) => {
                (follower.position, gap) = (log.first(), Some(missing));
            }
        }
        (follower, gap)
    }

    pub(crate) fn set_filter(&mut self, filter: Filter) {
        self.special.get_or_insert_default().filter = Some(filter);
    }

    fn filter(&self) -> Option<&Filter> {
        self.special.as_ref()?.filter.as_ref()
    }

    fn away(&self) -> Option<&Away> {
        self.special.as_ref()?.away.as_ref()
    }

    /// What comes next is not in the log.
    fn leave_log(&mut self, after: Option<EventId>) {
        let away = Away { after, entries: Vec::new(), page: None, exhausted_at: None };
        self.special.get_or_insert_default().away = Some(away);
    }

    /// The position in the log of what comes next, and of the same for all who stand there; `None` if it is
    /// read from the source, or filtered.
    pub(crate) fn position(&self) -> Option<u64> {
        let is_common = self.away().is_none() && self.filter().is_none();
        is_common.then_some(self.position)
    }

    pub(crate) fn seek(&mut self, position: u64) {
        self.position = position;
        if let Some(special) = &mut self.special {
            special.away = None;
        }
    }

    /// The ID of the newest event that this client has passed.
    pub(crate) fn cursor(&self) -> Option<EventId> {
        match self.away() {
            None => Some(self.log.cursor(self.position)),
            Some(away) => away.after.clone(),
        }
    }

    /// The next step, of about `max_bytes`. Without a context nobody is woken when there is one.
    pub(crate) fn poll(
        &mut self,
        mut cx: Option<&mut Context<'_>>,
        max_bytes: usize,
    ) -> Poll<Step> {
        loop {
            if let Some(away) = self.special.as_mut().and_then(|special| special.away.as_mut()) {
                return match away.poll(&self.log, &mut self.ticket, cx.as_deref_mut(), max_bytes) {
                    Poll::Pending => Poll::Pending,
                    Poll::Ready(Arrival::At(position)) => {
                        self.seek(position);
                        continue;
                    }
                    Poll::Ready(Arrival::Entries(entries)) => {
                        Poll::Ready(Step::Batch(self.join(0, &entries)))
                    }
                    Poll::Ready(Arrival::Gap(gap, cursor)) => Poll::Ready(Step::Gap(gap, cursor)),
                    Poll::Ready(Arrival::Failed(error)) => Poll::Ready(Step::Failed(error)),
                };
            }
            let position = self.position;
            // A filter is the application's code, and others wait while it runs.
            let is_filtered = self.filter().is_some();
            let max_bytes = if is_filtered { max_bytes / 4 } else { max_bytes };
            let read = match &cx {
                Some(cx) => {
                    self.log.read_or_wait(position, max_bytes, &mut self.ticket, cx.waker())
                }
                None => self.log.read(position, max_bytes),
            };
            match read {
                Read::Nothing => return Poll::Pending,
                Read::Closed => return Poll::Ready(Step::Closed),
                Read::Entries(mut entries) => {
                    if is_filtered {
                        entries.truncate(FILTERED);
                    }
                    let batch = self.join(position, &entries);
                    self.position = batch.end();
                    return Poll::Ready(Step::Batch(batch));
                }
                Read::Gap(gap, first) => {
                    let known = self.log.source().and_then(|_| self.log.own_cursor(position));
                    if known.is_none() {
                        self.position = first;
                        return Poll::Ready(Step::Gap(gap, self.log.cursor(first)));
                    }
                    self.leave_log(known);
                }
            }
        }
    }

    fn join(&mut self, position: u64, entries: &[Entry]) -> Batch {
        let filter = self.filter();
        let is_wanted = |entry: &Entry| filter.is_none_or(|wanted| wanted(entry));
        let batch = Batch::wanted(position, entries, self.framing, is_wanted);
        self.is_behind |= batch.events() < entries.len() as u64;
        batch
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

/// What comes of asking a source.
enum Arrival {
    /// What comes next is in the log, at this position.
    At(u64),
    Entries(Vec<Entry>),
    Gap(Gap, EventId),
    Failed(io::Error),
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
        let Some(cx) = cx else { return Poll::Pending };
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
                    Err(error) => Poll::Ready(Arrival::Failed(error)),
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
            return Poll::Ready(Arrival::Gap(gap, cursor));
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
        Arrival::Entries(entries)
    }
}
