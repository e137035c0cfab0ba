//! What can go wrong, and what to do about it. Imports `core` only.

use core::fmt;

/// The part of a block that an error is about.
///
/// ```
/// assert_eq!(sse_proto::Part::LastEventId.to_string(), "last event ID");
/// ```
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Part {
    /// A line, as the line reader of the lower layer sees it.
    Line,
    /// The data of an event: its `data` lines joined by a line feed.
    Data,
    /// The event type: the value of an `event` field.
    EventType,
    /// The last event ID: the value of an `id` field.
    LastEventId,
    /// A comment: the text of a line that begins with a colon.
    Comment,
}

impl Part {
    /// Whether it is what the storage has most room for.
    pub(crate) const fn is_data(self) -> bool {
        matches!(self, Self::Data | Self::Line)
    }

    const fn name(self) -> &'static str {
        match self {
            Self::Line => "line",
            Self::Data => "data",
            Self::EventType => "event type",
            Self::LastEventId => "last event ID",
            Self::Comment => "comment",
        }
    }
}

impl fmt::Display for Part {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

/// A part of the stream was longer than the storage of the decoder allows.
///
/// Reported once, as soon as it is known. The rest of the block that the part belongs to is
/// skipped, nothing of it is delivered and the last event ID stays where it was; the event
/// after the next blank line is right. A comment is no part of a block: when a comment is
/// too long, only that comment is skipped.
///
/// ```
/// use sse_proto::{Decoder, Fixed};
///
/// let mut decoder = Decoder::with_storage(Fixed::<8, 8>::new());
/// let error = decoder.next(&mut &b"data: too long for it"[..]).unwrap().unwrap_err();
/// assert!(error.to_string().starts_with("the data is longer than its limit of 8 bytes"));
/// ```
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub struct LimitExceeded {
    /// What was too long.
    pub part: Part,
    /// The most bytes that this part may have.
    pub limit: usize,
}

impl fmt::Display for LimitExceeded {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { part, limit } = self;
        write!(
            f,
            "the {part} is longer than its limit of {limit} bytes: skipped; raise the limit to receive it"
        )
    }
}

impl core::error::Error for LimitExceeded {}

/// A value cannot be carried by an event stream.
///
/// An event type cannot hold CR or LF: the receiver would read something else than what was sent. An ID
/// must be able to come back in a request's header field: no control character but tab, and neither
/// space nor tab at its start or end.
///
/// ```
/// let error = sse_proto::Frame::cursor("4\n2").unwrap_err();
/// assert_eq!(
///     error.to_string(),
///     "the last event ID cannot carry byte 0x0A at offset 1: remove or escape it"
/// );
/// ```
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub struct FrameError {
    /// Which value it is.
    pub part: Part,
    /// The byte that cannot be carried where it stands.
    pub byte: u8,
    /// Where that byte stands in the value, counted in bytes from 0.
    pub offset: usize,
}

impl fmt::Display for FrameError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { part, byte, offset } = self;
        write!(
            f,
            "the {part} cannot carry byte 0x{byte:02X} at offset {offset}: remove or escape it"
        )
    }
}

impl core::error::Error for FrameError {}

/// The buffer handed to [`Frame::encode_into`](crate::Frame::encode_into) is too small.
///
/// ```
/// let error = sse_proto::Frame::message("1").encode_into(&mut [0; 4]).unwrap_err();
/// assert_eq!(error.to_string(), "the buffer is too small: the frame needs 9 bytes");
/// ```
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub struct BufferTooSmall {
    /// The bytes that the frame needs.
    pub needed: usize,
}

impl fmt::Display for BufferTooSmall {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "the buffer is too small: the frame needs {} bytes", self.needed)
    }
}

impl core::error::Error for BufferTooSmall {}

/// A frame whose data is formatted could not be encoded into a buffer.
///
/// ```
/// use sse_proto::Frame;
///
/// let error = Frame::message("").with_formatted_data(1).encode_into(&mut [0; 4]).unwrap_err();
/// assert_eq!(error.to_string(), "the buffer is too small: the frame needs 9 bytes");
/// ```
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum EncodeError {
    /// The buffer is too small.
    BufferTooSmall(BufferTooSmall),
    /// The `Display` of the data returned an error of its own.
    Data,
}

impl fmt::Display for EncodeError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::BufferTooSmall(error) => error.fmt(f),
            Self::Data => {
                f.write_str("the data could not be formatted: its Display returned an error")
            }
        }
    }
}

impl core::error::Error for EncodeError {}

/// An ID cannot become the last event ID of a decoder.
///
/// ```
/// use sse_proto::{Decoder, Fixed, LastEventIdError};
///
/// let mut decoder = Decoder::with_storage(Fixed::<8, 4>::new());
/// assert!(matches!(decoder.set_last_event_id("1\n"), Err(LastEventIdError::Invalid(_))));
/// assert!(matches!(decoder.set_last_event_id("12345"), Err(LastEventIdError::TooLong(_))));
/// ```
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum LastEventIdError {
    /// It holds CR, LF or NUL, so no event stream can have carried it.
    Invalid(FrameError),
    /// It is longer than the storage of the decoder allows.
    TooLong(LimitExceeded),
}

impl fmt::Display for LastEventIdError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Invalid(error) => error.fmt(f),
            Self::TooLong(error) => error.fmt(f),
        }
    }
}

impl core::error::Error for LastEventIdError {}
