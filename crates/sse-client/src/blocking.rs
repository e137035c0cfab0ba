//! The same event source for programs without async.

use crate::item::Item;
use crate::net;
use crate::source::EventSource;
use std::fmt;
use std::pin::pin;
use std::time::Duration;

/// An iterator over the items of an event source that blocks the thread until the next.
///
/// ```
/// fn first_event(mut items: sse_client::Blocking<'_>) -> Option<String> {
///     items.find_map(|item| match item {
///         sse_client::Item::Event(event) => Some(event.data),
///         _ => None,
///     })
/// }
/// ```
#[derive(Debug)]
pub struct Blocking<'a>(&'a mut EventSource);

impl EventSource {
    /// Iterates without async. The iterator ends when the source is closed; drop it to use the
    /// source in between.
    ///
    /// ```no_run
    /// use sse_client::{EventSource, Item};
    ///
    /// let mut source = EventSource::new("http://127.0.0.1:8080/events")?;
    /// for item in source.blocking() {
    ///     if let Item::Event(event) = item {
    ///         println!("{}", event.data);
    ///     }
    /// }
    /// # Ok::<(), sse_client::BuildError>(())
    /// ```
    pub fn blocking(&mut self) -> Blocking<'_> {
        Blocking(self)
    }
}

impl Blocking<'_> {
    /// The source, for example to close it inside the loop.
    ///
    /// ```
    /// fn close_after_one(source: &mut sse_client::EventSource) {
    ///     let mut items = source.blocking();
    ///     items.next();
    ///     items.source().close();
    /// }
    /// ```
    pub fn source(&mut self) -> &mut EventSource {
        self.0
    }

    /// The next item, if one comes within `limit`; `None` once the source is closed.
    ///
    /// # Errors
    ///
    /// If nothing comes in time. Nothing is lost by that: the next call goes on waiting.
    ///
    /// ```
    /// use std::time::Duration;
    ///
    /// fn wait(source: &mut sse_client::EventSource) -> bool {
    ///     source.blocking().next_timeout(Duration::from_secs(1)).is_ok()
    /// }
    /// ```
    pub fn next_timeout(&mut self, limit: Duration) -> Result<Option<Item>, TimedOut> {
        net::block_on(net::within(Some(limit), pin!(self.0.next()))).ok_or(TimedOut)
    }
}

/// Nothing came within the time of [`Blocking::next_timeout`]. The source goes on.
///
/// ```
/// assert_eq!(sse_client::TimedOut.to_string(), "nothing came in time");
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct TimedOut;

impl fmt::Display for TimedOut {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("nothing came in time")
    }
}

impl std::error::Error for TimedOut {}

impl Iterator for Blocking<'_> {
    type Item = Item;

    fn next(&mut self) -> Option<Item> {
        net::block_on(self.0.next())
    }
}
