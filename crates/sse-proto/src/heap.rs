//! Buffers on the heap. Imports `alloc`.

use alloc::vec::Vec;
use core::mem;

use crate::buffer::Buffer;
use crate::utf8;

/// Bytes on the heap, and room for their repaired form if they are not UTF-8.
#[derive(Clone, Debug, Default)]
pub(crate) struct Heap {
    /// The first `length` of them are in use. The others were, and can be written over without a question to the vector.
    bytes: Vec<u8>,
    length: usize,
    repaired: Vec<u8>,
}

/// For so many bytes that come one by one the vector is asked once.
const ROOM: usize = 256;

impl Heap {
    #[inline]
    pub(crate) fn as_slice(&self) -> &[u8] {
        self.bytes.get(..self.length).unwrap_or_default()
    }

    /// Puts `bytes` behind those in use. If there is no room it doubles, as that of a vector does by itself, but not past
    /// the limit; a part of it can be written to then.
    #[cold]
    fn grow(&mut self, bytes: &[u8], limit: usize) {
        let length = self.length + bytes.len();
        let capacity = self.bytes.capacity();
        self.bytes.truncate(self.length);
        if length > capacity {
            self.bytes.reserve_exact(length.max(limit.min(capacity * 2)) - self.length);
        }
        self.bytes.extend_from_slice(bytes);
        self.bytes.resize(self.bytes.capacity().min(length + ROOM), 0);
    }

    #[inline]
    pub(crate) fn limited(&mut self, limit: usize) -> Limited<'_> {
        Limited { heap: self, limit }
    }
}

/// Bytes on the heap that may grow up to a limit.
#[derive(Debug)]
pub struct Limited<'s> {
    heap: &'s mut Heap,
    limit: usize,
}

impl<'s> Buffer<'s> for Limited<'s> {
    #[inline]
    fn limit(&self) -> usize {
        self.limit
    }

    #[inline]
    fn as_slice(&self) -> &[u8] {
        self.heap.as_slice()
    }

    #[inline]
    fn clear(&mut self) {
        self.heap.length = 0;
    }

    #[inline]
    fn push(&mut self, byte: u8) -> bool {
        let length = self.heap.length;
        if length >= self.limit {
            return false;
        }
        match self.heap.bytes.get_mut(length) {
            Some(place) => *place = byte,
            None => self.heap.grow(&[byte], self.limit),
        }
        self.heap.length = length + 1;
        true
    }

    #[inline]
    fn append(&mut self, bytes: &[u8]) -> bool {
        let end = self.heap.length + bytes.len();
        if end > self.limit {
            return false;
        }
        match self.heap.bytes.get_mut(self.heap.length..end) {
            Some(place) => copy(place, bytes),
            None => self.heap.grow(bytes, self.limit),
        }
        self.heap.length = end;
        true
    }

    #[inline(always)]
    fn append_line(&mut self, line: &[u8]) -> bool {
        let end = self.heap.length + 1 + line.len();
        if end > self.limit {
            return false;
        }
        match self.heap.bytes.get_mut(self.heap.length..end) {
            Some([feed, place @ ..]) => {
                *feed = b'\n';
                copy(place, line);
            }
            _ => return self.push(b'\n') && self.append(line),
        }
        self.heap.length = end;
        true
    }

    fn repair(&mut self) -> bool {
        let limit = self.limit;
        let Heap { bytes, length, repaired } = &mut *self.heap;
        let fits = utf8::repair_into(bytes.get(..*length).unwrap_or_default(), repaired, limit);
        if fits {
            mem::swap(bytes, repaired);
            *length = bytes.len();
        }
        fits
    }

    #[inline]
    fn into_bytes(self) -> &'s [u8] {
        self.heap.as_slice()
    }

    #[inline]
    fn into_text(self) -> Option<&'s str> {
        let Heap { bytes, length, repaired } = self.heap;
        let bytes = bytes.get(..*length).unwrap_or_default();
        match utf8::check(bytes) {
            Some(text) => Some(text),
            None if utf8::repair_into(bytes, repaired, self.limit) => utf8::check(repaired),
            None => None,
        }
    }
}

/// Copies `bytes` to a place of the same length. Those of a usual line, and of a chunk of a few bytes, are copied as two
/// pieces of a known length, which overlap: that is done before the routine for copying memory has been called.
#[inline]
fn copy(place: &mut [u8], bytes: &[u8]) {
    match bytes.len() {
        33..=64 => copy_ends::<32>(place, bytes),
        0 | 65.. => place.copy_from_slice(bytes),
        17.. => copy_ends::<16>(place, bytes),
        9.. => copy_ends::<8>(place, bytes),
        5.. => copy_ends::<4>(place, bytes),
        2.. => copy_ends::<2>(place, bytes),
        1 => copy_ends::<1>(place, bytes),
    }
}

/// Copies the first and the last `N` bytes.
#[inline]
fn copy_ends<const N: usize>(place: &mut [u8], bytes: &[u8]) {
    if let (Some(place), Some(first)) = (place.first_chunk_mut::<N>(), bytes.first_chunk()) {
        *place = *first;
    }
    if let (Some(place), Some(last)) = (place.last_chunk_mut::<N>(), bytes.last_chunk()) {
        *place = *last;
    }
}
