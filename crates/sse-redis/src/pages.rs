//! What was read from the past of streams, kept for a moment: many clients come back at the same time. Depends on `id`
//! and `time`.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use sse_channel::Entry;

use crate::id::StreamId;
use crate::time::now;

/// How long a page is of use. What was deleted from the stream in between may still be delivered.
const LIFE: Duration = Duration::from_secs(5);

/// Pages of all streams of a hub.
pub(crate) struct Pages {
    max_bytes: usize,
    kept: Mutex<Kept>,
}

#[derive(Default)]
struct Kept {
    runs: VecDeque<Run>,
    bytes: usize,
}

/// Consecutive entries of a stream.
struct Run {
    key: Arc<str>,
    read_at: Instant,
    /// The entries follow on this one.
    after: StreamId,
    /// Whether nothing was before them in the stream.
    is_oldest: bool,
    entries: Vec<(StreamId, Entry)>,
    bytes: usize,
}

impl Pages {
    pub(crate) fn new(max_bytes: usize) -> Self {
        Self { max_bytes, kept: Mutex::default() }
    }

    /// The entries that follow on `after`, of about `max_bytes`, if they were read a moment ago.
    pub(crate) fn get(&self, key: &str, after: StreamId, max_bytes: usize) -> Option<Vec<Entry>> {
        let mut kept = self.kept.lock().unwrap_or_else(PoisonError::into_inner);
        kept.shrink(self.max_bytes);
        let mut runs = kept.runs.iter().rev().filter(|run| &*run.key == key);
        runs.find_map(|run| Some(within(run.following(after)?, max_bytes)))
    }

    /// Where a stream began a moment ago: whatever is before has been dropped.
    pub(crate) fn floor(&self, key: &str) -> Option<StreamId> {
        let mut kept = self.kept.lock().unwrap_or_else(PoisonError::into_inner);
        kept.shrink(self.max_bytes);
        let mut runs = kept.runs.iter().rev();
        runs.find(|run| run.is_oldest && &*run.key == key).map(|run| run.after)
    }

    /// Keeps the entries that follow on one that is there.
    pub(crate) fn put(&self, key: &Arc<str>, after: StreamId, entries: &[(StreamId, Entry)]) {
        self.keep(key, after, entries, false);
    }

    /// Keeps the oldest entries of a stream.
    pub(crate) fn put_oldest(
        &self,
        key: &Arc<str>,
        before: StreamId,
        oldest: &[(StreamId, Entry)],
    ) {
        self.keep(key, before, oldest, true);
    }

    fn keep(
        &self,
        key: &Arc<str>,
        after: StreamId,
        entries: &[(StreamId, Entry)],
        is_oldest: bool,
    ) {
        let bytes = entries.iter().map(|(_, entry)| entry.block().len() + 100).sum();
        let entries = entries.to_vec();
        let run = Run { key: key.clone(), read_at: now(), after, is_oldest, entries, bytes };
        let mut kept = self.kept.lock().unwrap_or_else(PoisonError::into_inner);
        kept.bytes += bytes;
        kept.runs.push_back(run);
        kept.shrink(self.max_bytes);
    }

    /// What is kept of a stream is no longer what it holds.
    pub(crate) fn forget(&self, key: &str) {
        let mut kept = self.kept.lock().unwrap_or_else(PoisonError::into_inner);
        kept.runs.retain(|run| &*run.key != key);
        kept.bytes = kept.runs.iter().map(|run| run.bytes).sum();
    }
}

impl Kept {
    fn shrink(&mut self, max_bytes: usize) {
        let is_old = |run: &Run| now().duration_since(run.read_at) > LIFE;
        while self.bytes > max_bytes || self.runs.front().is_some_and(is_old) {
            let Some(run) = self.runs.pop_front() else { return };
            self.bytes -= run.bytes;
        }
    }
}

impl Run {
    /// What follows on an entry of this run, if that is not its last.
    fn following(&self, after: StreamId) -> Option<&[(StreamId, Entry)]> {
        let rest = if after == self.after {
            self.entries.as_slice()
        } else {
            let at = self.entries.binary_search_by_key(&after, |(id, _)| *id).ok()?;
            self.entries.get(at + 1..)?
        };
        Some(rest).filter(|rest| !rest.is_empty())
    }
}

/// The first of the entries: one, and as many more as stay within about `max_bytes`.
pub(crate) fn within(entries: &[(StreamId, Entry)], max_bytes: usize) -> Vec<Entry> {
    let mut bytes = 0;
    let fits = |(index, (_, entry)): &(usize, &(StreamId, Entry))| {
        bytes += entry.block().len();
        *index == 0 || bytes <= max_bytes
    };
    entries.iter().enumerate().take_while(fits).map(|(_, (_, entry))| entry.clone()).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use sse_channel::Frame;

    fn id(seq: u64) -> StreamId {
        StreamId::parse(&format!("1-{seq}")).expect("an ID")
    }

    #[test]
    fn a_page_serves_everybody_who_stands_in_it() {
        let pages = Pages::new(10_000);
        let key: Arc<str> = "k".into();
        let entries: Vec<_> = (2..6).map(|n| (id(n), Entry::new(&Frame::message("x")))).collect();
        pages.put(&key, id(1), &entries);
        let count = |seq, max| pages.get("k", id(seq), max).map(|it| it.len());
        assert_eq!([count(1, 999), count(2, 999), count(4, 999)], [Some(4), Some(3), Some(1)]);
        assert_eq!([count(5, 999), count(0, 999)], [None, None], "not known what follows");
        assert_eq!([count(1, 0), count(1, 20)], [Some(1), Some(2)]);
        assert!(pages.get("other", id(1), 999).is_none());
        pages.forget("k");
        assert_eq!(count(1, 999), None);
    }

    #[test]
    fn pages_are_bounded() {
        let pages = Pages::new(1000);
        for n in 0..100 {
            let key: Arc<str> = format!("k{n}").into();
            pages.put(&key, id(1), &[(id(2), Entry::new(&Frame::message(&"x".repeat(200))))]);
        }
        let kept = pages.kept.lock().expect("nobody panics");
        assert!(kept.bytes <= 1000 && kept.runs.len() == 3, "{}", kept.runs.len());
    }
}
