//! What comes out of the decoder. Imports `core` and the frame to turn it back into bytes.

use core::hash::{Hash, Hasher};
use core::time::Duration;

use crate::error::FrameError;
use crate::frame::Frame;
use crate::text::Text;

/// A received event: what section 9.2.6 makes a `MessageEvent` of.
///
/// The strings are borrowed from the chunk or from the decoder's storage, until its next call.
/// They hold no CR; the data may hold LF, the event type and the ID do not.
///
/// Of a [decoder for bytes](crate::Decoder::for_bytes) they are bytes: `T` is `[u8]`.
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
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
#[derive(Debug)]
pub struct Event<'a, T: ?Sized = str> {
    pub(crate) event_type: &'a T,
    pub(crate) data: &'a T,
    pub(crate) last_event_id: &'a T,
    /// The block had an `id` field of its own.
    pub(crate) has_id: bool,
}

impl<T: ?Sized> Clone for Event<'_, T> {
    fn clone(&self) -> Self {
        *self
    }
}

impl<T: ?Sized> Copy for Event<'_, T> {}

/// Events are equal if all that can be asked of them is.
impl<T: Text + ?Sized> PartialEq for Event<'_, T> {
    fn eq(&self, other: &Self) -> bool {
        self.values() == other.values()
    }
}

impl<T: Text + ?Sized> Eq for Event<'_, T> {}

impl<T: Text + ?Sized> Hash for Event<'_, T> {
    fn hash<H: Hasher>(&self, state: &mut H) {
        self.values().hash(state);
    }
}

impl<'a, T: Text + ?Sized> Event<'a, T> {
    fn values(&self) -> [&'a T; 3] {
        [self.event_type(), self.data, self.last_event_id]
    }

    /// The event type: `message` when the block named none.
    ///
    /// "If the event type buffer has a value other than the empty string, change the type of the
    /// newly created event to equal the value of the event type buffer."
    #[must_use]
    pub fn event_type(&self) -> &'a T {
        // "Initialize event's type attribute to "message""
        if self.event_type.bytes().is_empty() { T::MESSAGE } else { self.event_type }
    }

    /// The data: the values of the block's `data` fields, joined by a line feed.
    #[must_use]
    pub fn data(&self) -> &'a T {
        self.data
    }

    /// The last event ID at the time of this event: its own, or that of an earlier block.
    #[must_use]
    pub fn last_event_id(&self) -> &'a T {
        self.last_event_id
    }
}

impl<'a> Event<'a> {
    /// The frame that a receiver reads as this very event, whatever its last event ID was.
    ///
    /// So the frame has an ID even if the block had none, unless no block so far had one: the
    /// receiver behind a relay that filters can resume from every event that it has seen.
    ///
    /// # Errors
    ///
    /// If the last event ID is one that no request can carry back, as for [`Frame::with_id`]: a stream may
    /// set such an ID. The event can be sent without it, by
    /// [`to_frame_without_id`](Self::to_frame_without_id).
    ///
    /// ```
    /// use sse_proto::{Decoder, Fixed};
    ///
    /// let mut decoder = Decoder::with_storage(Fixed::<64, 16>::new());
    /// let event = decoder.next_event(&mut &b"id:7\rdata:a\rdata:b\r\r"[..]).unwrap()?;
    /// let mut buffer = [0; 64];
    /// let length = event.to_frame()?.encode_into(&mut buffer).unwrap();
    /// assert_eq!(&buffer[..length], b"id: 7\ndata: a\ndata: b\n\n");
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn to_frame(&self) -> Result<Frame<'a>, FrameError> {
        let frame = self.to_frame_without_id();
        if self.has_id || !self.last_event_id.is_empty() {
            return frame.with_id(self.last_event_id);
        }
        Ok(frame)
    }

    /// A frame with the type and the data of this event. The last event ID of its receiver stays what it was before: one
    /// that comes back asks for this event once more.
    ///
    /// ```
    /// use sse_proto::{Decoder, Fixed};
    ///
    /// let mut decoder = Decoder::with_storage(Fixed::<64, 16>::new());
    /// let event = decoder.next_event(&mut &b"id: 7 \ndata: a\n\n"[..]).unwrap()?;
    /// let frame = event.to_frame().unwrap_or_else(|error| {
    ///     assert_eq!((error.byte, error.offset), (b' ', 1));
    ///     event.to_frame_without_id()
    /// });
    /// assert_eq!(frame.to_string(), "data: a\n\n");
    /// # Ok::<(), sse_proto::LimitExceeded>(())
    /// ```
    #[must_use]
    pub fn to_frame_without_id(&self) -> Frame<'a> {
        let mut frame = Frame::message(self.data);
        // It was the end of a line, and has no line break.
        frame.event_type = (!self.event_type.is_empty()).then_some(self.event_type);
        frame
    }
}

/// What a decoder finds in an event stream, in the order of the stream.
///
/// An event source shows events only. The rest is for those who need to know that the other side is
/// alive, when to come back, and from where. Of a [decoder for bytes](crate::Decoder::for_bytes) the values are bytes.
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
#[derive(Debug, PartialEq, Eq, Hash)]
pub enum Item<'a, T: Text + ?Sized = str> {
    /// A blank line has dispatched an event.
    Event(Event<'a, T>),
    /// A comment line, without its colon and without one space after it. It is there as soon as
    /// its line has ended, before the event of the block that it stands in.
    Comment(&'a T),
    /// A `retry` field has set the reconnection time: at once, not with the end of the block.
    ReconnectionTime(Duration),
    /// A block with an `id` field but without data has set the last event ID, without an event.
    LastEventId(&'a T),
}

impl<T: Text + ?Sized> Clone for Item<'_, T> {
    fn clone(&self) -> Self {
        *self
    }
}

impl<T: Text + ?Sized> Copy for Item<'_, T> {}

impl<'a> Item<'a> {
    /// The frame that a receiver reads as this very item.
    ///
    /// # Errors
    ///
    /// If it has an ID that no request can carry back: [`Event::to_frame`].
    ///
    /// ```
    /// use sse_proto::{Decoder, Fixed, Item};
    ///
    /// let mut decoder = Decoder::with_storage(Fixed::<64, 16>::new());
    /// let item = decoder.next(&mut &b"retry:10\n"[..]).unwrap()?;
    /// assert_eq!(item.to_frame()?.to_string(), "retry: 10\n\n");
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn to_frame(&self) -> Result<Frame<'a>, FrameError> {
        match *self {
            Self::Event(event) => event.to_frame(),
            Self::Comment(text) => Ok(Frame::comment(text)),
            Self::ReconnectionTime(time) => Ok(Frame::retry(time)),
            Self::LastEventId(id) => Frame::cursor(id),
        }
    }
}
