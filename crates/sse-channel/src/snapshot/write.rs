//! Writing a snapshot: the handles are taken under the lock, a few at a time, and written outside it. Depends on
//! `channel`, `ring` and `format`.

use std::io::{self, BufWriter, Write};

use super::crc::Crc32;
use super::format::{
    GAP, HEAD, ITEM, LAST, LIVE, MAGIC, OWN_ID, PAST, REPEATED, Tag, VERSION, end, front,
};
use crate::era::Era;
use crate::id::random_epoch;
use crate::{Channel, Entry, EventId};

/// Entries whose handles are taken at once: a publisher waits for less than a tenth of a millisecond.
const AT_ONCE: u64 = 512;
/// Bytes that are written at once.
const BUFFER: usize = 64 * 1024;

impl Channel {
    /// Writes the log as it is now: events, IDs and epoch; not the limits. Publishers and subscribers go on meanwhile.
    ///
    /// Of a [closed](Self::close) channel it is the last: who [restores](Self::restore) it goes on where this ends. Of
    /// one that is open it is one that something may have followed; then whoever passes that place is told of a
    /// gap. See the [module](crate::snapshot) for why, and for the format.
    ///
    /// ```
    /// use sse_channel::{Channel, Frame, History};
    ///
    /// let channel = Channel::default();
    /// let id = channel.publish(&Frame::message("hello"));
    /// channel.close();
    /// let mut bytes = Vec::new();
    /// channel.snapshot(&mut bytes)?;
    /// let again = Channel::restore(History::default(), &bytes[..])?;
    /// assert_eq!(again.last_event_id(), id);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    ///
    /// # Errors
    ///
    /// Of writing. What has been written then is no snapshot: [`save`](Self::save) leaves the one that was there.
    pub fn snapshot(&self, out: impl Write) -> io::Result<()> {
        Snapshot::take(self).write(out)
    }
}

/// What a log was at a moment.
struct Snapshot {
    first: u64,
    /// The ID before that which the log knows.
    before: Option<EventId>,
    eras: Vec<Era>,
    is_last: bool,
    /// The newest first.
    entries: Vec<Entry>,
}

impl Snapshot {
    /// Takes the newest entries first: if some of the oldest are dropped meanwhile, what is left is still whole.
    fn take(channel: &Channel) -> Self {
        let epoch = random_epoch();
        let (first, mut before, end, eras, is_last) = channel.log().with_ring(|ring| {
            let eras = ring.eras.begun(ring.end()).collect();
            if ring.is_closed {
                // Whoever restores this gives the numbers that come next.
                ring.begin_era(epoch);
            }
            (ring.first(), ring.before.clone(), ring.end(), eras, ring.is_closed)
        });
        let mut entries = Vec::with_capacity(usize::try_from(end - first).unwrap_or_default());
        let (mut until, mut held_from) = (end, first);
        while until > first {
            let from = until.saturating_sub(AT_ONCE).max(first);
            channel.log().with_ring(|ring| {
                entries.extend(ring.held_between(from, until).rev().cloned());
                (held_from, before) = (ring.first(), ring.before.clone());
            });
            until = from;
        }
        let first = end - entries.len() as u64;
        Self { first, before: before.filter(|_| first == held_from), eras, is_last, entries }
    }

    fn write(self, out: impl Write) -> io::Result<()> {
        let mut writer = Writer { out: BufWriter::with_capacity(BUFFER, out), crc: Crc32::new() };
        writer.summed(&MAGIC)?;
        writer.summed(&VERSION.to_le_bytes())?;
        writer.record(HEAD, &self.head(), &[])?;
        if let Some(id) = &self.before {
            writer.record(PAST, id.as_bytes(), &[])?;
        }
        for entry in self.entries.iter().rev() {
            let flags =
                [(entry.is_own_id, OWN_ID), (entry.is_repeated, REPEATED), (entry.is_gap, GAP)];
            let flags =
                flags.iter().filter(|(is_set, _)| *is_set).fold(0, |all, (_, bit)| all | bit);
            writer.record(ITEM, &[flags], entry.block())?;
        }
        let tag = if self.is_last { LAST } else { LIVE };
        writer.out.write_all(&end(tag, self.entries.len() as u64, writer.crc))?;
        writer.out.flush()
    }

    fn head(&self) -> Vec<u8> {
        // What the log finds by going back from the first entry.
        let quiet = self.entries.last().map_or(0, |first| first.back.saturating_sub(1));
        let mut head = Vec::with_capacity(12 + 16 * self.eras.len());
        head.extend(self.first.to_le_bytes());
        head.extend(quiet.to_le_bytes());
        for Era { start, epoch } in &self.eras {
            head.extend(start.to_le_bytes());
            head.extend(epoch.to_le_bytes());
        }
        head
    }
}

struct Writer<W: Write> {
    out: BufWriter<W>,
    crc: Crc32,
}

impl<W: Write> Writer<W> {
    fn summed(&mut self, bytes: &[u8]) -> io::Result<()> {
        self.crc.update(bytes);
        self.out.write_all(bytes)
    }

    fn record(&mut self, tag: Tag, start: &[u8], rest: &[u8]) -> io::Result<()> {
        self.summed(&front(tag, (start.len() + rest.len()) as u64))?;
        self.summed(start)?;
        self.summed(rest)?;
        self.out.write_all(&self.crc.sum().to_le_bytes())
    }
}
