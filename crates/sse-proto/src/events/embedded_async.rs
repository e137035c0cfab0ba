//! Events of an `embedded_io_async::Read`. Imports embedded-io-async.

use embedded_io_async::Read;

use super::{Events, ReadError, Window, event};
use crate::decoder::Decoder;
use crate::event::Event;
use crate::storage::Storage;

/// The source of [`Events::from_embedded_async`].
#[derive(Clone, Debug)]
pub struct EmbeddedAsyncReader<R, B> {
    reader: R,
    window: Window<B>,
}

impl<R: Read, B: AsRef<[u8]> + AsMut<[u8]>, T: Storage> Events<EmbeddedAsyncReader<R, B>, T> {
    /// The events of a reader: it is read into `buffer`, which is an array or lent, and may have any size but zero.
    ///
    /// ```
    /// use futures_lite::future::block_on;
    /// use sse_proto::{Decoder, Events, Fixed};
    ///
    /// let decoder = Decoder::with_storage(Fixed::<256, 64>::new());
    /// let mut events = Events::from_embedded_async(&b"data: a\n\nid: 1\n\n"[..], [0; 8], decoder);
    /// while let Some(event) = block_on(events.lend()) {
    ///     assert_eq!(event.unwrap().data(), "a");
    /// }
    /// assert_eq!(events.last_event_id(), "1");
    /// ```
    #[must_use]
    pub const fn from_embedded_async(reader: R, buffer: B, decoder: Decoder<T>) -> Self {
        Self { source: EmbeddedAsyncReader { reader, window: Window::new(buffer) }, decoder }
    }

    /// The next event, lent: it borrows from the buffer or the decoder. `None` at the end of the source.
    ///
    /// No event is lost if the future is dropped, as long as the reader loses no byte then.
    ///
    /// # Errors
    ///
    /// As [`ReadError`] says.
    pub async fn lend(&mut self) -> Option<Result<Event<'_>, ReadError<R::Error>>> {
        let EmbeddedAsyncReader { reader, window } = &mut self.source;
        let start = loop {
            match window.find(&mut self.decoder) {
                Some(Ok(start)) => break start,
                Some(Err(error)) => return Some(Err(error.into())),
                None => {}
            }
            match reader.read(window.buffer.as_mut()).await {
                Ok(length) if window.fill(length) => {}
                Ok(_) => return None,
                Err(error) => return Some(Err(ReadError::Source(error))),
            }
        };
        event(&mut self.decoder, window.buffer.as_ref(), start)
    }
}
