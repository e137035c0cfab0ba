//! Buffers that hold one value each, and the kind of a fixed size. Imports `core` only.

use crate::utf8;

/// Where a value is.
#[derive(Clone, Copy, Debug)]
pub enum Place {
    /// There is none.
    Nowhere,
    /// In the chunk that is being read, from and to these positions.
    #[cfg(feature = "memchr")]
    Chunk(usize, usize),
    /// In its buffer.
    Buffer,
}

/// A buffer that is being used.
pub trait Buffer<'s>: Sized {
    /// The most bytes that it may hold.
    fn limit(&self) -> usize;
    fn as_slice(&self) -> &[u8];
    fn clear(&mut self);
    /// Appends `bytes`; false, and nothing done, if that passes the limit.
    fn append(&mut self, bytes: &[u8]) -> bool;
    /// Puts U+FFFD in the place of what is not UTF-8; false if that passes the limit.
    fn repair(&mut self) -> bool;
    fn into_bytes(self) -> &'s [u8];
    /// The content as text, repaired if need be; `None` if that passes the limit.
    fn into_text(self) -> Option<&'s str>;

    /// Appends a line feed and `line`; false if that passes the limit.
    #[inline]
    fn append_line(&mut self, line: &[u8]) -> bool {
        self.append(b"\n") && self.append(line)
    }

    /// The value at `place`, repaired if need be; `None` if that passes the limit.
    #[inline]
    fn text_at(
        self,
        place: &Place,
        #[cfg_attr(not(feature = "memchr"), expect(unused_variables))] chunk: &'s [u8],
    ) -> Option<&'s str> {
        match *place {
            Place::Nowhere => Some(""),
            Place::Buffer => self.into_text(),
            #[cfg(feature = "memchr")]
            Place::Chunk(start, end) => {
                let text = utf8::check_within(chunk, start, end);
                text.or_else(|| self.repaired(slice(chunk, start, end)))
            }
        }
    }

    /// These bytes, which are not UTF-8, repaired; `None` if that passes the limit.
    #[cfg(feature = "memchr")]
    #[cold]
    fn repaired(mut self, bytes: &[u8]) -> Option<&'s str> {
        self.clear();
        self.append(bytes).then_some(())?;
        self.into_text()
    }
}

/// The bytes from `start` to `end`.
#[cfg(feature = "memchr")]
#[inline]
pub(crate) fn slice(chunk: &[u8], start: usize, end: usize) -> &[u8] {
    chunk.get(start..end).unwrap_or_default()
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
        if utf8::check(self.bytes.get(..*self.length)?).is_none() {
            self.repair();
        }
        utf8::check(self.bytes.get(..*self.length)?)
    }
}
