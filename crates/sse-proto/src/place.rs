//! Where a value is. Imports `core` only.

/// Where a value is.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Place {
    /// There is none.
    Nowhere,
    /// In the chunk that is being read.
    #[cfg_attr(not(feature = "whole-lines"), expect(dead_code, reason = "there is no range"))]
    Chunk(Range),
    /// In its buffer.
    Buffer,
}

impl Place {
    #[inline]
    pub(crate) const fn is_nowhere(&self) -> bool {
        matches!(self, Self::Nowhere)
    }
}

/// From where to where in a chunk.
#[cfg(feature = "whole-lines")]
#[derive(Clone, Copy, Debug)]
pub struct Range {
    pub(crate) start: usize,
    pub(crate) end: usize,
}

/// Of what is read byte by byte nothing is remembered as a range of the chunk: there is no such value.
#[cfg(not(feature = "whole-lines"))]
#[derive(Clone, Copy, Debug)]
pub enum Range {}

impl Range {
    /// Its bytes.
    #[cfg(feature = "whole-lines")]
    #[inline]
    pub(crate) fn of(self, chunk: &[u8]) -> &[u8] {
        chunk.get(self.start..self.end).unwrap_or_default()
    }

    #[cfg(not(feature = "whole-lines"))]
    pub(crate) fn of(self, _: &[u8]) -> &[u8] {
        match self {}
    }
}
