//! The past of a stream, page by page, for clients that are further back than this node's log. Depends on `fields`, `id`,
//! `link`, `options`, `pages`, `reply`, `stats` and `time`.

use std::io;
use std::sync::atomic::Ordering::Relaxed;
use std::sync::{Arc, PoisonError};
use std::time::Duration;

use async_lock::Mutex;
use redis::Pipeline;
use sse_channel::{Entry, EventId, Gap, Page, PageFuture, Source};

use crate::error::Error;
use crate::fields;
use crate::id::{StreamId, Tag};
use crate::link::Link;
use crate::options::{Notice, Tell};
use crate::pages::{Pages, within};
use crate::reply::{self, Info, Raw};
use crate::stats::Counters;
use crate::time::sleep;

/// Entries that are asked for at once, if they are small.
pub(crate) const COUNT: usize = 256;
/// What an answer should have at most.
const ANSWER_BYTES: usize = 1024 * 1024;
/// How often a page is asked for, and how long between, before whoever waits for it is cut.
const ATTEMPTS: u32 = 4;
const PAUSE: Duration = Duration::from_millis(250);

/// What all streams of a hub read with.
pub(crate) struct Shared {
    pub(crate) link: Link,
    pub(crate) pages: Pages,
    pub(crate) counters: Counters,
    pub(crate) max_event_bytes: usize,
    pub(crate) tell: Tell,
}

/// One stream.
pub(crate) struct Stream {
    pub(crate) key: Arc<str>,
    pub(crate) tag: Tag,
    pub(crate) shared: Arc<Shared>,
    /// One reader at a time: who waits finds the page that the one before has read.
    turn: Mutex<Size>,
    nothing: std::sync::Mutex<Nothing>,
}

/// That there is nothing in a stream, as long as nothing comes.
#[derive(Default)]
struct Nothing {
    /// How often something has come.
    comings: u64,
    /// What the stream was when nothing was found in it; since then nothing has come.
    found: Option<Info>,
}

/// How large entries are here.
#[derive(Default)]
struct Size {
    bytes: usize,
}

impl Stream {
    pub(crate) fn new(key: Arc<str>, shared: Arc<Shared>) -> Self {
        let (turn, nothing) = (Mutex::default(), std::sync::Mutex::default());
        Self { tag: Tag::of(&key), key, shared, turn, nothing }
    }

    /// Something comes, or is missing: to be said before the log has it, so that nobody who has seen the log with it is told
    /// that there is nothing.
    pub(crate) fn comes(&self) {
        let mut nothing = self.nothing.lock().unwrap_or_else(PoisonError::into_inner);
        *nothing = Nothing { comings: nothing.comings + 1, found: None };
    }

    /// How often something has come, and what the stream is if there is known to be nothing in it.
    fn nothing(&self) -> (u64, Option<Info>) {
        let nothing = self.nothing.lock().unwrap_or_else(PoisonError::into_inner);
        (nothing.comings, nothing.found)
    }

    /// There was nothing in the stream, asked after so much had come.
    pub(crate) fn found_nothing(&self, comings: u64, info: &Info) {
        let mut nothing = self.nothing.lock().unwrap_or_else(PoisonError::into_inner);
        if nothing.comings == comings {
            nothing.found = Some(*info);
        }
    }

    /// The entries that go out. What is no event only moves the cursor.
    pub(crate) fn decode(&self, raw: Vec<Raw>) -> Vec<(StreamId, Entry)> {
        let entry = |raw: Raw| {
            let entry = fields::entry(&raw, &self.tag, self.shared.max_event_bytes);
            let entry = entry.unwrap_or_else(|why| {
                self.shared.counters.skipped.fetch_add(1, Relaxed);
                let notice = Notice::Skipped(self.key.to_string(), raw.id.to_string(), why);
                (self.shared.tell)(&notice);
                fields::passing(&raw, &self.tag)
            });
            (raw.id, entry)
        };
        raw.into_iter().map(entry).collect()
    }

    fn event_id(&self, id: StreamId) -> EventId {
        self.tag.event_id(id).as_str().into()
    }

    async fn read(&self, after: Option<EventId>, max_bytes: usize) -> Result<Page, Error> {
        let after = match after.as_ref().map(|id| self.tag.read(id)) {
            None => return self.page_from_oldest(None, max_bytes).await,
            Some(Ok(StreamId::START)) => {
                let evicted =
                    |info: &Info| info.added.checked_sub(info.length).filter(|it| *it > 0);
                let gap = |info: &Info| Some(Gap::Evicted { missed: Some(evicted(info)?) });
                let mut size = self.turn.lock().await;
                return self.oldest(&mut size, max_bytes, gap).await;
            }
            Some(Ok(after)) => after,
            Some(Err(gap)) => return self.page_from_oldest(Some(gap), max_bytes).await,
        };
        if let Some(page) = self.kept(after, max_bytes) {
            return Ok(page);
        }
        let mut size = self.turn.lock().await;
        if let Some(page) = self.kept(after, max_bytes) {
            return Ok(page);
        }
        let (mut raw, info) = self.ask(&after.to_string(), size.count() + 1).await?;
        size.learn(&raw);
        let is_there = raw.first().is_some_and(|first| first.id == after);
        if is_there {
            raw.remove(0);
        }
        let entries = self.decode(raw);
        let gap = missing(after, is_there, &info);
        if is_there {
            self.shared.pages.put(&self.key, after, &entries);
        } else if matches!(gap, Some(Gap::Evicted { .. })) {
            self.keep_oldest(&info, &entries);
        }
        let page = Page::new(within(&entries, max_bytes));
        Ok(match gap {
            None => page,
            // What is there has been seen, in another state of the stream: it goes on from its end.
            Some(Gap::BeyondEnd) => {
                Page::new(Vec::new()).with_gap(Gap::BeyondEnd, self.event_id(info.last))
            }
            Some(gap) if page.entries.is_empty() => page.with_gap(gap, self.event_id(info.last)),
            Some(gap) => page.with_gap(gap, self.event_id(after)),
        })
    }

    /// What was read a moment ago for somebody at the same place, or as far back.
    fn kept(&self, after: StreamId, max_bytes: usize) -> Option<Page> {
        if let Some(entries) = self.shared.pages.get(&self.key, after, max_bytes) {
            return Some(Page::new(entries));
        }
        let floor = self.shared.pages.floor(&self.key).filter(|floor| after < *floor)?;
        let entries = self.shared.pages.get(&self.key, floor, max_bytes)?;
        let gap = Gap::Evicted { missed: None };
        Some(Page::new(entries).with_gap(gap, self.event_id(after)))
    }

    /// For who wants everything, and, with a gap, for who comes with an ID that is no place in this stream.
    async fn page_from_oldest(&self, gap: Option<Gap>, max_bytes: usize) -> Result<Page, Error> {
        let kept = || {
            let floor = self.shared.pages.floor(&self.key)?;
            let entries = self.shared.pages.get(&self.key, floor, max_bytes)?;
            let page = Page::new(entries);
            Some(match gap {
                Some(gap) => page.with_gap(gap, self.event_id(StreamId::START)),
                None => page,
            })
        };
        if let Some(page) = kept() {
            return Ok(page);
        }
        let mut size = self.turn.lock().await;
        match kept() {
            Some(page) => Ok(page),
            None => self.oldest(&mut size, max_bytes, |_| gap).await,
        }
    }

    /// Keeps what follows on all that is gone.
    fn keep_oldest(&self, info: &Info, entries: &[(StreamId, Entry)]) {
        if let Some(first) = info.first.filter(|_| !entries.is_empty()) {
            self.shared.pages.put_oldest(&self.key, first.before(), entries);
        }
    }

    /// From the oldest entry on.
    async fn oldest(
        &self,
        size: &mut Size,
        max_bytes: usize,
        gap: impl FnOnce(&Info) -> Option<Gap>,
    ) -> Result<Page, Error> {
        let (raw, info) = match self.nothing() {
            (_, Some(info)) => (Vec::new(), info),
            (comings, None) => {
                let (raw, info) = self.ask("-", size.count()).await?;
                if raw.is_empty() {
                    self.found_nothing(comings, &info);
                }
                (raw, info)
            }
        };
        size.learn(&raw);
        let entries = self.decode(raw);
        self.keep_oldest(&info, &entries);
        let page = Page::new(within(&entries, max_bytes));
        let cursor = if entries.is_empty() { info.last } else { StreamId::START };
        Ok(match gap(&info) {
            Some(gap) => page.with_gap(gap, self.event_id(cursor)),
            None => page,
        })
    }

    /// Entries from one on, and what the stream is at that moment.
    async fn ask(&self, from: &str, count: usize) -> Result<(Vec<Raw>, Info), Error> {
        let mut pipeline = transaction();
        pipeline.cmd("XRANGE").arg(&*self.key).arg(from).arg("+").arg("COUNT").arg(count);
        pipeline.cmd("XINFO").arg("STREAM").arg(&*self.key);
        let mut attempt = 1;
        loop {
            self.shared.counters.pages.fetch_add(1, Relaxed);
            let answer = self.shared.link.ask(&pipeline).await.and_then(pair);
            match answer {
                Err(error) if error.may_pass() && attempt < ATTEMPTS => {
                    attempt += 1;
                    sleep(PAUSE).await;
                }
                answer => return answer,
            }
        }
    }
}

impl Source for Stream {
    fn page(self: Arc<Self>, after: Option<EventId>, max_bytes: usize) -> PageFuture {
        Box::pin(async move { self.read(after, max_bytes).await.map_err(io::Error::other) })
    }
}

impl Size {
    fn count(&self) -> usize {
        (ANSWER_BYTES / self.bytes.max(1)).clamp(1, COUNT)
    }

    fn learn(&mut self, raw: &[Raw]) {
        self.bytes = raw.iter().map(Raw::bytes).max().unwrap_or(self.bytes);
    }
}

/// What is missing for who has seen the entry `after`, and all before.
fn missing(after: StreamId, is_there: bool, info: &Info) -> Option<Gap> {
    if is_there || after == info.last {
        None
    } else if after > info.last {
        Some(Gap::BeyondEnd)
    } else if info.first.is_none_or(|first| after < first) {
        Some(Gap::Evicted { missed: None })
    } else {
        // Deleted, or never there.
        Some(Gap::UnknownId)
    }
}

/// Commands that see the same moment, whose answers are looked at one by one.
pub(crate) fn transaction() -> Pipeline {
    let mut pipeline = redis::pipe();
    pipeline.atomic().ignore_errors();
    pipeline
}

/// The answers to a range and to `XINFO STREAM`.
pub(crate) fn pair(answers: Vec<redis::Value>) -> Result<(Vec<Raw>, Info), Error> {
    let mut answers = answers.into_iter();
    let raw = reply::entries(answers.next().unwrap_or_default())?;
    Ok((raw, reply::info(answers.next().unwrap_or_default())?))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_missing_is_named() {
        let id = |seq: u64| StreamId::parse(&format!("5-{seq}")).expect("an ID");
        let info = Info { length: 3, last: id(9), added: 9, first: Some(id(4)) };
        assert_eq!(missing(id(6), true, &info), None);
        assert_eq!(missing(id(9), false, &info), None, "the newest, deleted: nothing follows");
        assert_eq!(missing(id(10), false, &info), Some(Gap::BeyondEnd));
        assert_eq!(missing(id(3), false, &info), Some(Gap::Evicted { missed: None }));
        assert_eq!(missing(id(6), false, &info), Some(Gap::UnknownId));
        let emptied = Info { length: 0, first: None, ..info };
        assert_eq!(missing(id(8), false, &emptied), Some(Gap::Evicted { missed: None }));
        assert_eq!(missing(id(8), false, &Info::default()), Some(Gap::BeyondEnd));
    }
}
