//! Buffers on the heap. Imports `alloc`.

use alloc::vec::Vec;
use core::mem;

use crate::buffer::Buffer;
use crate::utf8;

/// Bytes on the heap, and room for their repaired form if they are not UTF-8.
#[derive(Clone, Debug, Default)]
pub(crate) struct Heap {
    bytes: Vec<u8>,
    repaired: Vec<u8>,
}

impl Heap {
    pub(crate) fn as_slice(&self) -> &[u8] {
        &self.bytes
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

impl Limited<'_> {
    /// Whether there may be `extra` bytes more. Then there is room for them.
    #[inline]
    fn make_room(&mut self, extra: usize) -> bool {
        let length = self.heap.bytes.len() + extra;
        if length > self.heap.bytes.capacity() && length <= self.limit {
            self.grow(length);
        }
        length <= self.limit
    }

    /// Doubles the capacity, as a vector does by itself, but not past the limit.
    #[cold]
    fn grow(&mut self, length: usize) {
        let bytes = &mut self.heap.bytes;
        let capacity = length.max(self.limit.min(bytes.capacity() * 2));
        bytes.reserve_exact(capacity - bytes.len());
    }
}

impl<'s> Buffer<'s> for Limited<'s> {
    #[inline]
    fn limit(&self) -> usize {
        self.limit
    }

    #[inline]
    fn as_slice(&self) -> &[u8] {
        &self.heap.bytes
    }

    #[inline]
    fn clear(&mut self) {
        self.heap.bytes.clear();
    }

    #[inline]
    fn append(&mut self, bytes: &[u8]) -> bool {
        let fits = self.make_room(bytes.len());
        if fits {
            self.heap.bytes.extend_from_slice(bytes);
        }
        fits
    }

    #[inline]
    fn append_line(&mut self, line: &[u8]) -> bool {
        let fits = self.make_room(1 + line.len());
        if fits {
            self.heap.bytes.push(b'\n');
            self.heap.bytes.extend_from_slice(line);
        }
        fits
    }

    fn repair(&mut self) -> bool {
        let Heap { bytes, repaired } = &mut *self.heap;
        let fits = utf8::repair_into(bytes, repaired, self.limit);
        if fits {
            mem::swap(bytes, repaired);
        }
        fits
    }

    fn into_bytes(self) -> &'s [u8] {
        &self.heap.bytes
    }

    #[inline]
    fn into_text(self) -> Option<&'s str> {
        let Heap { bytes, repaired } = self.heap;
        match utf8::check(bytes) {
            Some(text) => Some(text),
            None if utf8::repair_into(bytes, repaired, self.limit) => utf8::check(repaired),
            None => None,
        }
    }
}
