//! What comes out of the decoder. Imports `core` and the frame to turn it back into bytes.

use core::time::Duration;

use crate::Frame;

/// A received event: what section 9.2.6 makes a `MessageEvent` of.
///
/// The strings are borrowed from the chunk or from the decoder's storage, until its next call.
/// They hold no CR; the data may hold LF, the event type and the ID do not.
///
/// ```
/// use sse_proto::{Decoder, Fixed};
///
/// let mut decoder = Decoder::with_storage(Fixed::<64, 16>::new());
/// let event = decoder.next_event(&mut &b"event: add\ndata: 1\ndata: 2\nid: 7\n\n"[..]).unwrap()?;
/// assert_eq!(event.event_type(), "add");
/// assert_eq!(event.data(), "1\n2");
/// assert_eq!(event.last_event_id(), "7");
/// # Ok::<(), sse_proto::LimitExceeded>(())
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Event<'a> {
    pub(crate) event_type: &'a str,
    pub(crate) data: &'a str,
    pub(crate) last_event_id: &'a str,
    /// The block had an `id` field of its own.
    pub(crate) has_id: bool,
}

impl<'a> Event<'a> {
    /// The event type: `message` when the block named none.
    ///
    /// "If the event type buffer has a value other than the empty string, change the type of the
    /// newly created event to equal the value of the event type buffer."
    #[must_use]
    pub fn event_type(&self) -> &'a str {
        // "Initialize event's type attribute to "message""
        if self.event_type.is_empty() { "message" } else { self.event_type }
    }

    /// The data: the values of the block's `data` fields, joined by a line feed.
    #[must_use]
    pub fn data(&self) -> &'a str {
        self.data
    }

    /// The last event ID at the time of this event: its own, or that of an earlier block.
    #[must_use]
    pub fn last_event_id(&self) -> &'a str {
        self.last_event_id
    }

    /// The frame that a receiver reads as this very event, whatever its last event ID was.
    ///
    /// So the frame has an ID even if the block had none, unless no block so far had one: the
    /// receiver behind a relay that filters can resume from every event that it has seen.
    ///
    /// ```
    /// use sse_proto::{Decoder, Fixed};
    ///
    /// let mut decoder = Decoder::with_storage(Fixed::<64, 16>::new());
    /// let event = decoder.next_event(&mut &b"id:7\rdata:a\rdata:b\r\r"[..]).unwrap()?;
    /// let mut buffer = [0; 64];
    /// let length = event.to_frame().encode_into(&mut buffer).unwrap();
    /// assert_eq!(&buffer[..length], b"id: 7\ndata: a\ndata: b\n\n");
    /// # Ok::<(), sse_proto::LimitExceeded>(())
    /// ```
    #[must_use]
    pub fn to_frame(&self) -> Frame<'a> {
        Frame {
            event_type: (!self.event_type.is_empty()).then_some(self.event_type),
            id: (self.has_id || !self.last_event_id.is_empty()).then_some(self.last_event_id),
            ..Frame::message(self.data)
        }
    }
}

/// What a decoder finds in an event stream, in the order of the stream.
///
/// An event source shows events only. The rest is for those who need to know that the other side is
/// alive, when to come back, and from where.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Item<'a> {
    /// A blank line has dispatched an event.
    Event(Event<'a>),
    /// A comment line, without its colon and without one space after it. It is there as soon as
    /// its line has ended, before the event of the block that it stands in.
    Comment(&'a str),
    /// A `retry` field has set the reconnection time: at once, not with the end of the block.
    ReconnectionTime(Duration),
    /// A block with an `id` field but without data has set the last event ID, without an event.
    LastEventId(&'a str),
}

impl<'a> Item<'a> {
    /// The frame that a receiver reads as this very item.
    ///
    /// ```
    /// use sse_proto::{Decoder, Fixed, Item};
    ///
    /// let mut decoder = Decoder::with_storage(Fixed::<64, 16>::new());
    /// let item = decoder.next(&mut &b"retry:10\n"[..]).unwrap()?;
    /// assert_eq!(item.to_frame().to_string(), "retry: 10\n\n");
    /// # Ok::<(), sse_proto::LimitExceeded>(())
    /// ```
    #[must_use]
    pub fn to_frame(&self) -> Frame<'a> {
        match *self {
            Self::Event(event) => event.to_frame(),
            Self::Comment(text) => Frame::comment(text),
            Self::ReconnectionTime(time) => Frame::retry(time),
            Self::LastEventId(id) => Frame { id: Some(id), ..Frame::EMPTY },
        }
    }
}
