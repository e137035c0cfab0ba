//! A place that a log no longer holds, and the way back from there through its source. Depends on `log` and `source`.

use std::io;
use std::task::{Context, Poll, Waker};

use crate::log::{Log, Read};
use crate::source::{Page, PageFuture};
use crate::waiters::Ticket;
use crate::{Entry, EventId, Gap};

/// A place that the log no longer holds.
pub(crate) struct Away {
    /// The ID of the newest event seen; `None` before the first.
    pub(crate) after: Option<EventId>,
    /// Read, and not yet taken.
    entries: Vec<Entry>,
    /// What is asked for, and where the log ended then: the answer may know nothing of what has come since.
    page: Option<(PageFuture, u64)>,
    /// The source had nothing when the log ended here.
    exhausted_at: Option<u64>,
}

/// What comes next there.
pub(crate) enum Found {
    /// It is in the log, at this position.
    At(u64),
    Entries(Vec<Entry>),
    Gap(Gap, Box<EventId>),
    Failed(io::Error),
}

impl Away {
    pub(crate) fn new(after: Option<EventId>) -> Self {
        Self { after, entries: Vec::new(), page: None, exhausted_at: None }
    }

    /// Without a context nobody is woken when there is something.
    pub(crate) fn poll(
        &mut self,
        log: &Log,
        ticket: &mut Ticket,
        cx: Option<&mut Context<'_>>,
        max_bytes: usize,
    ) -> Poll<Found> {
        if !self.entries.is_empty() {
            return Poll::Ready(self.take());
        }
        // Since the last look the log may have come to hold it.
        if let Some(position) = self.after.as_ref().and_then(|id| log.after(id).ok()) {
            return Poll::Ready(Found::At(position));
        }
        // Who polls with a waker later is woken all the same: a future keeps the last one.
        let mut unattended = Context::from_waker(Waker::noop());
        let cx = cx.unwrap_or(&mut unattended);
        let end = log.end();
        if self.exhausted_at == Some(end) {
            return match log.read_or_wait(end, 0, ticket, cx.waker()) {
                Read::Nothing => Poll::Pending,
                Read::Closed => Poll::Ready(Found::At(end)),
                // It has grown this moment.
                Read::Entries(_) | Read::Gap(..) => {
                    cx.waker().wake_by_ref();
                    Poll::Pending
                }
            };
        }
        let (page, asked_at) = match (&mut self.page, log.source()) {
            (Some(asked), _) => asked,
            (page, Some(source)) => {
                page.insert((source.clone().page(self.after.clone(), max_bytes), end))
            }
            (None, None) => return Poll::Ready(Found::At(end)),
        };
        let asked_at = *asked_at;
        let Poll::Ready(read) = page.as_mut().poll(cx) else { return Poll::Pending };
        self.page = None;
        match read {
            Err(error) => Poll::Ready(Found::Failed(error)),
            Ok(page) => self.turn(page, log, asked_at, cx),
        }
    }

    /// Goes on with what a source had that was asked when the log ended at `end`.
    fn turn(&mut self, page: Page, log: &Log, end: u64, cx: &mut Context<'_>) -> Poll<Found> {
        let Page { gap, entries } = page;
        self.entries = entries;
        if let Some((gap, cursor)) = gap {
            self.after = Some(cursor.clone());
            return Poll::Ready(Found::Gap(gap, cursor.into()));
        }
        if !self.entries.is_empty() {
            return Poll::Ready(self.take());
        }
        // Nothing is anywhere: what the log gets next follows on it. Or nothing is missing behind the last that the log
        // has, which may have been told there more than once.
        if self.after.is_none() || log.own_cursor(end) == self.after {
            return Poll::Ready(Found::At(end));
        }
        self.exhausted_at = Some(end);
        cx.waker().wake_by_ref();
        Poll::Pending
    }

    /// What has been read, as far as there is no gap in it. If its last event is in the log too, the next step goes on from
    /// there.
    fn take(&mut self) -> Found {
        let rest = self.entries.split_off(before_gap(&self.entries));
        let entries = std::mem::replace(&mut self.entries, rest);
        self.after = entries.iter().rev().find_map(Entry::event_id).or(self.after.take());
        Found::Entries(entries)
    }
}

/// How many of the entries come before the first that tells of a gap; one, if that is such.
pub(crate) fn before_gap(entries: &[Entry]) -> usize {
    entries.iter().position(|entry| entry.is_gap).map_or(entries.len(), |index| index.max(1))
}
