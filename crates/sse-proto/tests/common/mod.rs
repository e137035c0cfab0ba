//! What the tests of this crate share: reading a stream in every way, and random numbers.
#![allow(dead_code, reason = "each test file uses a part of it")]

use sse_proto::{Decoder, Fixed, Found, Item, Lent, LimitExceeded, Storage};

/// One short string for each item, so that a case is easy to read.
pub(crate) fn describe(item: Result<Item<'_>, LimitExceeded>) -> String {
    match item {
        Ok(Item::Event(event)) => {
            let data = event.data().replace('\n', "\\n");
            format!("{}|{data}|{}", event.event_type(), event.last_event_id())
        }
        Ok(Item::Comment(text)) => format!(":{text}"),
        Ok(Item::ReconnectionTime(time)) => format!("retry {}", time.as_millis()),
        Ok(Item::LastEventId(id)) => format!("id {id}"),
        Err(error) => format!("{} > {}", error.part, error.limit),
    }
}

/// Reads the chunks by `next`.
pub(crate) fn read<'c, S: Storage>(
    decoder: &mut Decoder<S>,
    chunks: impl IntoIterator<Item = &'c [u8]>,
) -> Vec<String> {
    let mut found = Vec::new();
    for mut rest in chunks {
        while let Some(item) = decoder.next(&mut rest) {
            found.push(describe(item));
        }
        assert!(rest.is_empty(), "`None` means that all has been read");
    }
    found
}

/// Reads the chunks by the two halves of `next`.
fn read_in_halves<'c, S: Storage>(
    decoder: &mut Decoder<S>,
    chunks: impl IntoIterator<Item = &'c [u8]>,
) -> Vec<String> {
    let mut found = Vec::new();
    for mut rest in chunks {
        let mut chunk = rest;
        while let Some(kind) = decoder.advance(&mut rest) {
            let is_kind = kind_of(&kind);
            let item = decoder.item(kind, chunk);
            assert!(is_kind(&item), "{item:?}");
            found.push(describe(item));
            chunk = rest;
        }
    }
    found
}

/// Whether an item is what the decoder says that it has found. Any may turn out to be too long as text.
fn kind_of(found: &Found) -> fn(&Result<Item<'_>, LimitExceeded>) -> bool {
    match found {
        Found::Event => |it| matches!(it, Ok(Item::Event(_)) | Err(_)),
        Found::Comment => |it| matches!(it, Ok(Item::Comment(_)) | Err(_)),
        Found::ReconnectionTime => |it| matches!(it, Ok(Item::ReconnectionTime(_))),
        Found::LastEventId => |it| matches!(it, Ok(Item::LastEventId(_))),
        Found::Limit => |it| it.is_err(),
    }
}

/// Reads `stream` whole, byte by byte and with every single cut, in every kind of storage with
/// these limits, and returns what all of them have found.
#[track_caller]
pub(crate) fn read_all_ways<const DATA: usize, const LINE: usize>(stream: &[u8]) -> Vec<String> {
    let fixed = || Decoder::with_storage(Fixed::<DATA, LINE>::new());
    let whole = read(&mut fixed(), [stream]);
    assert_eq!(read(&mut fixed(), stream.chunks(1)), whole, "byte by byte");
    assert_eq!(read_in_halves(&mut fixed(), [stream]), whole, "in halves");
    let mut data = [0; DATA];
    let mut lines = vec![0; 4 * LINE];
    for cut in 0..=stream.len() {
        let (head, tail) = stream.split_at(cut);
        let chunks = [head, b"", tail];
        let lent = Lent::new(&mut data, &mut lines);
        assert_eq!(read(&mut Decoder::with_storage(lent), chunks), whole, "cut at {cut}, lent");
        assert_eq!(read_in_halves(&mut fixed(), chunks), whole, "cut at {cut}, in halves");
        #[cfg(feature = "alloc")]
        {
            let limits = sse_proto::Limits {
                data: DATA,
                event_type: LINE,
                last_event_id: LINE,
                comment: LINE,
            };
            let mut growable = Decoder::with_limits(limits);
            assert_eq!(read(&mut growable, chunks), whole, "cut at {cut}, growable");
        }
    }
    whole
}

/// The same with limits that no case of the tables reaches.
#[track_caller]
pub(crate) fn check(stream: impl AsRef<[u8]>, expected: &[&str]) {
    assert_eq!(read_all_ways::<512, 64>(stream.as_ref()), expected);
}

/// SplitMix64: small, and the same everywhere.
pub(crate) struct Random(pub(crate) u64);

impl Random {
    /// A number below `end`.
    pub(crate) fn below(&mut self, end: usize) -> usize {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mut bits = self.0;
        bits = (bits ^ (bits >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        bits = (bits ^ (bits >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        ((bits ^ (bits >> 31)) % end as u64) as usize
    }

    /// One of these.
    pub(crate) fn of<'a, T: ?Sized>(&mut self, choices: &[&'a T]) -> &'a T {
        choices[self.below(choices.len())]
    }
}
