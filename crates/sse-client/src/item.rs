//! What an event source delivers. Pure.

use crate::error::Error;
use crate::head::Head;
use std::borrow::Cow;
use std::time::Duration;

/// One thing that happened, owned.
///
/// ```
/// use sse_client::Item;
///
/// fn word(item: &Item) -> &str {
///     match item {
///         Item::Open(_) => "open",
///         Item::Event(event) => &event.data,
///         Item::Error(error) if error.is_final() => "over",
///         _ => "",
///     }
/// }
/// ```
#[derive(Debug)]
#[non_exhaustive]
pub enum Item {
    /// The connection is open; again after each reconnect.
    Open(Open),
    /// An event.
    Event(Event),
    /// A comment, without its colon and one space after that, if there is one; only if
    /// [`Builder::details`](crate::Builder::details) asked for it.
    Comment(String),
    /// The stream has set the reconnection time; only if details were asked for.
    ReconnectionTime(Duration),
    /// The last event ID was set without an event; only if details were asked for.
    LastEventId(String),
    /// A line that is no field of the standard, which ignores it: an error as bare JSON or HTML, for
    /// example. Of a long one the beginning, as much as a comment may have. Only if details were
    /// asked for.
    Ignored(String),
    /// The connection is lost, or was never made, or an event was too large.
    Error(Error),
}

/// One thing that happened; what came from the stream is borrowed from the read buffer.
///
/// ```
/// use sse_client::ItemRef;
///
/// fn word<'a>(item: &ItemRef<'a>) -> &'a str {
///     match item {
///         ItemRef::Event(event) => event.data(),
///         _ => "",
///     }
/// }
/// ```
#[derive(Debug)]
#[non_exhaustive]
pub enum ItemRef<'a> {
    /// The connection is open; again after each reconnect.
    Open(Open),
    /// An event.
    Event(sse_proto::Event<'a>),
    /// A comment, without its colon and one space after that, if there is one; only if
    /// [`Builder::details`](crate::Builder::details) asked for it.
    Comment(&'a str),
    /// The stream has set the reconnection time; only if details were asked for.
    ReconnectionTime(Duration),
    /// The last event ID was set without an event; only if details were asked for.
    LastEventId(&'a str),
    /// A line that is no field of the standard, which ignores it: an error as bare JSON or HTML, for
    /// example. Of a long one the beginning, as much as a comment may have. Only if details were
    /// asked for.
    Ignored(&'a str),
    /// The connection is lost, or was never made, or an event was too large.
    Error(Error),
}

/// A received event. None of its texts is larger than [`Limits`](crate::Limits) allow.
///
/// ```
/// fn line(event: &sse_client::Event) -> String {
///     format!("#{} {}: {}", event.last_event_id, event.event_type, event.data)
/// }
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Event {
    /// The event type: `message` if the stream named none, which takes no allocation.
    pub event_type: Cow<'static, str>,
    /// The data; its lines are joined by a line feed.
    pub data: String,
    /// The last event ID as this event left it; empty if the stream has set none.
    pub last_event_id: String,
}

/// The response that opened a stream.
///
/// ```
/// fn tell(open: &sse_client::Open) {
///     println!("{} by {:?}", open.url(), open.head().header("server"));
/// }
/// ```
#[derive(Debug, Clone)]
pub struct Open {
    /// Apart, because it is larger than an event, which comes by the same enum.
    response: Box<Opening>,
}

#[derive(Debug, Clone)]
struct Opening {
    url: String,
    head: Head,
}

impl Open {
    pub(crate) fn new(url: String, head: Head) -> Self {
        Self { response: Box::new(Opening { url, head }) }
    }

    /// The URL after redirects, without user and password.
    ///
    /// ```
    /// fn tell(open: &sse_client::Open) {
    ///     println!("listening to {}", open.url());
    /// }
    /// ```
    #[must_use]
    pub fn url(&self) -> &str {
        &self.response.url
    }

    /// The status, which is 200, and the header fields.
    ///
    /// ```
    /// fn server(open: &sse_client::Open) -> Option<&str> {
    ///     open.head().header("server")
    /// }
    /// ```
    #[must_use]
    pub fn head(&self) -> &Head {
        &self.response.head
    }
}

impl ItemRef<'_> {
    /// Copies what is borrowed.
    ///
    /// ```
    /// async fn next(source: &mut sse_client::EventSource) -> Option<sse_client::Item> {
    ///     source.next_ref().await.map(|item| item.into_owned())
    /// }
    /// ```
    // As the event itself: put together where it is used.
    #[must_use]
    #[inline(always)]
    pub fn into_owned(self) -> Item {
        match self {
            Self::Open(open) => Item::Open(open),
            Self::Event(event) => Item::Event(Event {
                event_type: match event.event_type() {
                    "message" => Cow::Borrowed("message"),
                    other => Cow::Owned(other.to_owned()),
                },
                data: event.data().to_owned(),
                last_event_id: event.last_event_id().to_owned(),
            }),
            Self::Comment(text) => Item::Comment(text.to_owned()),
            Self::ReconnectionTime(time) => Item::ReconnectionTime(time),
            Self::LastEventId(id) => Item::LastEventId(id.to_owned()),
            Self::Ignored(line) => Item::Ignored(line.to_owned()),
            Self::Error(error) => Item::Error(error),
        }
    }
}
