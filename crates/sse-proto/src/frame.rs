//! What goes out: one block, checked when it is built. Imports `core`, and `alloc` behind its feature.

use core::fmt;
use core::time::Duration;

use crate::error::{BufferTooSmall, FrameError, Part};
use crate::field::check;
use crate::milliseconds::milliseconds;
use crate::out::{Bytes, Length, Out, Text, write_line, write_lines};
use crate::pieces::{Pieces, Values};

/// What goes out: one block of an event stream, section 9.2.5 of the standard.
///
/// "Event streams in this format must always be encoded as UTF-8": it is made of `str`, and cut at ASCII only.
///
/// On the wire: the comment, `event`, `id`, `retry`, `data`, a blank line; one space after the
/// colon, none if the value is empty. What cannot be carried cannot be built: CR or LF in an event
/// type, and in an ID whatever could not come back in the receiver's `Last-Event-ID`.
///
/// Whatever can be built arrives as it was, with these exceptions:
///
/// - CR and CRLF in data arrive as LF, and each line of a comment arrives as a comment of its own;
/// - a reconnection time arrives in whole milliseconds, rounded down, at most `u64::MAX` of them;
/// - without data there is no event, so an event type alone is lost.
///
/// ```
/// use sse_proto::Frame;
///
/// let frame = Frame::message("two\nlines").with_event_type("note")?.with_id("7")?;
/// assert_eq!(frame.to_string(), "event: note\nid: 7\ndata: two\ndata: lines\n\n");
///
/// let mut buffer = [0; 64];
/// let length = frame.encode_into(&mut buffer).unwrap();
/// assert_eq!(length, frame.encoded_len());
/// # Ok::<(), sse_proto::FrameError>(())
/// ```
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Frame<'a> {
    comment: Option<&'a str>,
    pub(crate) event_type: Option<&'a str>,
    id: Option<&'a str>,
    reconnection_time: Option<Duration>,
    data: Option<&'a str>,
}

impl<'a> Frame<'a> {
    const EMPTY: Self =
        Self { comment: None, event_type: None, id: None, reconnection_time: None, data: None };

    /// An event with this data and the type `message`.
    ///
    /// The data is split into lines at CR, LF and CRLF; the receiver joins them by LF. Empty data is
    /// an event too.
    ///
    /// ```
    /// # use sse_proto::Frame;
    /// assert_eq!(Frame::message("a\r\nb").to_string(), "data: a\ndata: b\n\n");
    /// assert_eq!(Frame::message("").to_string(), "data:\n\n");
    /// ```
    #[must_use]
    pub const fn message(data: &'a str) -> Self {
        Self { data: Some(data), ..Self::EMPTY }
    }

    /// A comment, which fires nothing: a heartbeat. Split into lines as data is.
    ///
    /// "Authors can include a comment line (one starting with a ':' character) every 15 seconds or
    /// so", because proxies drop connections that say nothing.
    ///
    /// ```
    /// # use sse_proto::Frame;
    /// assert_eq!(Frame::comment("").to_string(), ":\n\n");
    /// ```
    #[must_use]
    pub const fn comment(text: &'a str) -> Self {
        Self { comment: Some(text), ..Self::EMPTY }
    }

    /// A new reconnection time, in whole milliseconds, without an event.
    ///
    /// ```
    /// # use sse_proto::Frame;
    /// # use core::time::Duration;
    /// assert_eq!(Frame::retry(Duration::from_secs(10)).to_string(), "retry: 10000\n\n");
    /// ```
    #[must_use]
    pub const fn retry(time: Duration) -> Self {
        Self { reconnection_time: Some(time), ..Self::EMPTY }
    }

    /// A block that moves the receiver's last event ID without firing an event.
    ///
    /// # Errors
    ///
    /// As for [`with_id`](Self::with_id).
    ///
    /// ```
    /// # use sse_proto::Frame;
    /// assert_eq!(Frame::cursor("42")?.to_string(), "id: 42\n\n");
    /// # Ok::<(), sse_proto::FrameError>(())
    /// ```
    pub fn cursor(id: &'a str) -> Result<Self, FrameError> {
        Self::EMPTY.with_id(id)
    }

    /// This frame with an event type. The empty type is no type: `message`.
    ///
    /// # Errors
    ///
    /// If the event type holds CR or LF.
    ///
    /// ```
    /// # use sse_proto::Frame;
    /// let error = Frame::message("").with_event_type("end\nid: 1").unwrap_err();
    /// assert_eq!((error.byte, error.offset), (b'\n', 3));
    /// ```
    // As with `with_id`.
    #[inline(always)]
    pub fn with_event_type(self, event_type: &'a str) -> Result<Self, FrameError> {
        check(Part::EventType, event_type)?;
        Ok(Self { event_type: (!event_type.is_empty()).then_some(event_type), ..self })
    }

    /// This frame with an ID. The empty ID resets the receiver's last event ID.
    ///
    /// # Errors
    ///
    /// If the ID could not come back: a receiver sends it in the header field `Last-Event-ID`, and a field value
    /// ([RFC 9110 5.5](https://www.rfc-editor.org/rfc/rfc9110#section-5.5)) holds no control character but tab, and
    /// neither space nor tab at its start or end. Servers refuse such a request for good, or read another ID.
    ///
    /// ```
    /// # use sse_proto::Frame;
    /// assert_eq!(Frame::message("1").with_id("7")?.to_string(), "id: 7\ndata: 1\n\n");
    /// assert_eq!(Frame::message("1").with_id("7\0").unwrap_err().offset, 1);
    /// assert_eq!(Frame::message("1").with_id("7 ").unwrap_err().byte, b' ');
    /// # Ok::<(), sse_proto::FrameError>(())
    /// ```
    // A call would copy the whole frame in and out, which takes more code than this.
    #[inline(always)]
    pub fn with_id(self, id: &'a str) -> Result<Self, FrameError> {
        check(Part::LastEventId, id)?;
        Ok(Self { id: Some(id), ..self })
    }

    /// This frame with a reconnection time, in whole milliseconds.
    ///
    /// ```
    /// # use sse_proto::Frame;
    /// # use core::time::Duration;
    /// let frame = Frame::message("1").with_reconnection_time(Duration::from_millis(500));
    /// assert_eq!(frame.to_string(), "retry: 500\ndata: 1\n\n");
    /// ```
    #[must_use]
    pub const fn with_reconnection_time(self, time: Duration) -> Self {
        Self { reconnection_time: Some(time), ..self }
    }

    /// This frame with a comment before it.
    ///
    /// ```
    /// # use sse_proto::Frame;
    /// assert_eq!(Frame::message("1").with_comment("hi").to_string(), ": hi\ndata: 1\n\n");
    /// ```
    #[must_use]
    pub const fn with_comment(self, text: &'a str) -> Self {
        Self { comment: Some(text), ..self }
    }

    /// The data, if there is any: without it the frame is no event.
    ///
    /// ```
    /// # use sse_proto::Frame;
    /// assert_eq!(Frame::message("1").data(), Some("1"));
    /// assert_eq!(Frame::comment("1").data(), None);
    /// ```
    #[must_use]
    pub const fn data(&self) -> Option<&'a str> {
        self.data
    }

    /// The event type, if the frame names one: never empty.
    ///
    /// ```
    /// # use sse_proto::Frame;
    /// assert_eq!(Frame::message("1").with_event_type("add")?.event_type(), Some("add"));
    /// assert_eq!(Frame::message("1").event_type(), None);
    /// # Ok::<(), sse_proto::FrameError>(())
    /// ```
    #[must_use]
    pub const fn event_type(&self) -> Option<&'a str> {
        self.event_type
    }

    /// The ID, if the frame has one: the empty one resets the receiver's.
    ///
    /// ```
    /// # use sse_proto::Frame;
    /// assert_eq!(Frame::cursor("42")?.id(), Some("42"));
    /// # Ok::<(), sse_proto::FrameError>(())
    /// ```
    #[must_use]
    pub const fn id(&self) -> Option<&'a str> {
        self.id
    }

    /// The reconnection time, if the frame sets one.
    ///
    /// ```
    /// # use sse_proto::Frame;
    /// # use core::time::Duration;
    /// let time = Duration::from_secs(10);
    /// assert_eq!(Frame::retry(time).reconnection_time(), Some(time));
    /// ```
    #[must_use]
    pub const fn reconnection_time(&self) -> Option<Duration> {
        self.reconnection_time
    }

    /// The text of the comment, if there is one.
    ///
    /// ```
    /// # use sse_proto::Frame;
    /// assert_eq!(Frame::comment("beat").comment_text(), Some("beat"));
    /// ```
    #[must_use]
    pub const fn comment_text(&self) -> Option<&'a str> {
        self.comment
    }

    /// The exact number of bytes of the encoded frame.
    ///
    /// ```
    /// # use sse_proto::Frame;
    /// assert_eq!(Frame::message("1").encoded_len(), "data: 1\n\n".len());
    /// ```
    #[must_use]
    pub fn encoded_len(&self) -> usize {
        let mut length = Length(0);
        self.write(&mut length);
        length.0
    }

    /// The slices that the encoded frame consists of, in order: they lie where the texts of the frame lie, and nothing is
    /// copied.
    ///
    /// Two for each line (the first one is the end of the line before and the field's name), one for each digit of a
    /// reconnection time, and the last line ending. Write them one after the other, or gathered:
    ///
    /// ```
    /// use std::io::{self, ErrorKind, IoSlice, Write};
    /// use sse_proto::Frame;
    ///
    /// fn send(frame: &Frame<'_>, socket: &mut impl Write) -> io::Result<()> {
    ///     let mut pieces: Vec<IoSlice<'_>> = frame.pieces().map(IoSlice::new).collect();
    ///     let mut rest = &mut pieces[..];
    ///     while !rest.is_empty() {
    ///         match socket.write_vectored(rest) {
    ///             Ok(0) => return Err(ErrorKind::WriteZero.into()),
    ///             Ok(length) => IoSlice::advance_slices(&mut rest, length),
    ///             Err(error) if error.kind() == ErrorKind::Interrupted => {}
    ///             Err(error) => return Err(error),
    ///         }
    ///     }
    ///     Ok(())
    /// }
    ///
    /// let frame = Frame::message("two\nlines");
    /// assert!(frame.pieces().eq([&b"data: "[..], b"two", b"\ndata: ", b"lines", b"\n\n"]));
    /// let mut socket = Vec::new();
    /// send(&frame, &mut socket)?;
    /// assert_eq!(socket, frame.to_string().as_bytes());
    /// # Ok::<(), io::Error>(())
    /// ```
    #[must_use]
    pub const fn pieces(&self) -> Pieces<'a> {
        let Self { comment, event_type, id, reconnection_time, data } = *self;
        Pieces::new(Values { comment, event_type, id, reconnection_time, data })
    }

    /// Encodes the frame into the start of `buffer` and returns its length.
    ///
    /// # Errors
    ///
    /// If the frame does not fit; the error says how many bytes it needs. The content of
    /// `buffer` is then unspecified.
    ///
    /// ```
    /// # use sse_proto::Frame;
    /// let mut buffer = [0; 16];
    /// let length = Frame::message("1").encode_into(&mut buffer)?;
    /// assert_eq!(&buffer[..length], b"data: 1\n\n");
    /// assert_eq!(Frame::message("1").encode_into(&mut buffer[..8]).unwrap_err().needed, 9);
    /// # Ok::<(), sse_proto::BufferTooSmall>(())
    /// ```
    pub fn encode_into(&self, buffer: &mut [u8]) -> Result<usize, BufferTooSmall> {
        let size = buffer.len();
        let mut out = Bytes { buffer, length: 0 };
        self.write(&mut out);
        if out.length <= size { Ok(out.length) } else { Err(BufferTooSmall { needed: out.length }) }
    }

    /// Appends the encoded frame to `bytes`.
    ///
    /// ```
    /// # use sse_proto::Frame;
    /// let mut bytes = Vec::new();
    /// Frame::message("1").append_to(&mut bytes);
    /// assert_eq!(bytes, b"data: 1\n\n");
    /// ```
    #[cfg(feature = "alloc")]
    pub fn append_to(&self, bytes: &mut alloc::vec::Vec<u8>) {
        self.write(bytes);
    }

    fn write(&self, out: &mut impl Out) {
        self.write_before_data(out);
        if let Some(data) = self.data {
            write_lines(out, b"data:", data.as_bytes());
        }
        out.put(b"\n");
    }

    pub(crate) fn write_before_data(&self, out: &mut impl Out) {
        if let Some(text) = self.comment {
            write_lines(out, b":", text.as_bytes());
        }
        if let Some(event_type) = self.event_type {
            write_line(out, b"event:", event_type.as_bytes());
        }
        if let Some(id) = self.id {
            write_line(out, b"id:", id.as_bytes());
        }
        if let Some(time) = self.reconnection_time {
            write_line(out, b"retry:", milliseconds(time, &mut [0; 20]));
        }
    }
}

/// The encoded frame, for anything that takes text: [`core::fmt::Write`] by `write!(out, "{frame}")`.
impl fmt::Display for Frame<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut out = Text { f, result: Ok(()) };
        self.write(&mut out);
        out.result
    }
}
