//! Events of a `futures_io::AsyncBufRead`, out of its own buffer. Imports futures-io and futures-core.

use core::future::poll_fn;
use core::mem::take;
use core::pin::Pin;
use core::task::{Context, Poll, Waker, ready};
use std::io::{self, ErrorKind};

use futures_core::Stream;
use futures_io::AsyncBufRead;

use super::{Events, ReadError, event, find};
use crate::decoder::Decoder;
use crate::event::Event;
use crate::owned::OwnedEvent;
use crate::storage::Storage;

/// The source of [`Events::from_async_buf_reader`].
#[derive(Clone, Debug)]
pub struct AsyncBufReader<R> {
    reader: R,
    /// So much of the reader's buffer has been read, and stays there while an event may borrow from it.
    read: usize,
}

impl<R: AsyncBufRead> Events<AsyncBufReader<R>> {
    /// The events of a reader with a buffer, which are read where they are. To be asked for events it must be `Unpin`;
    /// any is behind `Box::pin`.
    ///
    /// ```
    /// use futures_lite::future::block_on;
    /// use futures_lite::io::{BufReader, Cursor};
    /// use sse_proto::Events;
    ///
    /// let reader = BufReader::with_capacity(4, Cursor::new("id: 1\ndata: a\n\n"));
    /// let mut events = Events::from_async_buf_reader(reader);
    /// assert_eq!(block_on(events.lend()).unwrap()?.data(), "a");
    /// assert!(block_on(events.lend()).is_none());
    /// assert_eq!(events.last_event_id(), "1");
    /// # Ok::<(), sse_proto::ReadError<std::io::Error>>(())
    /// ```
    #[must_use]
    pub fn from_async_buf_reader(reader: R) -> Self {
        Self { source: AsyncBufReader { reader, read: 0 }, decoder: Decoder::new() }
    }
}

impl<R: AsyncBufRead + Unpin, T: Storage> Events<AsyncBufReader<R>, T> {
    /// The next event, lent: it borrows from the reader's buffer or the decoder. `None` at the end of the source.
    ///
    /// No event is lost if the future is dropped.
    ///
    /// # Errors
    ///
    /// As [`ReadError`] says. A read that was interrupted is repeated.
    pub async fn lend(&mut self) -> Option<Result<Event<'_>, ReadError<io::Error>>> {
        let start = match poll_fn(|context| self.poll_found(context)).await? {
            Ok(start) => start,
            Err(error) => return Some(Err(error)),
        };
        // Nothing of the buffer has been consumed, so there is nothing to wait for.
        let context = &mut Context::from_waker(Waker::noop());
        match Pin::new(&mut self.source.reader).poll_fill_buf(context) {
            Poll::Ready(Ok(bytes)) => event(&mut self.decoder, bytes, start),
            Poll::Ready(Err(error)) => Some(Err(ReadError::Source(error))),
            Poll::Pending => {
                let error = io::Error::other("the reader's buffer is gone, and was not consumed");
                Some(Err(ReadError::Source(error)))
            }
        }
    }

    /// Where in the reader's buffer the piece begins that the next event is in. What was found before is consumed.
    fn poll_found(
        &mut self,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<usize, ReadError<io::Error>>>> {
        let AsyncBufReader { reader, read } = &mut self.source;
        loop {
            Pin::new(&mut *reader).consume(take(read));
            let bytes = match ready!(Pin::new(&mut *reader).poll_fill_buf(context)) {
                Ok([]) => return Poll::Ready(None),
                Ok(bytes) => bytes,
                Err(error) if error.kind() == ErrorKind::Interrupted => continue,
                Err(error) => return Poll::Ready(Some(Err(ReadError::Source(error)))),
            };
            if let Some(found) = find(&mut self.decoder, bytes, read) {
                return Poll::Ready(Some(found.map_err(ReadError::Limit)));
            }
        }
    }
}

impl<R: AsyncBufRead + Unpin, T: Storage + Unpin> Stream for Events<AsyncBufReader<R>, T> {
    type Item = Result<OwnedEvent, ReadError<io::Error>>;

    fn poll_next(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        let mut lend = core::pin::pin!(self.get_mut().lend());
        let event = ready!(lend.as_mut().poll(context));
        Poll::Ready(event.map(|event| event.map(Event::into_owned)))
    }
}
