//! Where an encoded frame goes, and its lines. Imports `core`, and `alloc` behind its feature.

use core::fmt;

use crate::search::find_line_end;
use crate::utf8;

/// Where a frame is written to.
pub(crate) trait Out {
    /// Takes bytes, which are text: a value is cut at ASCII characters only.
    fn put(&mut self, bytes: &[u8]);
}

/// A slice of bytes; `length` goes on counting when it is full.
pub(crate) struct Bytes<'a> {
    pub(crate) buffer: &'a mut [u8],
    pub(crate) length: usize,
}

impl Out for Bytes<'_> {
    fn put(&mut self, bytes: &[u8]) {
        let end = self.length + bytes.len();
        if cfg!(feature = "whole-lines") {
            if let Some(place) = self.buffer.get_mut(self.length..end) {
                place.copy_from_slice(bytes);
            }
        } else {
            // Byte by byte is less code. What does not fit may be there in part.
            let rest = self.buffer.get_mut(self.length..).unwrap_or_default();
            rest.iter_mut().zip(bytes).for_each(|(place, byte)| *place = *byte);
        }
        self.length = end;
    }
}

/// Counts the bytes, and looks at none of them but for line endings.
pub(crate) struct Length(pub(crate) usize);

impl Out for Length {
    fn put(&mut self, bytes: &[u8]) {
        self.0 += bytes.len();
    }
}

#[cfg(feature = "alloc")]
impl Out for alloc::vec::Vec<u8> {
    fn put(&mut self, bytes: &[u8]) {
        self.extend_from_slice(bytes);
    }
}

/// Anything that takes text; after an error nothing more is written.
pub(crate) struct Text<'a, 'b> {
    pub(crate) f: &'a mut fmt::Formatter<'b>,
    pub(crate) result: fmt::Result,
}

impl Out for Text<'_, '_> {
    fn put(&mut self, bytes: &[u8]) {
        let text = utf8::check(bytes).unwrap_or_default();
        self.result = self.result.and_then(|()| self.f.write_str(text));
    }
}

/// Writes `text` as lines of this name, one for each line of it.
// With its name known, the name is a store instead of a call that copies; in a small program the one copy of this is.
#[cfg_attr(feature = "whole-lines", inline(always))]
pub(crate) fn write_lines(out: &mut impl Out, name: &[u8], mut text: &[u8]) {
    loop {
        let end = find_line_end(text).unwrap_or(text.len());
        let (line, rest) = text.split_at_checked(end).unwrap_or_default();
        put_line(out, name, line);
        text = match rest {
            [b'\r', b'\n', rest @ ..] | [_, rest @ ..] => rest,
            [] => return,
        };
    }
}

/// Writes a value that has no line break.
#[cfg_attr(feature = "whole-lines", inline(always))]
pub(crate) fn write_line(out: &mut impl Out, name: &[u8], value: &[u8]) {
    if cfg!(feature = "whole-lines") {
        put_line(out, name, value);
    } else {
        // The code is there already.
        write_lines(out, name, value);
    }
}

#[inline(always)]
fn put_line(out: &mut impl Out, name: &[u8], value: &[u8]) {
    out.put(name);
    if !value.is_empty() {
        out.put(b" ");
        out.put(value);
    }
    out.put(b"\n");
}
