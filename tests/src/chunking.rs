//! A decoder fed in chunks, and what it saw in the terms of the oracle.
//!
//! Depends on the codec's public API and on the oracle's types.

use sse_proto::{Decoder, Item, LimitExceeded, Limits, Storage};

use crate::oracle::{self, Dispatched, Outcome};
use crate::streams::{Random, cuts};

/// Feeds `chunks` to `decoder` and hands on each item with the offset at which it was seen.
///
/// The offset is the number of bytes that the decoder had taken of all chunks. An item that
/// ends with a CRLF is due at the CR, but where both lie in one chunk both are taken at once:
/// then the LF is not counted. In a chunk of its own it is, so a late item has a late offset.
///
/// # Panics
///
/// If the decoder leaves input behind without an item, or finds an item in no input.
pub fn read<'c, S: Storage>(
    decoder: &mut Decoder<S>,
    chunks: impl IntoIterator<Item = &'c [u8]>,
    mut see: impl FnMut(usize, Result<Item<'_>, LimitExceeded>),
) {
    let mut before = 0;
    for chunk in chunks {
        let mut rest = chunk;
        loop {
            let start = rest;
            let found = decoder.advance(&mut rest);
            let taken = &chunk[..chunk.len() - rest.len()];
            let Some(found) = found else {
                assert!(rest.is_empty(), "no item, and yet {} bytes are left", rest.len());
                break;
            };
            assert!(chunk.is_empty() || rest.len() < start.len(), "an item out of no bytes");
            let offset = before + taken.len() - usize::from(taken.ends_with(b"\r\n"));
            see(offset, decoder.item(found, start));
        }
        before += chunk.len();
    }
}

/// Feeds `chunks` to `decoder` and collects what it saw and is left with.
///
/// # Errors
///
/// The first limit that the stream passes.
pub fn outcome<'c, S: Storage>(
    decoder: &mut Decoder<S>,
    chunks: impl IntoIterator<Item = &'c [u8]>,
) -> Result<Outcome, LimitExceeded> {
    let mut items = Vec::new();
    let mut exceeded = None;
    read(decoder, chunks, |offset, item| match item {
        Ok(item) => items.push(Dispatched { offset, item: owned(item) }),
        Err(error) => exceeded = exceeded.or(Some(error)),
    });
    if let Some(error) = exceeded {
        return Err(error);
    }
    Ok(Outcome {
        items,
        last_event_id: decoder.last_event_id().to_owned(),
        reconnection_time: decoder.reconnection_time().map(|time| milliseconds(&time)),
    })
}

/// Decodes `bytes` whole, byte by byte and cut at random, and compares with the oracle.
/// Returns the number of items.
///
/// # Panics
///
/// If the decoder sees anything else than the oracle does.
pub fn check(bytes: &[u8], random: &mut Random) -> usize {
    let expected = Ok(oracle::decode(bytes));
    let every: Vec<usize> = (1..bytes.len()).collect();
    for cuts in [&[], &cuts(random, bytes.len())[..], &every] {
        let mut decoder = Decoder::with_limits(limits(usize::MAX, usize::MAX));
        let seen = outcome(&mut decoder, cut(bytes, cuts));
        assert_eq!(seen, expected, "{} cut at {cuts:?}", bytes.escape_ascii());
    }
    expected.map_or(0, |outcome| outcome.items.len())
}

/// Limits of `data` bytes for the data, and of `text` for everything else.
#[must_use]
pub const fn limits(data: usize, text: usize) -> Limits {
    let mut limits = Limits::DEFAULT;
    limits.data = data;
    limits.event_type = text;
    limits.last_event_id = text;
    limits.comment = text;
    limits
}

/// An item of the codec as an item of the oracle.
#[must_use]
pub fn owned(item: Item<'_>) -> oracle::Item {
    match item {
        Item::Event(event) => oracle::Item::Event {
            event_type: event.event_type().to_owned(),
            data: event.data().to_owned(),
            last_event_id: event.last_event_id().to_owned(),
        },
        Item::Comment(text) => oracle::Item::Comment(text.to_owned()),
        Item::ReconnectionTime(time) => oracle::Item::ReconnectionTime(milliseconds(&time)),
        Item::LastEventId(id) => oracle::Item::LastEventId(id.to_owned()),
    }
}

/// `bytes` in chunks that end at `cuts`, which ascend.
pub fn cut<'b>(bytes: &'b [u8], cuts: &[usize]) -> impl Iterator<Item = &'b [u8]> {
    let starts = std::iter::once(0).chain(cuts.iter().copied());
    let ends = cuts.iter().copied().chain([bytes.len()]);
    starts.zip(ends).map(|(start, end)| &bytes[start..end])
}

fn milliseconds(time: &std::time::Duration) -> u64 {
    u64::try_from(time.as_millis()).expect("a reconnection time is at most u64::MAX milliseconds")
}
