//! What stands where in a snapshot: see the [module](crate::snapshot). Pure.

use super::crc::Crc32;

/// Not text, and damaged by whoever takes it for text.
pub(crate) const MAGIC: [u8; 8] = *b"\x89SSELOG\n";
pub(crate) const VERSION: u32 = 2;
/// The first version, which has no [`PAST`].
pub(crate) const FIRST_VERSION: u32 = 1;

/// What a record is.
pub(crate) type Tag = [u8; 4];
pub(crate) const HEAD: Tag = *b"head";
/// The ID just before the items.
pub(crate) const PAST: Tag = *b"past";
pub(crate) const ITEM: Tag = *b"item";
/// The end of a snapshot of a closed channel.
pub(crate) const LAST: Tag = *b"last";
/// The end of one that something may have followed.
pub(crate) const LIVE: Tag = *b"live";

/// Bits of an item's first byte.
pub(crate) const OWN_ID: u8 = 1;
pub(crate) const REPEATED: u8 = 2;
pub(crate) const GAP: u8 = 4;

/// Positions from here on are none: numbering never comes so far.
pub(crate) const TOO_FAR: u64 = 1 << 62;

/// A tag and a length.
pub(crate) const FRONT_BYTES: usize = 12;
/// The whole of a record that ends a snapshot.
pub(crate) const END_BYTES: usize = FRONT_BYTES + 8 + 4;

/// What stands before the payload.
pub(crate) fn front(tag: Tag, length: u64) -> [u8; FRONT_BYTES] {
    let mut front = [0; FRONT_BYTES];
    let (start, rest) = front.split_at_mut(tag.len());
    start.copy_from_slice(&tag);
    rest.copy_from_slice(&length.to_le_bytes());
    front
}

/// The record that ends a snapshot of so many items, which had this checksum until there.
pub(crate) fn end(tag: Tag, items: u64, mut crc: Crc32) -> [u8; END_BYTES] {
    let mut record = [0; END_BYTES];
    let (start, sum) = record.split_at_mut(END_BYTES - 4);
    let (head, count) = start.split_at_mut(FRONT_BYTES);
    head.copy_from_slice(&front(tag, 8));
    count.copy_from_slice(&items.to_le_bytes());
    crc.update(start);
    sum.copy_from_slice(&crc.sum().to_le_bytes());
    record
}
