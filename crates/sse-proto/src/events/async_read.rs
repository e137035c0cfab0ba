//! Events of a `futures_io::AsyncRead`. Imports futures-io and futures-core.

use core::future::poll_fn;
use core::pin::Pin;
use core::task::{Context, Poll, ready};
use std::io::{self, ErrorKind};
use std::vec;
use std::vec::Vec;

use futures_core::Stream;
use futures_io::AsyncRead;

use super::{Events, ReadError, Window, event};
use crate::decoder::Decoder;
use crate::event::Event;
use crate::owned::OwnedEvent;
use crate::storage::Storage;

/// The source of [`Events::from_async_reader`].
#[derive(Clone, Debug)]
pub struct AsyncReader<R> {
    reader: R,
    window: Window<Vec<u8>>,
}

impl<R: AsyncRead> Events<AsyncReader<R>> {
    /// The events of a reader, which is read by up to 16 KiB. To be asked for events it must be `Unpin`; any is behind
    /// `Box::pin`.
    ///
    /// ```
    /// use futures_lite::future::block_on;
    /// use futures_lite::{StreamExt, io::Cursor};
    /// use sse_proto::Events;
    ///
    /// let mut events = Events::from_async_reader(Cursor::new("data: a\n\ndata: b\n\n"));
    /// assert_eq!(block_on(events.next()).unwrap()?.data, "a");
    /// // Without an allocation:
    /// assert_eq!(block_on(events.lend()).unwrap()?.data(), "b");
    /// assert!(block_on(events.next()).is_none());
    /// # Ok::<(), sse_proto::ReadError<std::io::Error>>(())
    /// ```
    #[must_use]
    pub fn from_async_reader(reader: R) -> Self {
        let window = Window::new(vec![0; 16 << 10]);
        Self { source: AsyncReader { reader, window }, decoder: Decoder::new() }
    }
}

impl<R: AsyncRead + Unpin, T: Storage> Events<AsyncReader<R>, T> {
    /// The next event, lent: it borrows from the buffer or the decoder. `None` at the end of the source.
    ///
    /// No event is lost if the future is dropped.
    ///
    /// # Errors
    ///
    /// As [`ReadError`] says. A read that was interrupted is repeated.
    pub async fn lend(&mut self) -> Option<Result<Event<'_>, ReadError<io::Error>>> {
        match poll_fn(|context| self.poll_found(context)).await? {
            Ok(start) => event(&mut self.decoder, &self.source.window.buffer, start),
            Err(error) => Some(Err(error)),
        }
    }

    fn poll_found(
        &mut self,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<usize, ReadError<io::Error>>>> {
        let AsyncReader { reader, window } = &mut self.source;
        loop {
            if let Some(found) = window.find(&mut self.decoder) {
                return Poll::Ready(Some(found.map_err(ReadError::Limit)));
            }
            match ready!(Pin::new(&mut *reader).poll_read(context, &mut window.buffer)) {
                Ok(length) if window.fill(length) => {}
                Ok(_) => return Poll::Ready(None),
                Err(error) if error.kind() == ErrorKind::Interrupted => {}
                Err(error) => return Poll::Ready(Some(Err(ReadError::Source(error)))),
            }
        }
    }
}

impl<R: AsyncRead + Unpin, T: Storage + Unpin> Stream for Events<AsyncReader<R>, T> {
    type Item = Result<OwnedEvent, ReadError<io::Error>>;

    fn poll_next(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        let events = self.get_mut();
        let event = match ready!(events.poll_found(context)) {
            Some(Ok(start)) => event(&mut events.decoder, &events.source.window.buffer, start),
            Some(Err(error)) => Some(Err(error)),
            None => None,
        };
        Poll::Ready(event.map(|event| event.map(Event::into_owned)))
    }
}
