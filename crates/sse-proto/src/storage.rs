//! Where a decoder keeps what does not lie whole in one chunk. Imports `core`, and `alloc` behind its feature.

use crate::buffer::{Buffer, Slice};
use crate::error::Part;
#[cfg(feature = "alloc")]
use crate::heap::{Heap, Limited};

/// The most bytes that each part of a block may have, counted as they are handed out: a byte that is
/// not UTF-8 counts as the three of the U+FFFD in its place.
///
/// A [`Growable`] storage takes at most twice the data and the event type, and six times the larger of
/// ID and comment; the second half of that only for text that is not UTF-8. What has grown is kept for
/// the next event.
///
/// ```
/// use sse_proto::Limits;
///
/// let limits = Limits { data: 16 << 20, ..Limits::DEFAULT };
/// assert_eq!(limits.event_type, 1024);
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Limits {
    /// The data of an event, its lines joined. Default: 1 MiB.
    pub data: usize,
    /// The event type. Default: 1 KiB.
    pub event_type: usize,
    /// The last event ID. Default: 4 KiB.
    pub last_event_id: usize,
    /// A comment. Default: 64 KiB.
    pub comment: usize,
}

impl Limits {
    /// The default limits as a constant.
    pub const DEFAULT: Self =
        Self { data: 1 << 20, event_type: 1 << 10, last_event_id: 4 << 10, comment: 64 << 10 };
}

impl Default for Limits {
    fn default() -> Self {
        Self::DEFAULT
    }
}

/// Where a decoder keeps what does not lie whole in one chunk.
///
/// Implemented by [`Fixed`], [`Lent`] and, with the feature `alloc`, [`Growable`]; not to be
/// implemented elsewhere.
pub trait Storage: Parts {}

/// The buffers of a storage.
pub trait Parts {
    type Buffer<'s>: Buffer<'s>
    where
        Self: 's;
    /// The buffer for a part of the block: of the data, or else in a slot.
    fn buffer(&mut self, slot: Slot, part: Part) -> Self::Buffer<'_>;
    /// The buffers for the data and the event type, and what a slot holds.
    fn event(&mut self, id: Slot) -> (Self::Buffer<'_>, Self::Buffer<'_>, &[u8]);
    /// What a slot holds.
    fn slot(&self, slot: Slot) -> &[u8];
}

/// Which buffer of a storage, besides the one for the data: one for the event type, and three cells.
///
/// At any time one cell holds the last event ID, another may hold that of the unfinished
/// block, and one is free for a comment, or for an ID that must not be adopted before its
/// line is known to hold no NUL.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Slot {
    A,
    B,
    C,
    EventType,
}

/// Buffers of a fixed size.
#[derive(Clone, Debug)]
struct Slices<D, T> {
    data: Slice<D>,
    lines: [Slice<T>; 4],
}

/// Storage inside the decoder itself, without `alloc`: `DATA` bytes for the data of an event, `LINE`
/// bytes each for an event type, an ID and a comment.
///
/// It takes `DATA + 4 * LINE` bytes: an event type, the last event ID, that of the block that is being
/// read, and the line that is being read. Data that is borrowed from a chunk counts as well: what is
/// too long is so however it arrives.
///
/// ```
/// use sse_proto::{Decoder, Fixed};
///
/// let mut decoder = Decoder::with_storage(Fixed::<512, 64>::new());
/// assert!(decoder.next_event(&mut &b"data: 1\n\n"[..]).is_some());
/// ```
#[derive(Clone, Debug)]
pub struct Fixed<const DATA: usize, const LINE: usize>(Slices<[u8; DATA], [u8; LINE]>);

impl<const DATA: usize, const LINE: usize> Fixed<DATA, LINE> {
    /// Empty storage.
    #[must_use]
    pub const fn new() -> Self {
        Self::EMPTY
    }

    // One constant, so that a program clears memory for it, and does not put it together and move it.
    const EMPTY: Self =
        Self(Slices { data: Slice::new([0; DATA]), lines: [const { Slice::new([0; LINE]) }; 4] });
}

impl<const DATA: usize, const LINE: usize> Default for Fixed<DATA, LINE> {
    fn default() -> Self {
        Self::new()
    }
}

impl<const DATA: usize, const LINE: usize> Storage for Fixed<DATA, LINE> {}

impl<const DATA: usize, const LINE: usize> Parts for Fixed<DATA, LINE> {
    type Buffer<'s> = &'s mut Slice<[u8]>;

    fn buffer(&mut self, slot: Slot, part: Part) -> &mut Slice<[u8]> {
        match self.0.lines.get_mut(slot as usize) {
            Some(line) if !part.is_data() => line,
            _ => &mut self.0.data,
        }
    }

    fn event(&mut self, id: Slot) -> (&mut Slice<[u8]>, &mut Slice<[u8]>, &[u8]) {
        let [cells @ .., event_type] = &mut self.0.lines;
        let id = cells.get(id as usize).map_or(&[][..], |cell| cell.as_slice());
        (&mut self.0.data, event_type, id)
    }

    fn slot(&self, slot: Slot) -> &[u8] {
        self.0.lines.get(slot as usize).map_or(&[][..], Slice::as_slice)
    }
}

/// Storage that the caller lends, without `alloc`: for sizes that are known only when the program
/// runs, and for memory in a place of its own.
///
/// ```
/// use sse_proto::{Decoder, Lent};
///
/// let (mut data, mut lines) = ([0; 512], [0; 256]);
/// let mut decoder = Decoder::with_storage(Lent::new(&mut data, &mut lines));
/// assert!(decoder.next_event(&mut &b"data: 1\n\n"[..]).is_some());
/// ```
#[derive(Debug)]
pub struct Lent<'a>(Slices<&'a mut [u8], &'a mut [u8]>);

impl<'a> Lent<'a> {
    /// Lends `data` for the data of an event, and `lines` in four equal parts for all else: an
    /// event type, an ID or a comment may have `lines.len() / 4` bytes.
    #[must_use]
    pub fn new(data: &'a mut [u8], lines: &'a mut [u8]) -> Self {
        let part = lines.len() / 4;
        let (event_type, lines) = lines.split_at_mut(part);
        let (first, lines) = lines.split_at_mut(part);
        let (second, lines) = lines.split_at_mut(part);
        let (third, _) = lines.split_at_mut(part);
        Self(Slices {
            data: Slice::new(data),
            lines: [event_type, first, second, third].map(Slice::new),
        })
    }
}

impl Storage for Lent<'_> {}

impl<'a> Parts for Lent<'a> {
    type Buffer<'s>
        = &'s mut Slice<&'a mut [u8]>
    where
        Self: 's;

    fn buffer(&mut self, slot: Slot, part: Part) -> &mut Slice<&'a mut [u8]> {
        match self.0.lines.get_mut(slot as usize) {
            Some(line) if !part.is_data() => line,
            _ => &mut self.0.data,
        }
    }

    fn event(&mut self, id: Slot) -> (&mut Slice<&'a mut [u8]>, &mut Slice<&'a mut [u8]>, &[u8]) {
        let [cells @ .., event_type] = &mut self.0.lines;
        let id = cells.get(id as usize).map_or(&[][..], |cell| cell.as_slice());
        (&mut self.0.data, event_type, id)
    }

    fn slot(&self, slot: Slot) -> &[u8] {
        self.0.lines.get(slot as usize).map_or(&[][..], Slice::as_slice)
    }
}

/// Storage on the heap that grows when it must, up to the [`Limits`].
///
/// It is kept from event to event: once it has grown to the largest, nothing is allocated any more.
///
/// ```
/// use sse_proto::{Decoder, Growable, Limits};
///
/// let decoder: Decoder = Decoder::with_storage(Growable::new(Limits::DEFAULT));
/// ```
#[cfg(feature = "alloc")]
#[derive(Clone, Debug, Default)]
pub struct Growable {
    data: Heap,
    lines: [Heap; 4],
    limits: Limits,
}

/// Storage on the heap: it needs the feature `alloc`, without which there is none.
#[cfg(not(feature = "alloc"))]
#[derive(Clone, Copy, Debug)]
pub enum Growable {}

#[cfg(feature = "alloc")]
impl Growable {
    /// Empty storage; the heap is not touched before something must be kept.
    #[must_use]
    pub fn new(limits: Limits) -> Self {
        Self { limits, ..Self::default() }
    }
}

#[cfg(feature = "alloc")]
impl Storage for Growable {}

#[cfg(feature = "alloc")]
impl Parts for Growable {
    type Buffer<'s> = Limited<'s>;

    #[inline]
    fn buffer(&mut self, slot: Slot, part: Part) -> Limited<'_> {
        let limit = match part {
            Part::Data | Part::Line => self.limits.data,
            Part::EventType => self.limits.event_type,
            Part::LastEventId => self.limits.last_event_id,
            Part::Comment => self.limits.comment,
        };
        match self.lines.get_mut(slot as usize) {
            Some(line) if !part.is_data() => line.limited(limit),
            _ => self.data.limited(limit),
        }
    }

    #[inline]
    fn event(&mut self, id: Slot) -> (Limited<'_>, Limited<'_>, &[u8]) {
        let [first, second, third, event_type] = &mut self.lines;
        let id = match id {
            Slot::B => second,
            Slot::C => third,
            _ => first,
        };
        let limits = self.limits;
        (self.data.limited(limits.data), event_type.limited(limits.event_type), id.as_slice())
    }

    fn slot(&self, slot: Slot) -> &[u8] {
        self.lines.get(slot as usize).map_or(&[][..], Heap::as_slice)
    }
}
