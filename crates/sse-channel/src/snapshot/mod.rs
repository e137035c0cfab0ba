//! A channel that survives its process: [`Channel::snapshot`] writes the log, [`Channel::restore`] goes on with it;
//! [`Channel::save`] and [`Channel::load`] do so with a file.
//!
//! # At a deploy
//!
//! Stop publishing, [close](Channel::close) the channel, save it. The process that comes next loads it and goes on in the
//! same epoch and numbering. Clients that come back with their last event ID miss nothing, and see nothing twice.
//!
//! # After a crash
//!
//! A snapshot of an open channel may be older than what clients have seen, and than what was published. Then nobody knows
//! what is missing, and the numbers that follow may have been given already. So the restored log
//!
//! - has a [gap](crate::Gap::Unsaved) right after the last entry that was saved, as an event that everybody gets who
//!   passes that place, whatever filter there is;
//! - begins a new epoch there: no ID is given twice to different events;
//! - still knows the epoch before. Who has an ID of it goes on after that event if it was saved. Who has a later one has
//!   seen all that was saved, and goes on at the gap. Nobody sees an event twice.
//!
//! An ID of the application's own that was given after the snapshot is unknown: its gap is told, and everything follows.
//!
//! Which of the two it is stands at the end of the snapshot. It is the last one (`last`) if the channel was closed; what
//! is published to it nevertheless is of an epoch of its own, and not in the snapshot. [`Channel::load`] marks a file as
//! taken (`live`) before it returns, so that a process that is killed after it leaves a file that says so. Two things it
//! cannot know: whether a file was put back from a backup, and whether two processes load it at the same moment. Remove
//! the last 24 bytes of a copy, and [recover](RestoreError::recover) it; give each process a file of its own.
//!
//! # The format
//!
//! Version 2. Numbers are little-endian, without a sign. First the 8 bytes `89 "SSELOG" 0A`, then the version (4 bytes), then
//! records:
//!
//! | bytes | what |
//! |---|---|
//! | 4 | tag, ASCII |
//! | 8 | length of the payload |
//! | so many | payload |
//! | 4 | CRC-32 (that of zip) of everything in the file before this, but for the other checksums |
//!
//! The sum runs on: an entry that is missing, doubled or in another's place is found as one that is damaged. The records:
//!
//! | tag | payload |
//! |---|---|
//! | `head`, once | position of the first entry (8); how many entries just before it in a row had no ID (4); then for each epoch: its first position (8) and the epoch (8) |
//! | `past`, if there is such | the application's own ID of the newest event before the first entry: who has seen that misses nothing |
//! | `item`, for each entry | flags (1): 1 the ID is the application's own, 2 an entry before had the same ID, 4 it tells of a gap; then the block, as it goes to clients |
//! | `last` or `live`, once | the number of items (8); nothing follows |
//!
//! Version 1, which is read too, had no `past`.
//!
//! `tests/read_snapshot.py` reads it in 30 lines. Nothing is encrypted: whoever reads the file reads the events. A file that
//! somebody made with intent is refused if it could not be of a log; it costs no more memory than it is long.

mod crc;
mod error;
mod file;
mod format;
mod read;
mod write;

pub use error::{Damage, RestoreError};

#[cfg(doc)]
use crate::Channel;
