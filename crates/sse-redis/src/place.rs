//! How far this node has read a stream, and what is missing there. Depends on `id`, `registry`, `reply` and `source`.

use std::sync::Arc;
use std::sync::atomic::Ordering::Relaxed;

use sse_channel::{Feed, Gap, History};

use crate::id::StreamId;
use crate::registry::Open;
use crate::reply::{Info, Raw};
use crate::source::{COUNT, Stream};

/// Entries that are asked for at first: they may be large.
const FIRST_COUNT: usize = 16;
/// What an answer should have at most, for each stream.
const ANSWER_BYTES: usize = 256 * 1024;

pub(crate) struct Place {
    pub(crate) open: Arc<Open>,
    stream: Arc<Stream>,
    /// The newest entry that was read.
    pub(crate) read: StreamId,
    /// Entries that had been added by then.
    added: u64,
    /// Entries to ask for.
    pub(crate) count: usize,
}

impl Place {
    /// A log that begins with the newest entries; `newest` has one more than it is to hold, if there are that many.
    pub(crate) fn new(
        stream: Arc<Stream>,
        history: History,
        mut newest: Vec<Raw>,
        prefill: usize,
        info: &Info,
    ) -> Self {
        // Where the log begins has to be the ID of an entry, and none may be missing behind it.
        let is_whole = newest.len() <= prefill && info.added == info.length;
        let origin = match newest.first() {
            _ if is_whole => StreamId::START,
            Some(_) => newest.remove(0).id,
            None => info.last,
        };
        let read = newest.last().map_or(info.last, |last| last.id.max(info.last));
        let feed = Feed::new(history, &stream.tag.event_id(origin), stream.clone());
        if info.length == 0 {
            stream.found_nothing(0, info);
        }
        for (_, entry) in stream.decode(newest) {
            feed.push(entry);
        }
        let open = Arc::new(Open::new(stream.key.clone(), feed));
        Self { open, stream, read, added: info.added, count: FIRST_COUNT }
    }

    /// Gives what was read to the log, after what is missing before it. Whether there may be more.
    pub(crate) fn take(&mut self, raw: Vec<Raw>, info: &Info) -> Option<Gap> {
        if info.last < self.read {
            // Redis is in an older state than this node has seen, or empty.
            (self.read, self.added) = (info.last, info.added);
            self.stream.shared.pages.forget(&self.stream.key);
            return self.tell(Gap::BeyondEnd);
        }
        let got = raw.len() as u64;
        if got > 0 {
            self.stream.comes();
        }
        let gap = self.lost(got, raw.len() < self.count, info);
        if raw.is_empty() {
            // Whatever was added until there is gone, or has been read.
            self.read = info.last;
        }
        let told = gap.and_then(|gap| self.tell(gap));
        self.count = raw
            .iter()
            .map(Raw::bytes)
            .max()
            .map_or(self.count, |largest| (ANSWER_BYTES / largest.max(1)).clamp(1, COUNT));
        self.read = raw.last().map_or(self.read, |last| last.id);
        self.stream.shared.counters.received.fetch_add(got, Relaxed);
        for (_, entry) in self.stream.decode(raw) {
            self.open.feed.push(entry);
        }
        told
    }

    /// What was added since, and is neither among what `got` came nor still to come.
    fn lost(&mut self, got: u64, is_whole: bool, info: &Info) -> Option<Gap> {
        let lost = if is_whole {
            // The stream now ends where this answer ends.
            info.added.checked_sub(self.added + got)
        } else {
            // What was removed was the oldest, and has been seen, up to the number of what has been.
            Some(info.added.saturating_sub(info.length).saturating_sub(self.added))
        };
        self.added = if is_whole { info.added } else { self.added + got + lost.unwrap_or(0) };
        match lost {
            Some(0) => None,
            Some(missed) => Some(Gap::Evicted { missed: Some(missed) }),
            // Fewer were added than have been seen: it is another stream under the same key.
            None => Some(Gap::Evicted { missed: None }),
        }
    }

    fn tell(&self, gap: Gap) -> Option<Gap> {
        self.stream.shared.counters.gaps.fetch_add(1, Relaxed);
        let cursor = self.stream.tag.event_id(self.read);
        self.stream.comes();
        self.open.feed.tell_gap(gap, &cursor.as_str().into());
        Some(gap)
    }
}
