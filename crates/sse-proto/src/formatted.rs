//! A frame whose data is never a string: it is cut into lines while it is formatted. Imports `core`, the frame, and
//! where it goes.

use core::fmt::{self, Display, Write as _};
use core::mem::take;

use crate::error::{BufferTooSmall, EncodeError};
use crate::frame::Frame;
use crate::out::{Bytes, Length, Out, Text};
use crate::search::find_line_end;

/// A [`Frame`] whose data is what a value displays: of `format_args!`, of a number, of a document that is made while it is
/// sent. No text of it is ever put together.
///
/// Made by [`Frame::with_formatted_data`]. The data is split into lines at CR, LF and CRLF, wherever they come from: a CRLF
/// of two pieces is one line ending. Its bytes are those of the frame with the same text as a string.
///
/// A length that is told before the frame is sent, that of a chunk for instance, needs a value that displays the same text
/// twice.
///
/// ```
/// use core::fmt;
/// use sse_proto::{EncodeError, Frame};
///
/// fn encode(data: fmt::Arguments<'_>, buffer: &mut [u8]) -> Result<usize, EncodeError> {
///     let frame = Frame::message("").with_formatted_data(data);
///     assert_eq!(frame.encoded_len(), Ok(26));
///     frame.encode_into(buffer)
/// }
///
/// let mut buffer = [0; 64];
/// let length = encode(format_args!("{:.2} C\n{} %", 21.5, 40), &mut buffer)?;
/// assert_eq!(&buffer[..length], b"data: 21.50 C\ndata: 40 %\n\n");
/// # Ok::<(), EncodeError>(())
/// ```
#[derive(Clone, Copy, Debug)]
pub struct FormattedFrame<'a, D> {
    /// What comes before the data; that of its own is not sent.
    frame: Frame<'a>,
    data: D,
}

impl<'a> Frame<'a> {
    /// This frame with what `data` displays as its data, in place of any that it has.
    ///
    /// ```
    /// # use sse_proto::Frame;
    /// let frame = Frame::message("").with_event_type("count")?.with_formatted_data(42);
    /// assert_eq!(frame.to_string(), "event: count\ndata: 42\n\n");
    /// # Ok::<(), sse_proto::FrameError>(())
    /// ```
    #[must_use]
    pub const fn with_formatted_data<D: Display>(self, data: D) -> FormattedFrame<'a, D> {
        FormattedFrame { frame: self, data }
    }
}

impl<D: Display> FormattedFrame<'_, D> {
    /// The exact number of bytes of the encoded frame: the data is formatted once to count it.
    ///
    /// # Errors
    ///
    /// If the `Display` of the data returns one.
    ///
    /// ```
    /// # use sse_proto::Frame;
    /// let frame = Frame::message("").with_formatted_data(42);
    /// assert_eq!(frame.encoded_len(), Ok("data: 42\n\n".len()));
    /// ```
    pub fn encoded_len(&self) -> Result<usize, fmt::Error> {
        let mut length = Length(0);
        self.write(&mut length)?;
        Ok(length.0)
    }

    /// Encodes the frame into the start of `buffer` and returns its length.
    ///
    /// # Errors
    ///
    /// If the frame does not fit, with the number of bytes that it needs, or if the `Display` of the data returns an
    /// error. The content of `buffer` is then unspecified.
    ///
    /// ```
    /// # use sse_proto::{EncodeError, Frame};
    /// let frame = Frame::message("").with_formatted_data(42);
    /// let error = frame.encode_into(&mut [0; 8]).unwrap_err();
    /// assert!(matches!(error, EncodeError::BufferTooSmall(it) if it.needed == 10));
    /// ```
    pub fn encode_into(&self, buffer: &mut [u8]) -> Result<usize, EncodeError> {
        let size = buffer.len();
        let mut out = Bytes { buffer, length: 0 };
        self.write(&mut out).map_err(|fmt::Error| EncodeError::Data)?;
        if out.length <= size {
            Ok(out.length)
        } else {
            Err(EncodeError::BufferTooSmall(BufferTooSmall { needed: out.length }))
        }
    }

    /// Appends the encoded frame to `bytes`.
    ///
    /// # Errors
    ///
    /// If the `Display` of the data returns one. `bytes` is then as it was.
    ///
    /// ```
    /// # use sse_proto::Frame;
    /// let mut bytes = Vec::new();
    /// Frame::message("").with_formatted_data(42).append_to(&mut bytes)?;
    /// assert_eq!(bytes, b"data: 42\n\n");
    /// # Ok::<(), std::fmt::Error>(())
    /// ```
    #[cfg(feature = "alloc")]
    pub fn append_to(&self, bytes: &mut alloc::vec::Vec<u8>) -> fmt::Result {
        let length = bytes.len();
        let result = self.write(bytes);
        if result.is_err() {
            bytes.truncate(length);
        }
        result
    }

    fn write(&self, out: &mut impl Out) -> fmt::Result {
        self.frame.write_before_data(out);
        out.put(b"data:");
        let mut data = Data { out, is_at_start: true, after_cr: false };
        write!(data, "{}", self.data)?;
        out.put(b"\n\n");
        Ok(())
    }
}

/// The encoded frame, for anything that takes text: [`core::fmt::Write`] by `write!(out, "{frame}")`.
impl<D: Display> Display for FormattedFrame<'_, D> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut out = Text { f, result: Ok(()) };
        self.write(&mut out)?;
        out.result
    }
}

/// Takes the data as it is formatted. The first line has its name, the last one is not ended.
struct Data<'a, O> {
    out: &'a mut O,
    /// Nothing of the line has been written: a space is due before its first byte.
    is_at_start: bool,
    /// The text so far ends with a CR: an LF now belongs to it.
    after_cr: bool,
}

impl<O: Out> Data<'_, O> {
    fn put(&mut self, part: &[u8]) {
        if part.is_empty() {
            return;
        }
        if take(&mut self.is_at_start) {
            self.out.put(b" ");
        }
        self.out.put(part);
    }
}

impl<O: Out> fmt::Write for Data<'_, O> {
    fn write_str(&mut self, text: &str) -> fmt::Result {
        let mut text = text.as_bytes();
        if !text.is_empty() && take(&mut self.after_cr) {
            text = text.strip_prefix(b"\n").unwrap_or(text);
        }
        while let Some(end) = find_line_end(text) {
            let (line, rest) = text.split_at_checked(end).unwrap_or_default();
            self.put(line);
            self.out.put(b"\ndata:");
            self.is_at_start = true;
            self.after_cr = rest == b"\r";
            text = rest.strip_prefix(b"\r\n").or(rest.get(1..)).unwrap_or_default();
        }
        self.put(text);
        Ok(())
    }
}
