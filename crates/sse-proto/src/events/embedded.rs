//! Events of an `embedded_io::Read`. Imports embedded-io.

use embedded_io::Read;

use super::{Events, ReadError, Window, event};
use crate::decoder::Decoder;
use crate::event::Event;
use crate::storage::Storage;

/// The source of [`Events::from_embedded`].
#[derive(Clone, Debug)]
pub struct EmbeddedReader<R, B> {
    reader: R,
    window: Window<B>,
}

impl<R: Read, B: AsRef<[u8]> + AsMut<[u8]>, T: Storage> Events<EmbeddedReader<R, B>, T> {
    /// The events of a reader: it is read into `buffer`, which is an array or lent, and may have any size but zero.
    ///
    /// ```
    /// use sse_proto::{Decoder, Events, Fixed};
    ///
    /// let decoder = Decoder::with_storage(Fixed::<256, 64>::new());
    /// let mut events = Events::from_embedded(&b"data: a\n\nid: 1\n\n"[..], [0; 8], decoder);
    /// while let Some(event) = events.lend() {
    ///     assert_eq!(event.unwrap().data(), "a");
    /// }
    /// assert_eq!(events.last_event_id(), "1");
    /// ```
    #[must_use]
    pub const fn from_embedded(reader: R, buffer: B, decoder: Decoder<T>) -> Self {
        Self { source: EmbeddedReader { reader, window: Window::new(buffer) }, decoder }
    }

    /// The next event, lent: it borrows from the buffer or the decoder. `None` at the end of the source.
    ///
    /// # Errors
    ///
    /// As [`ReadError`] says.
    pub fn lend(&mut self) -> Option<Result<Event<'_>, ReadError<R::Error>>> {
        let EmbeddedReader { reader, window } = &mut self.source;
        let start = loop {
            match window.find(&mut self.decoder) {
                Some(Ok(start)) => break start,
                Some(Err(error)) => return Some(Err(error.into())),
                None => {}
            }
            match reader.read(window.buffer.as_mut()) {
                Ok(length) if window.fill(length) => {}
                Ok(_) => return None,
                Err(error) => return Some(Err(ReadError::Source(error))),
            }
        };
        event(&mut self.decoder, window.buffer.as_ref(), start)
    }
}
