//! The bounded log itself: entries, positions, resuming. Depends on `entry` and `era`; pure.
//!
//! A position is the number of the entry that comes next. Numbers begin at 1, so `<epoch>-0` is the ID of the
//! place before the first entry.

use std::collections::{HashMap, VecDeque};

use crate::era::Eras;
use crate::id::{Number, parse};
use crate::{Entry, EventId, Gap, History, Replay};

/// What keeping an entry costs besides its bytes: reference counts, its place in the queue, and what the
/// allocator rounds up. Measured.
const ENTRY_BYTES: usize = 96;
/// What finding an entry by an ID of the application's costs.
const OWN_ID_BYTES: usize = 144;

/// The newest entries of a log, bounded in number and in bytes.
#[derive(Debug)]
pub(crate) struct Ring {
    pub(crate) eras: Eras,
    /// Position of the oldest entry held, or of the next if none is.
    first: u64,
    /// How many entries in a row had no ID when the log began, the newest of them just before.
    quiet: u32,
    entries: VecDeque<Entry>,
    bytes: usize,
    pub(crate) history: History,
    /// The application's own IDs among the entries: the position of the newest with that ID.
    own: HashMap<EventId, u64>,
    /// The application's own ID of the newest event that has been dropped: who has seen that misses nothing. `None` if it
    /// had none, or stands for others too.
    pub(crate) before: Option<EventId>,
    /// Positions and IDs of entries that have been dropped, the newest last: for a source, that knows IDs
    /// only. `None` without one.
    trail: Option<VecDeque<(u64, EventId)>>,
    /// Nothing more will come.
    pub(crate) is_closed: bool,
}

impl Ring {
    pub(crate) fn new(epoch: u64, history: History) -> Self {
        Self::resumed(Eras::new(epoch), 1, 0, history)
    }

    /// A log that goes on with the entry at `first`, before which so many in a row had no ID.
    pub(crate) fn resumed(eras: Eras, first: u64, quiet: u32, history: History) -> Self {
        Self {
            eras,
            first,
            quiet,
            entries: VecDeque::new(),
            bytes: 0,
            history,
            own: HashMap::new(),
            before: None,
            trail: None,
            is_closed: false,
        }
    }

    /// A log whose dropped entries can be read elsewhere, and which begins after the one with ID `origin`.
    pub(crate) fn with_trail(mut self, origin: &str) -> Self {
        self.trail = Some(VecDeque::from([(0, origin.into())]));
        self.before = Some(origin.into());
        self
    }

    pub(crate) fn first(&self) -> u64 {
        self.first
    }

    /// The position after the newest entry.
    pub(crate) fn end(&self) -> u64 {
        self.first + self.entries.len() as u64
    }

    /// How many entries are held, and how many bytes they cost.
    pub(crate) fn held(&self) -> (usize, usize) {
        (self.entries.len(), self.bytes)
    }

    /// Whether who has everything before `position` has something to do.
    pub(crate) fn has_news(&self, position: u64) -> bool {
        self.is_closed || self.end() != position
    }

    /// The number that an event at the end will have.
    pub(crate) fn upcoming(&self) -> Number {
        self.eras.number(self.end())
    }

    pub(crate) fn numbered(&self, position: u64) -> EventId {
        self.eras.number(position).into()
    }

    /// Appends an entry and drops the oldest that no longer fit. The newest is always kept.
    pub(crate) fn push(&mut self, mut entry: Entry) {
        let position = self.end();
        let before = self.entries.back().map_or(self.quiet, |entry| entry.back);
        entry.back = if entry.has_id() { 0 } else { before.saturating_add(1) };
        if let Some(id) = entry.is_own_id.then(|| entry.event_id()).flatten() {
            entry.is_repeated |= self.before.as_ref() == Some(&id);
            entry.is_repeated |= self.own.insert(id, position).is_some();
        }
        self.bytes += cost(&entry);
        self.entries.push_back(entry);
        while self.entries.len() > 1
            && (self.entries.len() > self.history.events || self.bytes > self.history.bytes)
        {
            self.drop_oldest();
        }
    }

    fn drop_oldest(&mut self) {
        let Some(oldest) = self.entries.pop_front() else { return };
        self.bytes -= cost(&oldest);
        let is_known = oldest.is_own_id || self.trail.is_some();
        if oldest.has_id() {
            self.before = None;
        }
        if let Some(id) = is_known.then(|| oldest.event_id()).flatten() {
            if self.own.get(&id) == Some(&self.first) {
                self.own.remove(&id);
            }
            self.before = (!oldest.is_repeated && !oldest.is_gap).then(|| id.clone());
            if let Some(trail) = &mut self.trail {
                trail.push_back((self.first, id));
                if trail.len() > self.history.events.max(1) {
                    trail.pop_front();
                }
            }
        }
        self.first += 1;
        self.eras.forget(self.first);
    }

    /// What is pushed next has no number that anybody who goes on from here would give: see
    /// [`snapshot`](crate::snapshot).
    pub(crate) fn begin_era(&mut self, epoch: u64) {
        self.eras.begin(self.end(), epoch);
    }

    /// Tells all who pass this place that something may be missing, and begins an era.
    pub(crate) fn push_seam(&mut self, epoch: u64) {
        self.begin_era(epoch);
        let cursor = self.numbered(self.end());
        self.push(Entry::gap(Gap::Unsaved, Some(&cursor), &self.history.gap_event));
    }

    /// Whether one who passes from `position` to the end is told that something may be missing.
    pub(crate) fn has_seam(&self, position: u64) -> bool {
        let starts = self.eras.begun(self.end()).map(|era| era.start);
        starts.filter(|start| *start >= position).any(|it| self.get(it).is_some_and(|it| it.is_gap))
    }

    /// The entries from `position` on: at least one if there is one, then as many as stay within
    /// `max_bytes`.
    ///
    /// # Errors
    ///
    /// The gap, if `position` has been dropped already.
    pub(crate) fn read(&self, position: u64, max_bytes: usize) -> Result<Vec<Entry>, Gap> {
        let Some(skip) = position.checked_sub(self.first) else {
            return Err(Gap::Lagged { missed: Some(self.first - position) });
        };
        let skip = usize::try_from(skip).unwrap_or(usize::MAX).min(self.entries.len());
        let mut taken = 0;
        let fits = |entry: &&Entry| {
            let is_first = taken == 0;
            taken += entry.block().len();
            is_first || taken <= max_bytes
        };
        Ok(self.entries.range(skip..).take_while(fits).cloned().collect())
    }

    /// Where a client without a last event ID begins.
    pub(crate) fn start(&self, replay: Replay) -> u64 {
        match replay {
            Replay::Live => self.end(),
            Replay::Last(count) => self.end().saturating_sub(count).max(self.first),
            Replay::All => self.first,
        }
    }

    /// Where a client goes on that has seen the event with this ID.
    ///
    /// # Errors
    ///
    /// The gap, if what follows it is not held, or cannot be told.
    pub(crate) fn after(&self, id: &str) -> Result<u64, Gap> {
        if let Some(own) = self.own.get(id) {
            // Where a gap is told, the ID is that of an event before it: who has seen that has not been told.
            let may_be_before = |entry: &Entry| entry.is_repeated || entry.is_gap;
            let is_ambiguous = self.get(*own).is_some_and(may_be_before);
            return if is_ambiguous { Err(Gap::AmbiguousId) } else { Ok(own + 1) };
        }
        if self.before.as_deref() == Some(id) {
            return Ok(self.first);
        }
        let Number { epoch, position: sequence } = parse(id).ok_or(Gap::UnknownId)?;
        let (start, next_era) = self.eras.find(epoch).ok_or(Gap::OtherEpoch)?;
        if sequence < start {
            return Err(Gap::UnknownId);
        }
        let until = next_era.unwrap_or(self.end());
        let next = match sequence.checked_add(1).filter(|next| *next <= until) {
            Some(next) => next,
            // Given by a process that ended, for what is lost: that is told there.
            None if self.get(until).is_some_and(|entry| entry.is_gap) => until,
            None => return Err(Gap::BeyondEnd),
        };
        match self.first.saturating_sub(next) {
            0 => Ok(next),
            missed => Err(Gap::Evicted { missed: Some(missed) }),
        }
    }

    /// The ID of the newest event before `position`: what a client that has seen all before it should
    /// remember.
    pub(crate) fn cursor(&self, position: u64) -> EventId {
        self.own_cursor(position).unwrap_or_else(|| {
            let last = position.saturating_sub(1);
            let back = self.get(last).map_or(0, |entry| entry.back);
            // Unless what followed that event has been dropped in part: nothing of it is missing.
            let event = Some(last.saturating_sub(back.into())).filter(|it| it + 1 >= self.first);
            self.numbered(event.unwrap_or(last))
        })
    }

    /// The same, if an entry had it; otherwise this log's number stands for it.
    pub(crate) fn own_cursor(&self, position: u64) -> Option<EventId> {
        let last = position.saturating_sub(1);
        let back = self.get(last).map_or(0, |entry| entry.back);
        let held = self.get(last.saturating_sub(back.into())).and_then(Entry::event_id);
        held.or_else(|| {
            let trail = self.trail.as_ref()?;
            let index = trail.partition_point(|(dropped, _)| *dropped < position);
            trail.get(index.checked_sub(1)?).map(|(_, id)| id.clone())
        })
    }

    /// The entries from `from` until `until`, as far as they are held.
    pub(crate) fn held_between(
        &self,
        from: u64,
        until: u64,
    ) -> impl DoubleEndedIterator<Item = &Entry> {
        let index = |position: u64| {
            let index = usize::try_from(position.saturating_sub(self.first)).unwrap_or(usize::MAX);
            index.min(self.entries.len())
        };
        self.entries.range(index(from)..index(until.max(from)))
    }

    fn get(&self, position: u64) -> Option<&Entry> {
        let index = position.checked_sub(self.first)?;
        self.entries.get(usize::try_from(index).ok()?)
    }
}

fn cost(entry: &Entry) -> usize {
    let own = entry.id().filter(|_| entry.is_own_id).map_or(0, |id| OWN_ID_BYTES + id.len());
    entry.bytes(crate::Framing::Chunked).len() + ENTRY_BYTES + own
}

#[cfg(test)]
mod tests {
    use sse_proto::Frame;

    use super::*;

    /// A log of numbered events; each costs `EACH`.
    fn ring(events: usize, bytes: usize, published: u64) -> Ring {
        let mut ring = Ring::new(7, History { events, bytes, ..History::default() });
        for position in 1..=published {
            let id = ring.numbered(position);
            let frame = Frame::message("12345").with_id(&id).unwrap();
            ring.push(Entry::new(&frame));
        }
        ring
    }

    const EACH: usize = b"15\r\nid: 7-1\ndata: 12345\n\n\r\n".len() + ENTRY_BYTES;

    #[test]
    fn bounds_hold_and_the_newest_stays() {
        assert_eq!(ring(3, 10_000, 9).held(), (3, 3 * EACH));
        assert_eq!(ring(100, 2 * EACH + 20, 9).held(), (2, 2 * EACH));
        assert_eq!(ring(100, 1, 9).held(), (1, EACH));
        assert_eq!(ring(0, 0, 9).held(), (1, EACH));
    }

    #[test]
    fn resuming() {
        let log = ring(4, 10_000, 10); // holds 7, 8, 9, 10
        let evicted = |missed| Err(Gap::Evicted { missed: Some(missed) });
        for (id, expected) in [
            ("7-10", Ok(11)),
            ("7-9", Ok(10)),
            ("7-6", Ok(7)),
            ("7-5", evicted(1)),
            ("7-0", evicted(6)),
            ("7-11", Err(Gap::BeyondEnd)),
            ("7-18446744073709551615", Err(Gap::BeyondEnd)),
            ("7-18446744073709551616", Err(Gap::UnknownId)),
            ("6-9", Err(Gap::OtherEpoch)),
            ("8-0", Err(Gap::OtherEpoch)),
            ("", Err(Gap::UnknownId)),
            ("-", Err(Gap::UnknownId)),
            ("7-+9", Err(Gap::UnknownId)),
            ("7-9-9", Err(Gap::UnknownId)),
            ("\u{fffd}\u{0}", Err(Gap::UnknownId)),
        ] {
            assert_eq!(log.after(id), expected, "{id:?}");
        }
        assert_eq!(log.start(Replay::Live), 11);
        assert_eq!(log.start(Replay::All), 7);
        assert_eq!(log.start(Replay::Last(2)), 9);
        assert_eq!(log.start(Replay::Last(99)), 7);
    }

    /// A log of events with these IDs, comments where there is none.
    fn own(events: usize, ids: &[&str]) -> Ring {
        let mut ring = Ring::new(7, History { events, ..History::default() });
        push_own(&mut ring, ids);
        ring
    }

    fn push_own(ring: &mut Ring, ids: &[&str]) {
        for id in ids {
            let frame = Frame::message("").with_id(id).unwrap();
            let frame = if id.is_empty() { Frame::comment("") } else { frame };
            let mut entry = Entry::new(&frame);
            entry.is_own_id = !id.is_empty();
            ring.push(entry);
        }
    }

    #[test]
    fn own_ids_are_found_until_dropped() {
        let log = own(2, &["a", "b", "c", "d"]);
        assert_eq!((log.after("c"), log.after("d")), (Ok(4), Ok(5)));
        assert_eq!(log.after("b"), Ok(3), "just dropped: who has seen it misses nothing");
        assert_eq!(log.after("a"), Err(Gap::UnknownId));
        assert_eq!((log.cursor(5), log.cursor(4)), ("d".into(), "c".into()));
        assert_eq!(log.cursor(3), "7-2", "dropped, but its number stands for it");
        assert_eq!((log.after("7-2"), log.own.len()), (Ok(3), 2));
    }

    #[test]
    fn an_id_that_was_used_twice_says_nothing() {
        let log = own(9, &["a", "b", "a", "c"]);
        assert_eq!((log.after("a"), log.after("b")), (Err(Gap::AmbiguousId), Ok(3)));
        let log = own(2, &["a", "b", "a", "c"]);
        assert_eq!(log.after("a"), Err(Gap::AmbiguousId), "though the first is gone");
        let log = own(1, &["a", "b", "a", "c"]);
        assert!(log.after("a") == Err(Gap::UnknownId) && log.own.len() == 1);
        let log = own(1, &["a", "b", "b"]);
        assert_eq!(log.after("b"), Err(Gap::AmbiguousId), "the first has just been dropped");
    }

    #[test]
    fn the_id_of_a_gap_is_that_of_an_event_before_it() {
        let told = |log: &mut Ring, id| {
            let mut entry = Entry::gap(Gap::BeyondEnd, Some(id), "gap");
            entry.is_own_id = true;
            log.push(entry);
        };
        let mut log = own(2, &[]).with_trail("a");
        told(&mut log, "a");
        push_own(&mut log, &["b"]);
        assert_eq!(
            log.after("a"),
            Err(Gap::AmbiguousId),
            "who has only seen the event is to be told"
        );
        push_own(&mut log, &["c"]);
        assert_eq!(log.after("a"), Err(Gap::UnknownId), "dropped, and no more is known of it");
        push_own(&mut log, &["d"]);
        assert_eq!(log.after("b"), Ok(3));
    }

    #[test]
    fn comments_leave_the_cursor_where_it_was() {
        let log = own(9, &["", "a", "", "", "b", ""]);
        let cursors: Vec<_> = (1..=7).map(|position| log.cursor(position).to_string()).collect();
        assert_eq!(cursors, ["7-0", "7-0", "a", "a", "a", "b", "b"]);
        // Only comments are left, and some of them are gone: that is no gap.
        let log = own(2, &["a", "b", "", "", ""]);
        assert_eq!((log.cursor(6).as_str(), log.after("7-5")), ("7-5", Ok(6)));
    }

    #[test]
    fn a_log_with_a_source_knows_what_came_before() {
        let mut log = own(2, &[]).with_trail("0");
        assert_eq!((log.after("0"), log.cursor(1)), (Ok(1), "0".into()));
        push_own(&mut log, &["a", "b", "c", "d", "", "e"]); // holds "", "e"
        assert_eq!((log.after("d"), log.after("c")), (Ok(5), Err(Gap::UnknownId)));
        assert_eq!((log.own_cursor(5), log.own_cursor(4)), (Some("d".into()), Some("c".into())));
        assert_eq!(log.own_cursor(3), None, "the trail is bounded too");
    }

    #[test]
    fn reading() {
        let log = ring(4, 10_000, 10);
        assert_eq!(log.read(7, 1000).unwrap().len(), 4);
        assert_eq!(log.read(7, 46).unwrap().len(), 2);
        assert_eq!(log.read(7, 0).unwrap().len(), 1);
        assert_eq!(log.read(11, 1000).unwrap().len(), 0);
        assert_eq!(log.read(u64::MAX, 1000).unwrap().len(), 0);
        assert_eq!(log.read(5, 1000).unwrap_err(), Gap::Lagged { missed: Some(2) });
    }
}
