//! Buffers that hold one value each, and the kind of a fixed size. Imports `core` and UTF-8.

use crate::utf8;

/// A buffer that is being used.
pub trait Buffer<'s>: Sized {
    /// The most bytes that it may hold.
    fn limit(&self) -> usize;
    fn as_slice(&self) -> &[u8];
    fn clear(&mut self);
    /// Appends a byte; false, and nothing done, if that passes the limit.
    fn push(&mut self, byte: u8) -> bool;
    /// Appends `bytes`; false, and nothing done, if that passes the limit.
    fn append(&mut self, bytes: &[u8]) -> bool;
    /// Appends a line feed and `line`; false if that passes the limit.
    #[inline]
    fn append_line(&mut self, line: &[u8]) -> bool {
        self.push(b'\n') && self.append(line)
    }
    /// Puts U+FFFD in the place of what is not UTF-8; false if that passes the limit.
    fn repair(&mut self) -> bool;
    /// Does so if anything is not.
    #[cfg_attr(not(feature = "whole-lines"), inline(never))]
    fn settle(&mut self) -> bool {
        utf8::is_text(self.as_slice()) || self.repair()
    }
    fn into_bytes(self) -> &'s [u8];
    /// The content as text, repaired if need be; `None` if that passes the limit.
    fn into_text(self) -> Option<&'s str>;
}

/// Bytes of a fixed size, the first `length` of them in use.
#[derive(Clone, Debug)]
pub(crate) struct Slice<M> {
    bytes: M,
    length: usize,
}

impl<M> Slice<M> {
    pub(crate) const fn new(bytes: M) -> Self {
        Self { bytes, length: 0 }
    }
}

impl<M: AsRef<[u8]> + AsMut<[u8]>> Slice<M> {
    pub(crate) fn as_slice(&self) -> &[u8] {
        self.bytes.as_ref().get(..self.length).unwrap_or_default()
    }

    pub(crate) fn region(&mut self) -> Region<'_> {
        Region { bytes: self.bytes.as_mut(), length: &mut self.length }
    }
}

/// A slice without its type, so that the code for all of them is there once.
#[derive(Debug)]
pub struct Region<'s> {
    bytes: &'s mut [u8],
    length: &'s mut usize,
}

impl<'s> Buffer<'s> for Region<'s> {
    fn limit(&self) -> usize {
        self.bytes.len()
    }

    fn as_slice(&self) -> &[u8] {
        self.bytes.get(..*self.length).unwrap_or_default()
    }

    fn clear(&mut self) {
        *self.length = 0;
    }

    #[inline]
    fn push(&mut self, byte: u8) -> bool {
        let Some(place) = self.bytes.get_mut(*self.length) else {
            return false;
        };
        *place = byte;
        *self.length += 1;
        true
    }

    fn append(&mut self, bytes: &[u8]) -> bool {
        let end = *self.length + bytes.len();
        let Some(place) = self.bytes.get_mut(*self.length..end) else {
            return false;
        };
        place.copy_from_slice(bytes);
        *self.length = end;
        true
    }

    fn repair(&mut self) -> bool {
        let repaired = utf8::repair(self.bytes, *self.length);
        // Longer than it can be: it stays too long for whoever asks again.
        *self.length = repaired.unwrap_or(self.bytes.len() + 1);
        repaired.is_some()
    }

    fn into_bytes(self) -> &'s [u8] {
        self.bytes.get(..*self.length).unwrap_or_default()
    }

    fn into_text(mut self) -> Option<&'s str> {
        // Twice over the bytes, because a borrow that is returned cannot be given up for the repair.
        self.settle();
        utf8::check(self.bytes.get(..*self.length)?)
    }
}
