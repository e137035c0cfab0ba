//! Reading a snapshot: whatever the bytes, an error or a log, and no more memory than they are. Depends on `channel`,
//! `ring`, `error` and `format`.

use std::io::{self, BufReader, Read};

use super::crc::Crc32;
use super::error::{Damage, RestoreError};
use super::format::{
    END_BYTES, FIRST_VERSION, FRONT_BYTES, GAP, HEAD, ITEM, LAST, LIVE, MAGIC, OWN_ID, PAST,
    REPEATED, TOO_FAR, Tag, VERSION, end,
};
use crate::era::{Era, Eras};
use crate::id::random_epoch;
use crate::log::Log;
use crate::ring::Ring;
use crate::{Channel, Entry, EventId, Frame, History};

const OWN_ID_REPEATED: u8 = OWN_ID | REPEATED;
/// Bytes that are read, and room that is made, at once.
const AT_ONCE: usize = 64 * 1024;

impl Channel {
    /// The channel of a [snapshot](Self::snapshot), with the limits of this one: what does not fit in them is dropped.
    ///
    /// After a last snapshot it goes on in the same epoch and numbering: clients that come back miss nothing and see
    /// nothing twice. **Such a snapshot must be restored once only**, or two logs give the same IDs to different events;
    /// [`load`](Self::load) sees to that. After any other it tells of a [gap](crate::Gap::Unsaved).
    ///
    /// # Errors
    ///
    /// It cannot be read whole; the error has the entries before the damage.
    pub fn restore(history: History, input: impl Read) -> Result<Self, RestoreError> {
        restore(history, input).map(|restored| restored.channel)
    }
}

pub(crate) struct Restored {
    pub(crate) channel: Channel,
    /// If it was the last snapshot: what is to stand at its end once it has been taken.
    pub(crate) taken: Option<[u8; END_BYTES]>,
}

/// Restores a channel; what it begins with says how its file is to end from now on.
pub(crate) fn restore(history: History, input: impl Read) -> Result<Restored, RestoreError> {
    let input = BufReader::with_capacity(AT_ONCE, input);
    let mut reader =
        Reader { input, crc: Crc32::new(), at: 0, version: VERSION, payload: Vec::new() };
    let mut ring = match reader.head(history) {
        Ok(ring) => ring,
        Err(damage) => {
            return Err(RestoreError { damage, at: reader.at, entries: 0, recovered: None });
        }
    };
    let first = ring.end();
    let read = reader.items(&mut ring);
    if !matches!(read, Ok(Some(_))) {
        ring.push_seam(random_epoch());
    }
    // The entry that tells of the gap does not count.
    let entries = ring.end() - first - u64::from(!matches!(read, Ok(Some(_))));
    let channel = Channel::of(Log::of(ring));
    match read {
        Ok(taken) => Ok(Restored { channel, taken }),
        Err(damage) => {
            Err(RestoreError { damage, at: reader.at, entries, recovered: Some(channel) })
        }
    }
}

struct Reader<R> {
    input: BufReader<R>,
    crc: Crc32,
    /// Where what is read next begins.
    at: u64,
    version: u32,
    /// Of the record that was read last.
    payload: Vec<u8>,
}

impl<R: Read> Reader<R> {
    fn head(&mut self, history: History) -> Result<Ring, Damage> {
        if self.array()? != MAGIC {
            return Err(Damage::Foreign);
        }
        match u32::from_le_bytes(self.array()?) {
            version @ FIRST_VERSION..=VERSION => self.version = version,
            version => return Err(Damage::Version(version)),
        }
        if self.record()? != HEAD {
            return Err(Damage::Corrupt("it does not begin with a head"));
        }
        let wrong = Damage::Corrupt("its numbers cannot be those of a log");
        let Some((first, rest)) = self.payload.split_first_chunk() else { return Err(wrong) };
        let Some((quiet, rest)) = rest.split_first_chunk() else { return Err(wrong) };
        let (first, quiet) = (u64::from_le_bytes(*first), u32::from_le_bytes(*quiet));
        let numbers = rest.chunks(8).map(|it| it.try_into().map(u64::from_le_bytes));
        let Ok(numbers) = numbers.collect::<Result<Vec<_>, _>>() else { return Err(wrong) };
        let era = |pair: &[u64]| Some(Era { start: *pair.first()?, epoch: *pair.get(1)? });
        let eras = numbers.chunks(2).map(era).collect::<Option<_>>();
        match eras.and_then(|eras| Eras::of(eras, first)) {
            Some(eras) if first < TOO_FAR && u64::from(quiet) < first => {
                Ok(Ring::resumed(eras, first, quiet, history))
            }
            _ => Err(wrong),
        }
    }

    /// Reads items until the end; if it is that of a last snapshot, what is to stand there when it is taken.
    fn items(&mut self, ring: &mut Ring) -> Result<Option<[u8; END_BYTES]>, Damage> {
        let mut items: u64 = 0;
        loop {
            let crc = self.crc;
            let tag = self.record()?;
            if tag == ITEM {
                let entry =
                    self.item(ring).ok_or(Damage::Corrupt("an entry cannot be of this log"))?;
                ring.push(entry);
                items += 1;
                continue;
            }
            let is_first = items == 0 && ring.before.is_none();
            if tag == PAST && self.version > FIRST_VERSION && is_first {
                ring.before = self.past(ring);
                if ring.before.is_none() {
                    return Err(Damage::Corrupt("what was before it cannot be of a log"));
                }
                continue;
            }
            if tag != LAST && tag != LIVE {
                return Err(Damage::Corrupt("it has a record that nobody knows"));
            }
            if self.payload != items.to_le_bytes() {
                return Err(Damage::Corrupt("it has more or fewer entries than it says"));
            }
            if ring.eras.begun(u64::MAX).any(|era| era.start >= ring.end()) {
                return Err(Damage::Corrupt("its epochs begin after its end"));
            }
            if self.input.read(&mut [0]).map_err(Damage::Io)? > 0 {
                return Err(Damage::Corrupt("it goes on after its end"));
            }
            return Ok((tag == LAST).then(|| end(LIVE, items, crc)));
        }
    }

    /// The ID that has been read, if an event before the first entry can have had it.
    fn past(&self, ring: &Ring) -> Option<EventId> {
        let id = std::str::from_utf8(&self.payload).ok()?;
        let is_right = ring.first() > 1 && !id.is_empty() && Frame::cursor(id).is_ok();
        is_right.then(|| id.into())
    }

    /// The entry that has been read, if this log could have had it.
    fn item(&self, ring: &Ring) -> Option<Entry> {
        let (flags, block) = self.payload.split_first()?;
        let mut entry = Entry::of_block(block)?;
        entry.is_own_id = flags & OWN_ID != 0;
        entry.is_repeated = flags & REPEATED != 0;
        entry.is_gap = flags & GAP != 0;
        let number = ring.numbered(ring.end());
        let is_right = match (*flags, entry.id()) {
            (OWN_ID | OWN_ID_REPEATED, Some(_)) | (0, None) => true,
            (0 | GAP, Some(id)) => number == *id,
            _ => false,
        };
        is_right.then_some(entry)
    }

    /// Reads a record into the payload, and checks its sum.
    fn record(&mut self) -> Result<Tag, Damage> {
        let front: [u8; FRONT_BYTES] = self.array()?;
        let (tag, length) = front.split_first_chunk().ok_or(Damage::Truncated)?;
        let mut left = length.try_into().map_or(0, u64::from_le_bytes);
        self.payload.clear();
        while left > 0 {
            // Whatever it says: room is made for what has come.
            let more = usize::try_from(left).unwrap_or(AT_ONCE).min(AT_ONCE);
            let from = self.payload.len();
            self.payload.resize(from + more, 0);
            let place = self.payload.get_mut(from..).unwrap_or_default();
            fill(&mut self.input, &mut self.at, place)?;
            left -= more as u64;
        }
        self.crc.update(&self.payload);
        let sum = self.crc.sum();
        let mut read = [0; 4];
        fill(&mut self.input, &mut self.at, &mut read)?;
        if u32::from_le_bytes(read) != sum {
            return Err(Damage::Corrupt("a checksum is wrong"));
        }
        Ok(*tag)
    }

    /// Reads bytes that are summed up.
    fn array<const N: usize>(&mut self) -> Result<[u8; N], Damage> {
        let mut bytes = [0; N];
        fill(&mut self.input, &mut self.at, &mut bytes)?;
        self.crc.update(&bytes);
        Ok(bytes)
    }
}

fn fill(input: &mut impl Read, at: &mut u64, bytes: &mut [u8]) -> Result<(), Damage> {
    input.read_exact(bytes).map_err(|error| match error.kind() {
        io::ErrorKind::UnexpectedEof => Damage::Truncated,
        _ => Damage::Io(error),
    })?;
    *at += bytes.len() as u64;
    Ok(())
}
