//! What the values of a stream are handed out as: text, or the bytes that they are. Imports the buffers and UTF-8.

use core::fmt::Debug;
use core::hash::Hash;

use crate::buffer::Buffer;
use crate::place::{Place, Range};
use crate::utf8;

/// What the values of a stream are handed out as.
///
/// Implemented by `str`, which is what the standard asks for, and by `[u8]`, for programs that must not spend a kilobyte on
/// checking UTF-8; not to be implemented elsewhere.
pub trait Text: Debug + Eq + Hash + Values {}

impl Text for str {}
impl Text for [u8] {}

/// How a value gets out of where it is kept.
pub trait Values: 'static {
    /// The event type of an event whose block names none.
    const MESSAGE: &'static Self;
    /// A value without any bytes.
    const EMPTY: &'static Self;
    /// The value that a buffer holds; `None` if what has to take the place of its bytes passes the limit.
    fn of<'s>(buffer: impl Buffer<'s>) -> Option<&'s Self>;
    /// The value at `range` of `chunk`, if it can be borrowed from there.
    fn borrow(chunk: &[u8], range: Range) -> Option<&Self>;
    /// Makes a buffer hold such a value; false if that passes the limit.
    fn settle<'s>(buffer: &mut impl Buffer<'s>) -> bool;
    /// A value that a settled buffer holds.
    fn settled(bytes: &[u8]) -> &Self;
    /// The bytes of a value.
    fn bytes(&self) -> &[u8];
}

impl Values for str {
    const MESSAGE: &'static Self = "message";
    const EMPTY: &'static Self = "";

    #[inline]
    fn of<'s>(buffer: impl Buffer<'s>) -> Option<&'s Self> {
        buffer.into_text()
    }

    #[inline(always)]
    fn borrow(chunk: &[u8], range: Range) -> Option<&Self> {
        utf8::check_within(chunk, range)
    }

    #[inline]
    fn settle<'s>(buffer: &mut impl Buffer<'s>) -> bool {
        buffer.settle()
    }

    #[inline]
    fn settled(bytes: &[u8]) -> &Self {
        utf8::settled(bytes)
    }

    #[inline]
    fn bytes(&self) -> &[u8] {
        self.as_bytes()
    }
}

impl Values for [u8] {
    const MESSAGE: &'static Self = b"message";
    const EMPTY: &'static Self = b"";

    #[inline]
    fn of<'s>(buffer: impl Buffer<'s>) -> Option<&'s Self> {
        Some(buffer.into_bytes())
    }

    #[inline(always)]
    fn borrow(chunk: &[u8], range: Range) -> Option<&Self> {
        Some(range.of(chunk))
    }

    #[inline]
    fn settle<'s>(_: &mut impl Buffer<'s>) -> bool {
        true
    }

    #[inline]
    fn settled(bytes: &[u8]) -> &Self {
        bytes
    }

    #[inline]
    fn bytes(&self) -> &[u8] {
        self
    }
}

/// The value at `place`; `None` if it passes the limit as text.
#[cfg_attr(feature = "whole-lines", inline(always))]
pub(crate) fn value<'s, T: Text + ?Sized>(
    mut buffer: impl Buffer<'s>,
    place: Place,
    chunk: &'s [u8],
) -> Option<&'s T> {
    match place {
        Place::Nowhere => Some(T::EMPTY),
        Place::Buffer => T::of(buffer),
        Place::Chunk(range) => match T::borrow(chunk, range) {
            Some(value) => Some(value),
            None => {
                buffer.clear();
                buffer.append(range.of(chunk)).then_some(())?;
                T::of(buffer)
            }
        },
    }
}
