//! Events on their way out: entries of a log, framed and joined, as they leave in one write. Pure.

use std::sync::Arc;

use crate::channel::Filter;
use crate::log::Entry;

/// Bytes written to a connection at once; what one that stops reading may leave waiting. A single
/// event may be larger.
pub(crate) const BATCH_BYTES: usize = 16 * 1024;

/// Consecutive entries, framed and joined.
#[derive(Debug, Default, PartialEq)]
pub(crate) struct Batch {
    /// Position of the first entry.
    pub(crate) first: u64,
    /// Position after the last.
    pub(crate) end: u64,
    pub(crate) bytes: Vec<u8>,
    /// How many of the entries are in `bytes`.
    pub(crate) events: u64,
    /// The position after the last of those.
    pub(crate) told: Option<u64>,
}

impl Batch {
    pub(crate) fn of(
        first: u64,
        entries: &[Arc<Entry>],
        chunked: bool,
        filter: Option<&Filter>,
    ) -> Self {
        let mut batch = Self { first, end: first, ..Self::default() };
        for entry in entries {
            batch.end += 1;
            if filter.is_none_or(|wanted| wanted(entry)) {
                batch.bytes.extend_from_slice(entry.bytes(chunked));
                batch.events += 1;
                batch.told = Some(batch.end);
            }
        }
        batch
    }

    /// A comment in a chunk, which moves no position.
    pub(crate) fn heartbeat(position: u64) -> Self {
        Self {
            first: position,
            end: position,
            bytes: b"3\r\n:\n\n\r\n".to_vec(),
            ..Self::default()
        }
    }
}

/// Appends `block` as one chunk (RFC 9112, 7.1).
pub(crate) fn push_chunk(out: &mut Vec<u8>, block: &[u8]) {
    out.extend_from_slice(format!("{:x}\r\n", block.len()).as_bytes());
    out.extend_from_slice(block);
    out.extend_from_slice(b"\r\n");
}
