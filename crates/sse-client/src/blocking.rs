//! The same event source for programs without async.

use crate::item::Item;
use crate::net;
use crate::source::EventSource;

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
}

impl Iterator for Blocking<'_> {
    type Item = Item;

    fn next(&mut self) -> Option<Item> {
        net::block_on(self.0.next())
    }
}
