//! Events of a `std::io::Read`. Imports `std`.

use std::io::{self, ErrorKind, Read};
use std::vec;
use std::vec::Vec;

use super::{Events, ReadError, Window, event};
use crate::decoder::Decoder;
use crate::event::Event;
use crate::owned::OwnedEvent;
use crate::storage::Storage;

/// The source of [`Events::from_reader`].
#[derive(Clone, Debug)]
pub struct Reader<R> {
    reader: R,
    window: Window<Vec<u8>>,
}

impl<R: Read> Events<Reader<R>> {
    /// The events of a reader: a file, a pipe, the body of a response of ureq. It is read by up to 16 KiB, so a
    /// `BufReader` is of no use.
    ///
    /// ```
    /// use sse_proto::{Events, ReadError};
    ///
    /// let body = &b": welcome\n\nid: 1\ndata: a\n\ndata: b\n\ndata: unfini"[..];
    /// let mut events = Events::from_reader(body);
    /// assert_eq!(events.next().unwrap()?.data, "a");
    /// // Without an allocation:
    /// assert_eq!(events.lend().unwrap()?.data(), "b");
    /// assert!(events.next().is_none());
    /// assert_eq!(events.last_event_id(), "1");
    /// assert_eq!(events.unfinished().unwrap().data(), "unfini");
    /// # Ok::<(), ReadError<std::io::Error>>(())
    /// ```
    #[must_use]
    pub fn from_reader(reader: R) -> Self {
        let window = Window::new(vec![0; 16 << 10]);
        Self { source: Reader { reader, window }, decoder: Decoder::new() }
    }
}

impl<R: Read, T: Storage> Events<Reader<R>, T> {
    /// The next event, lent: it borrows from the buffer or the decoder. `None` at the end of the source.
    ///
    /// # Errors
    ///
    /// As [`ReadError`] says. A read that was interrupted is repeated.
    pub fn lend(&mut self) -> Option<Result<Event<'_>, ReadError<io::Error>>> {
        let Reader { reader, window } = &mut self.source;
        let start = loop {
            match window.find(&mut self.decoder) {
                Some(Ok(start)) => break start,
                Some(Err(error)) => return Some(Err(error.into())),
                None => {}
            }
            match reader.read(&mut window.buffer) {
                Ok(length) if window.fill(length) => {}
                Ok(_) => return None,
                Err(error) if error.kind() == ErrorKind::Interrupted => {}
                Err(error) => return Some(Err(ReadError::Source(error))),
            }
        };
        event(&mut self.decoder, &window.buffer, start)
    }
}

impl<R: Read, T: Storage> Iterator for Events<Reader<R>, T> {
    type Item = Result<OwnedEvent, ReadError<io::Error>>;

    fn next(&mut self) -> Option<Self::Item> {
        Some(self.lend()?.map(Event::into_owned))
    }
}
