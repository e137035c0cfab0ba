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
    place: Place,
    pub(crate) filter: Option<Filter>,
    ticket: Ticket,
    /// Whether the client's last event ID may stand for less than its place.
    pub(crate) is_behind: bool,
}

enum Place {
    /// At this position of the log.
    Log(u64),
    /// Somewhere before it.
    Source(Box<Away>),
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
        let source = log.source().is_some();
        let (place, gap) = match last_event_id {
            None if replay == Replay::All && source => (Place::away(None), None),
            None => (Place::Log(log.start(replay)), None),
            Some(id) => match log.after(id) {
                Ok(position) => (Place::Log(position), None),
                Err(_) if source => (Place::away(Some(id.into())), None),
                Err(gap) => (Place::Log(log.first()), Some(gap)),
            },
        };
        let (filter, ticket) = (None, Ticket::default());
        (Self { log: log.clone(), place, filter, ticket, is_behind: false }, gap)
    }

    /// The position in the log; `None` while what comes next is read from the source.
    pub(crate) fn position(&self) -> Option<u64> {
        match self.place {
            Place::Log(position) => Some(position),
            Place::Source(_) => None,
        }
    }

    pub(crate) fn seek(&mut self, position: u64) {
        self.place = Place::Log(position);
    }

    /// The ID of the newest event that this client has passed.
    pub(crate) fn cursor(&self) -> Option<EventId> {
        match &self.place {
            Place::Log(position) => Some(self.log.cursor(*position)),
            Place::Source(away) => away.after.clone(),
        }
    }

    /// The next step, of about `max_bytes`. Without a context nobody is woken when there is one.
    pub(crate) fn poll(
        &mut self,
        mut cx: Option<&mut Context<'_>>,
        max_bytes: usize,
        framing: Framing,
    ) -> Poll<Step> {
        loop {
            let position = match &mut self.place {
                Place::Log(position) => *position,
                Place::Source(away) => {
                    match away.poll(&self.log, &mut self.ticket, cx.as_deref_mut(), max_bytes) {
                        Poll::Pending => return Poll::Pending,
                        Poll::Ready(Arrival::At(position)) => {
                            self.place = Place::Log(position);
                            continue;
                        }
                        Poll::Ready(Arrival::Entries(entries)) => {
                            return Poll::Ready(Step::Batch(self.join(0, &entries, framing)));
                        }
                        Poll::Ready(Arrival::Gap(gap, cursor)) => {
                            return Poll::Ready(Step::Gap(gap, cursor));
                        }
                        Poll::Ready(Arrival::Failed(error)) => {
                            return Poll::Ready(Step::Failed(error));
                        }
                    }
                }
            };
            // A filter is the application's code, and others wait while it runs.
            let max_bytes = if self.filter.is_some() { max_bytes / 4 } else { max_bytes };
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
                    if self.filter.is_some() {
                        entries.truncate(FILTERED);
                    }
                    let batch = self.join(position, &entries, framing);
                    self.place = Place::Log(batch.end());
                    return Poll::Ready(Step::Batch(batch));
                }
                Read::Gap(gap, first) => {
                    let known = self.log.source().and_then(|_| self.log.own_cursor(position));
                    if known.is_none() {
                        self.place = Place::Log(first);
                        return Poll::Ready(Step::Gap(gap, self.log.cursor(first)));
                    }
                    self.place = Place::away(known);
                }
            }
        }
    }

    fn join(&mut self, position: u64, entries: &[Entry], framing: Framing) -> Batch {
        let filter = self.filter.as_ref();
        let is_wanted = |entry: &Entry| filter.is_none_or(|wanted| wanted(entry));
        let batch = Batch::wanted(position, entries, framing, is_wanted);
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

impl Place {
    fn away(after: Option<EventId>) -> Self {
        let away = Away { after, entries: Vec::new(), page: None, exhausted_at: None };
        Self::Source(Box::new(away))
    }
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
            return Poll::Ready(self.take(log));
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
                    Ok(page) => self.turn(page, log, end, cx),
                }
            }
        }
    }

    /// Goes on with what a source had, when the log ended at `end`.
    fn turn(&mut self, page: Page, log: &Log, end: u64, cx: &mut Context<'_>) -> Poll<Arrival> {
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
        Poll::Ready(self.take(log))
    }

    /// What has been read, up to the first event that the log holds too.
    fn take(&mut self, log: &Log) -> Arrival {
        let mut entries = std::mem::take(&mut self.entries);
        let held = |entry: &Entry| entry.id().is_some_and(|id| log.after(id).is_ok());
        if let Some(index) = entries.iter().position(held) {
            entries.truncate(index + 1);
        }
        self.after = entries.iter().rev().find_map(Entry::event_id).or(self.after.take());
        Arrival::Entries(entries)
    }
}
