//! Events of a `Stream` of chunks. Imports futures-core.

use core::future::poll_fn;
use core::pin::Pin;
use core::task::{Context, Poll, ready};

use futures_core::Stream;
use futures_core::stream::FusedStream;

use super::{Events, ReadError, event, find};
use crate::decoder::Decoder;
use crate::event::Event;
use crate::owned::OwnedEvent;
use crate::storage::Storage;

/// The source of [`Events::from_stream`].
#[derive(Clone, Debug)]
pub struct Chunks<S, B> {
    /// `None` once it has ended.
    stream: Option<S>,
    chunk: Option<B>,
    read: usize,
}

/// `body.events()`, for a stream of bytes.
///
/// ```
/// use futures_lite::{StreamExt, future::block_on, stream};
/// use sse_proto::ByteStreamExt;
///
/// let body = stream::iter([Ok::<_, std::io::Error>("data: hel"), Ok("lo\n\ndata: 2\n\n")]);
/// let mut events = body.events();
/// assert_eq!(block_on(events.next()).unwrap()?.data, "hello");
/// // Without an allocation:
/// assert_eq!(block_on(events.lend()).unwrap()?.data(), "2");
/// assert!(block_on(events.next()).is_none());
/// # Ok::<(), sse_proto::ReadError<std::io::Error>>(())
/// ```
pub trait ByteStreamExt<B, E>: Stream<Item = Result<B, E>> + Sized {
    /// The events of this body: [`Events::from_stream`].
    fn events(self) -> Events<Chunks<Self, B>> {
        Events::from_stream(self)
    }
}

impl<S: Stream<Item = Result<B, E>>, B, E> ByteStreamExt<B, E> for S {}

impl<S: Stream<Item = Result<B, E>>, B, E> Events<Chunks<S, B>> {
    /// The events of a stream of chunks: the body of a response, say.
    ///
    /// To be asked for events the stream must be `Unpin`; any is behind `Box::pin`, or `pin!` where it is used. An error
    /// of the stream is handed on, and the stream asked again if there is another call.
    ///
    /// ```
    /// use futures_lite::{future::block_on, stream};
    /// use sse_proto::{Decoder, Events, Limits, ReadError};
    ///
    /// let body = stream::iter([Ok(b"data: too long\n\ndata: 2\n\n"), Err("broken")]);
    /// let limits = Limits { data: 4, ..Limits::DEFAULT };
    /// let mut events = Events::from_stream(body).with_decoder(Decoder::with_limits(limits));
    /// assert!(matches!(block_on(events.lend()), Some(Err(ReadError::Limit(_)))));
    /// assert_eq!(block_on(events.lend()).unwrap()?.data(), "2");
    /// assert_eq!(block_on(events.lend()), Some(Err(ReadError::Source("broken"))));
    /// # Ok::<(), ReadError<&str>>(())
    /// ```
    #[must_use]
    pub fn from_stream(stream: S) -> Self {
        let source = Chunks { stream: Some(stream), chunk: None, read: 0 };
        Self { source, decoder: Decoder::new() }
    }
}

impl<S, B, E, T> Events<Chunks<S, B>, T>
where
    S: Stream<Item = Result<B, E>> + Unpin,
    B: AsRef<[u8]>,
    T: Storage,
{
    /// The next event, lent: it borrows from the chunk or the decoder.
    ///
    /// No event is lost if the future is dropped.
    ///
    /// # Errors
    ///
    /// As [`ReadError`] says.
    pub async fn lend(&mut self) -> Option<Result<Event<'_>, ReadError<E>>> {
        let start = match poll_fn(|context| self.poll_found(context)).await? {
            Ok(start) => start,
            Err(error) => return Some(Err(error)),
        };
        let chunk = self.source.chunk.as_ref().map_or(&[][..], B::as_ref);
        event(&mut self.decoder, chunk, start)
    }

    fn poll_found(
        &mut self,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<usize, ReadError<E>>>> {
        let Chunks { stream, chunk, read } = &mut self.source;
        loop {
            if let Some(bytes) = chunk {
                if let Some(found) = find(&mut self.decoder, bytes.as_ref(), read) {
                    return Poll::Ready(Some(found.map_err(ReadError::Limit)));
                }
            }
            (*chunk, *read) = (None, 0);
            let Some(open) = stream else {
                return Poll::Ready(None);
            };
            match ready!(Pin::new(open).poll_next(context)) {
                Some(Ok(bytes)) => *chunk = Some(bytes),
                Some(Err(error)) => return Poll::Ready(Some(Err(ReadError::Source(error)))),
                None => *stream = None,
            }
        }
    }
}

impl<S, B, E, T> Stream for Events<Chunks<S, B>, T>
where
    S: Stream<Item = Result<B, E>> + Unpin,
    B: AsRef<[u8]> + Unpin,
    T: Storage + Unpin,
{
    type Item = Result<OwnedEvent, ReadError<E>>;

    fn poll_next(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        let events = self.get_mut();
        let start = match ready!(events.poll_found(context)) {
            Some(Ok(start)) => start,
            Some(Err(error)) => return Poll::Ready(Some(Err(error))),
            None => return Poll::Ready(None),
        };
        let chunk = events.source.chunk.as_ref().map_or(&[][..], B::as_ref);
        let event = event(&mut events.decoder, chunk, start);
        Poll::Ready(event.map(|event| event.map(Event::into_owned)))
    }
}

impl<S, B, E, T> FusedStream for Events<Chunks<S, B>, T>
where
    S: Stream<Item = Result<B, E>> + Unpin,
    B: AsRef<[u8]> + Unpin,
    T: Storage + Unpin,
{
    fn is_terminated(&self) -> bool {
        self.source.stream.is_none()
    }
}
