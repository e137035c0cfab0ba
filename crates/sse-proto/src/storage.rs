//! Where a decoder keeps what does not lie whole in one chunk. Imports `core`, and `alloc` behind its feature.

#[cfg(feature = "alloc")]
use alloc::vec::Vec;
use core::str::from_utf8;

use crate::utf8;

/// The most bytes that each part of a block may have.
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
    pub const DEFAULT: Self = Self {
        data: 1 << 20,
        event_type: 1 << 10,
        last_event_id: 4 << 10,
        comment: 64 << 10,
    };
}

impl Default for Limits {
    fn default() -> Self {
        Self::DEFAULT
    }
}

/// Where a decoder keeps what does not lie whole in one chunk.
///
/// Implemented by [`Fixed`], [`Lent`] and, with the feature `alloc`, [`Growable`].
pub trait Storage: Parts {}

/// The buffers of a storage.
pub trait Parts {
    type Data: Buffer;
    type Text: Buffer;
    fn buffers(&self) -> &Buffers<Self::Data, Self::Text>;
    fn buffers_mut(&mut self) -> &mut Buffers<Self::Data, Self::Text>;
    fn limits(&self) -> Limits;
}

/// One buffer for the data, one for the event type, and three cells: at any time one of them
/// holds the last event ID, another may hold that of the unfinished block, and one is free
/// for the line that is being read (an ID must not be adopted before its line is known to
/// hold no NUL).
#[derive(Clone, Debug, Default)]
pub struct Buffers<D, T> {
    pub(crate) data: D,
    pub(crate) event_type: T,
    pub(crate) cells: [T; 3],
}

/// Bytes that can be appended to.
pub trait Buffer {
    fn as_slice(&self) -> &[u8];
    fn as_mut_slice(&mut self) -> &mut [u8];
    fn clear(&mut self);
    /// Appends `bytes`; false, and nothing done, if there would be more than `limit` then.
    fn append(&mut self, bytes: &[u8], limit: usize) -> bool;
    /// Appends a line feed and `line`; false if there would be more than `limit` then.
    fn append_line(&mut self, line: &[u8], limit: usize) -> bool {
        self.append(b"\n", limit) && self.append(line, limit)
    }
    /// Appends `extra` bytes of any value; false if there is no room.
    fn grow(&mut self, extra: usize) -> bool;
    /// The content as text, repaired if it is not UTF-8; `None` if that passes `limit`.
    fn text(&mut self, limit: usize) -> Option<&str>;
}

/// Storage inside the decoder itself: `DATA` bytes for the data of an event, `LINE` bytes each
/// for an event type, an ID and a comment. Needs `DATA + 4 * LINE` bytes and no `alloc`.
#[derive(Clone, Debug)]
pub struct Fixed<const DATA: usize, const LINE: usize>(
    Buffers<Slice<[u8; DATA]>, Slice<[u8; LINE]>>,
);

impl<const DATA: usize, const LINE: usize> Fixed<DATA, LINE> {
    /// Empty storage.
    #[must_use]
    pub const fn new() -> Self {
        Self(Buffers {
            data: Slice::new([0; DATA]),
            event_type: Slice::new([0; LINE]),
            cells: [
                Slice::new([0; LINE]),
                Slice::new([0; LINE]),
                Slice::new([0; LINE]),
            ],
        })
    }
}

impl<const DATA: usize, const LINE: usize> Default for Fixed<DATA, LINE> {
    fn default() -> Self {
        Self::new()
    }
}

impl<const DATA: usize, const LINE: usize> Storage for Fixed<DATA, LINE> {}

impl<const DATA: usize, const LINE: usize> Parts for Fixed<DATA, LINE> {
    type Data = Slice<[u8; DATA]>;
    type Text = Slice<[u8; LINE]>;

    fn buffers(&self) -> &Buffers<Self::Data, Self::Text> {
        &self.0
    }

    fn buffers_mut(&mut self) -> &mut Buffers<Self::Data, Self::Text> {
        &mut self.0
    }

    fn limits(&self) -> Limits {
        Limits {
            data: DATA,
            event_type: LINE,
            last_event_id: LINE,
            comment: LINE,
        }
    }
}

/// Storage that the caller lends. Needs no `alloc`.
#[derive(Debug)]
pub struct Lent<'a>(Buffers<Slice<&'a mut [u8]>, Slice<&'a mut [u8]>>);

impl<'a> Lent<'a> {
    /// Lends `data` for the data of an event, and `lines` in four equal parts: for the event
    /// type, for the two cells of the last event ID, and for the line that is being read. So
    /// an event type, an ID or a comment may have `lines.len() / 4` bytes.
    #[must_use]
    pub fn new(data: &'a mut [u8], lines: &'a mut [u8]) -> Self {
        let part = lines.len() / 4;
        let (event_type, lines) = lines.split_at_mut(part);
        let (first, lines) = lines.split_at_mut(part);
        let (second, lines) = lines.split_at_mut(part);
        let (third, _) = lines.split_at_mut(part);
        Self(Buffers {
            data: Slice::new(data),
            event_type: Slice::new(event_type),
            cells: [Slice::new(first), Slice::new(second), Slice::new(third)],
        })
    }
}

impl Storage for Lent<'_> {}

impl<'a> Parts for Lent<'a> {
    type Data = Slice<&'a mut [u8]>;
    type Text = Slice<&'a mut [u8]>;

    fn buffers(&self) -> &Buffers<Self::Data, Self::Text> {
        &self.0
    }

    fn buffers_mut(&mut self) -> &mut Buffers<Self::Data, Self::Text> {
        &mut self.0
    }

    fn limits(&self) -> Limits {
        let line = self.0.event_type.bytes.len();
        Limits {
            data: self.0.data.bytes.len(),
            event_type: line,
            last_event_id: line,
            comment: line,
        }
    }
}

/// Bytes of a fixed size, the first `length` of them in use.
#[derive(Clone, Debug)]
pub struct Slice<M> {
    bytes: M,
    length: usize,
}

impl<M> Slice<M> {
    const fn new(bytes: M) -> Self {
        Self { bytes, length: 0 }
    }
}

impl<M: AsRef<[u8]> + AsMut<[u8]>> Buffer for Slice<M> {
    fn as_slice(&self) -> &[u8] {
        self.bytes.as_ref().get(..self.length).unwrap_or_default()
    }

    fn as_mut_slice(&mut self) -> &mut [u8] {
        self.bytes
            .as_mut()
            .get_mut(..self.length)
            .unwrap_or_default()
    }

    fn clear(&mut self) {
        self.length = 0;
    }

    fn append(&mut self, bytes: &[u8], _limit: usize) -> bool {
        let free = self
            .bytes
            .as_mut()
            .get_mut(self.length..)
            .unwrap_or_default();
        let Some(place) = free.get_mut(..bytes.len()) else {
            return false;
        };
        place.copy_from_slice(bytes);
        self.length += bytes.len();
        true
    }

    fn grow(&mut self, extra: usize) -> bool {
        let fits = extra <= self.bytes.as_ref().len() - self.length;
        if fits {
            self.length += extra;
        }
        fits
    }

    fn text(&mut self, limit: usize) -> Option<&str> {
        // Twice over the bytes, because a borrow that is returned cannot be given up for the repair.
        if from_utf8(self.as_slice()).is_err() && !utf8::repair(self, limit) {
            return None;
        }
        from_utf8(self.as_slice()).ok()
    }
}

/// Storage on the heap that grows when it must, up to the limits.
#[cfg(feature = "alloc")]
#[derive(Clone, Debug, Default)]
pub struct Growable {
    buffers: Buffers<Heap, Heap>,
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
        Self {
            buffers: Buffers::default(),
            limits,
        }
    }
}

#[cfg(feature = "alloc")]
impl Storage for Growable {}

#[cfg(feature = "alloc")]
impl Parts for Growable {
    type Data = Heap;
    type Text = Heap;

    fn buffers(&self) -> &Buffers<Heap, Heap> {
        &self.buffers
    }

    fn buffers_mut(&mut self) -> &mut Buffers<Heap, Heap> {
        &mut self.buffers
    }

    fn limits(&self) -> Limits {
        self.limits
    }
}

/// Bytes on the heap, and their repaired form if they are not UTF-8.
#[cfg(feature = "alloc")]
#[derive(Clone, Debug, Default)]
pub struct Heap {
    bytes: Vec<u8>,
    repaired: Vec<u8>,
}

#[cfg(feature = "alloc")]
impl Heap {
    /// Doubles the capacity, as a vector does by itself, but not past the limit.
    #[cold]
    fn reserve(&mut self, length: usize, limit: usize) {
        let capacity = length.max(limit.min(self.bytes.capacity() * 2));
        self.bytes.reserve_exact(capacity - self.bytes.len());
    }
}

#[cfg(feature = "alloc")]
impl Buffer for Heap {
    fn as_slice(&self) -> &[u8] {
        &self.bytes
    }

    fn as_mut_slice(&mut self) -> &mut [u8] {
        &mut self.bytes
    }

    fn clear(&mut self) {
        self.bytes.clear();
    }

    #[inline]
    fn append(&mut self, bytes: &[u8], limit: usize) -> bool {
        let length = self.bytes.len() + bytes.len();
        if length > limit {
            return false;
        }
        if length > self.bytes.capacity() {
            self.reserve(length, limit);
        }
        self.bytes.extend_from_slice(bytes);
        true
    }

    #[inline]
    fn append_line(&mut self, line: &[u8], limit: usize) -> bool {
        let length = self.bytes.len() + 1 + line.len();
        if length > limit {
            return false;
        }
        if length > self.bytes.capacity() {
            self.reserve(length, limit);
        }
        self.bytes.push(b'\n');
        self.bytes.extend_from_slice(line);
        true
    }

    fn grow(&mut self, extra: usize) -> bool {
        self.bytes.resize(self.bytes.len() + extra, 0);
        true
    }

    fn text(&mut self, limit: usize) -> Option<&str> {
        match utf8::check(&self.bytes) {
            Some(text) => Some(text),
            None => {
                utf8::repair_into(&self.bytes, &mut self.repaired, limit).then_some(())?;
                from_utf8(&self.repaired).ok()
            }
        }
    }
}
