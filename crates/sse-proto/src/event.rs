//! What comes out of the decoder. Imports `core` and the frame to turn it back into bytes.

use core::time::Duration;

use crate::Frame;

/// A received event.
///
/// The strings are borrowed from the chunk or from the decoder's storage.
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
    #[must_use]
    pub fn event_type(&self) -> &'a str {
        if self.event_type.is_empty() {
            "message"
        } else {
            self.event_type
        }
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
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Item<'a> {
    /// A blank line has dispatched an event.
    Event(Event<'a>),
    /// A comment line, without its colon and without one space after it.
    Comment(&'a str),
    /// A `retry` field has set the reconnection time.
    ReconnectionTime(Duration),
    /// A block with an `id` field but without data has set the last event ID, without an event.
    LastEventId(&'a str),
}

impl<'a> Item<'a> {
    /// The frame that a receiver reads as this very item.
    #[must_use]
    pub fn to_frame(&self) -> Frame<'a> {
        match *self {
            Self::Event(event) => event.to_frame(),
            Self::Comment(text) => Frame::comment(text),
            Self::ReconnectionTime(time) => Frame::retry(time),
            Self::LastEventId(id) => Frame {
                id: Some(id),
                ..Frame::EMPTY
            },
        }
    }
}
