//! The three kinds of storage with the same small limits: they must see the same.
//!
//! Depends on the codec's public API and on the oracle's types.

use sse_proto::{Decoder, Fixed, Lent, LimitExceeded, Storage};

use crate::chunking::{cut, limits, owned, read};
use crate::oracle::Item;
use crate::streams::{Random, cuts};

/// The most bytes of data in the storages that are compared.
pub const DATA: usize = 24;

/// The most bytes of everything else.
pub const TEXT: usize = 8;

/// Decodes `bytes`, cut at random, with each kind of storage. Whether a limit was passed.
///
/// # Panics
///
/// If they do not see the same items and errors at the same places.
pub fn check(bytes: &[u8], random: &mut Random) -> bool {
    let cuts = cuts(random, bytes.len());
    let (mut data, mut texts) = ([0; DATA], [0; 4 * TEXT]);
    let growable = seen(Decoder::with_limits(limits(DATA, TEXT)), bytes, &cuts);
    let fixed = seen(Decoder::with_storage(Fixed::<DATA, TEXT>::new()), bytes, &cuts);
    let lent = Lent::new(&mut data, &mut texts);
    let lent = seen(Decoder::with_storage(lent), bytes, &cuts);
    assert_eq!(growable, fixed, "{} cut at {cuts:?}", bytes.escape_ascii());
    assert_eq!(growable, lent, "{} cut at {cuts:?}", bytes.escape_ascii());
    growable.iter().any(|(_, item)| item.is_err())
}

fn seen<S: Storage>(
    mut decoder: Decoder<S>,
    bytes: &[u8],
    cuts: &[usize],
) -> Vec<(usize, Result<Item, LimitExceeded>)> {
    let mut seen = Vec::new();
    read(&mut decoder, cut(bytes, cuts), |offset, item| {
        seen.push((offset, item.map(owned)));
    });
    seen
}
