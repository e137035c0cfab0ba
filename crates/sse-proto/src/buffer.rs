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
    fn settle(&mut self) -> bool {
        utf8::is_text(self.as_slice()) || self.repair()
    }
    fn into_bytes(self) -> &'s [u8];
    /// The content as text, repaired if need be; `None` if that passes the limit.
    fn into_text(self) -> Option<&'s str>;
}

/// Bytes of a fixed size, the first `length` of them in use. As `Slice<[u8]>` without its size: so the code for all sizes
/// is there once, and a reference to one is all that it needs.
#[derive(Clone, Debug)]
pub struct Slice<M: ?Sized> {
    length: usize,
    bytes: M,
}

impl<M> Slice<M> {
    pub(crate) const fn new(bytes: M) -> Self {
        Self { length: 0, bytes }
    }
}

impl<M: AsRef<[u8]> + AsMut<[u8]> + ?Sized> Slice<M> {
    #[inline]
    pub(crate) fn as_slice(&self) -> &[u8] {
        self.bytes.as_ref().get(..self.length).unwrap_or_default()
    }

    // Once in a small program.
    #[cfg_attr(not(feature = "whole-lines"), inline(never))]
    fn settle(&mut self) -> bool {
        let used = self.bytes.as_ref().get(..self.length);
        used.is_some_and(utf8::is_text) || self.repair()
    }

    fn repair(&mut self) -> bool {
        let bytes = self.bytes.as_mut();
        let repaired = utf8::repair(bytes, self.length);
        // Longer than it can be: it stays too long for whoever asks again.
        self.length = repaired.unwrap_or(bytes.len() + 1);
        repaired.is_some()
    }
}

impl<'s, M: AsRef<[u8]> + AsMut<[u8]> + ?Sized> Buffer<'s> for &'s mut Slice<M> {
    #[inline]
    fn limit(&self) -> usize {
        self.bytes.as_ref().len()
    }

    #[inline]
    fn as_slice(&self) -> &[u8] {
        Slice::as_slice(self)
    }

    #[inline]
    fn clear(&mut self) {
        self.length = 0;
    }

    #[inline]
    fn push(&mut self, byte: u8) -> bool {
        let length = self.length;
        let Some(place) = self.bytes.as_mut().get_mut(length) else {
            return false;
        };
        *place = byte;
        self.length += 1;
        true
    }

    fn append(&mut self, bytes: &[u8]) -> bool {
        let (start, end) = (self.length, self.length + bytes.len());
        let Some(place) = self.bytes.as_mut().get_mut(start..end) else {
            return false;
        };
        place.copy_from_slice(bytes);
        self.length = end;
        true
    }

    fn repair(&mut self) -> bool {
        (**self).repair()
    }

    #[inline]
    fn settle(&mut self) -> bool {
        (**self).settle()
    }

    #[inline]
    fn into_bytes(self) -> &'s [u8] {
        Slice::as_slice(self)
    }

    #[inline]
    fn into_text(self) -> Option<&'s str> {
        // Twice over the bytes, because a borrow that is returned cannot be given up for the repair.
        self.settle().then(|| utf8::settled(Slice::as_slice(self)))
    }
}
