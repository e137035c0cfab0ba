//! An event that borrows nothing. Imports `alloc` and the event.

use alloc::borrow::{Cow, ToOwned};
use alloc::string::String;

use crate::event::Event;

/// An [`Event`] with texts of its own.
///
/// ```
/// use sse_proto::{Decoder, OwnedEvent};
///
/// let mut decoder = Decoder::new();
/// let event = decoder.next_event(&mut &b"event: add\ndata: 1\nid: 7\n\n"[..]).unwrap()?;
/// let OwnedEvent { event_type, data, last_event_id, .. } = event.into_owned();
/// assert_eq!((&*event_type, &*data, &*last_event_id), ("add", "1", "7"));
/// # Ok::<(), sse_proto::LimitExceeded>(())
/// ```
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[non_exhaustive]
pub struct OwnedEvent {
    /// The event type: `message` when the block named none, which is most of them and takes no allocation.
    #[cfg_attr(feature = "serde", serde(rename = "type"))]
    pub event_type: Cow<'static, str>,
    /// The data: the values of the block's `data` fields, joined by a line feed.
    pub data: String,
    /// The last event ID at the time of this event: its own, or that of an earlier block.
    #[cfg_attr(feature = "serde", serde(rename = "lastEventId", default))]
    pub last_event_id: String,
}

impl Event<'_> {
    /// The event with texts of its own: each is copied once, from where it lies. Of what is empty, and of the type
    /// `message`, nothing is allocated.
    #[must_use]
    #[inline(always)]
    pub fn into_owned(self) -> OwnedEvent {
        OwnedEvent {
            event_type: match self.event_type() {
                "message" => Cow::Borrowed("message"),
                event_type => Cow::Owned(event_type.to_owned()),
            },
            data: self.data().to_owned(),
            last_event_id: self.last_event_id().to_owned(),
        }
    }
}

impl From<Event<'_>> for OwnedEvent {
    fn from(event: Event<'_>) -> Self {
        event.into_owned()
    }
}

impl OwnedEvent {
    /// The same event, borrowed: to be sent on by [`Event::to_frame`], for instance.
    ///
    /// ```
    /// use sse_proto::Decoder;
    ///
    /// let mut decoder = Decoder::new();
    /// let event = decoder.next_event(&mut &b"id:7\ndata:1\n\n"[..]).unwrap()?.into_owned();
    /// assert_eq!(event.as_event().to_frame()?.to_string(), "id: 7\ndata: 1\n\n");
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    #[must_use]
    pub fn as_event(&self) -> Event<'_> {
        Event {
            event_type: match &*self.event_type {
                "message" => "",
                event_type => event_type,
            },
            data: &self.data,
            last_event_id: &self.last_event_id,
            has_id: false,
        }
    }
}
