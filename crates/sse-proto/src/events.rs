//! Events out of whatever gives bytes: what all sources have in common. Imports the decoder.
//!
//! Each file below is one kind of source, behind its feature, and says only how the next bytes come.

#[cfg(feature = "futures-io")]
mod async_buf_read;
#[cfg(feature = "futures-io")]
mod async_read;
#[cfg(feature = "stream")]
mod chunks;
#[cfg(feature = "embedded-io")]
mod embedded;
#[cfg(feature = "embedded-io-async")]
mod embedded_async;
#[cfg(feature = "std")]
mod read;

use core::fmt;
use core::time::Duration;

use crate::decoder::Decoder;
use crate::error::{LimitExceeded, Part};
use crate::event::{Event, Item};
use crate::found::Found;
use crate::storage::{Growable, Storage};
use crate::unfinished::Unfinished;

#[cfg(feature = "futures-io")]
pub use async_buf_read::AsyncBufReader;
#[cfg(feature = "futures-io")]
pub use async_read::AsyncReader;
#[cfg(feature = "stream")]
pub use chunks::{ByteStreamExt, Chunks};
#[cfg(feature = "embedded-io")]
pub use embedded::EmbeddedReader;
#[cfg(feature = "embedded-io-async")]
pub use embedded_async::EmbeddedAsyncReader;
#[cfg(feature = "std")]
pub use read::Reader;

/// The events of a source of bytes.
///
/// | made by | of | gives | feature |
/// |---|---|---|---|
/// | `from_stream`, or `.events()` on the stream | a `Stream` of `Result<impl AsRef<[u8]>, E>`: a body of reqwest, hyper, fetch | a `Stream` of `OwnedEvent`s; `lend` | `stream` |
/// | `from_async_buf_reader`, `from_async_reader` | `futures_io::AsyncBufRead`, `AsyncRead` | a `Stream` of `OwnedEvent`s; `lend` | `futures-io` |
/// | `from_reader` | `std::io::Read` | an `Iterator` of `OwnedEvent`s; `lend` | `std` |
/// | `from_embedded` | `embedded_io::Read` and a buffer | `lend` | `embedded-io` |
/// | `from_embedded_async` | `embedded_io_async::Read` and a buffer | `lend` | `embedded-io-async` |
///
/// `lend` gives an [`Event`] that borrows from the chunk or the decoder until the next call, and allocates nothing. All of
/// them give events only; comments are passed over, and [`last_event_id`](Self::last_event_id) and
/// [`reconnection_time`](Self::reconnection_time) tell the rest.
///
/// A source must give text, decompressed and without any framing: for a body that is still in chunks see
/// [`ChunkedBody`](crate::ChunkedBody). It is read until it ends; then there are no more events, and
/// [`unfinished`](Self::unfinished) tells whether the last block was cut.
#[derive(Clone, Debug)]
pub struct Events<S, T = Growable> {
    source: S,
    decoder: Decoder<T>,
}

impl<S, T> Events<S, T> {
    /// These events, read by another decoder: for other [limits](crate::Limits), another storage, or a [last event
    /// ID](Decoder::set_last_event_id) to begin with. Call it before the first byte has been read.
    #[must_use]
    pub fn with_decoder<U>(self, decoder: Decoder<U>) -> Events<S, U> {
        Events { source: self.source, decoder }
    }

    /// The reconnection time that the stream has set, if any: [`Decoder::reconnection_time`].
    #[must_use]
    pub const fn reconnection_time(&self) -> Option<Duration> {
        self.decoder.reconnection_time()
    }
}

impl<S, T: Storage> Events<S, T> {
    /// The last event ID, for `Last-Event-ID` when the stream is asked for again: [`Decoder::last_event_id`].
    #[must_use]
    pub fn last_event_id(&self) -> &str {
        self.decoder.last_event_id()
    }

    /// The event that the end of the source has cut, if there is one: [`Decoder::unfinished`]. To be called after the
    /// end, once.
    pub fn unfinished(&mut self) -> Option<Unfinished<'_>> {
        self.decoder.unfinished()
    }
}

/// Why there is an error instead of an event.
///
/// After [`Limit`](Self::Limit) the next event is right. What comes after [`Source`](Self::Source) is the source's to say.
///
/// ```
/// use sse_proto::{Decoder, Fixed, ReadError};
///
/// let mut decoder = Decoder::with_storage(Fixed::<2, 8>::new());
/// let error = decoder.next_event(&mut &b"data: abc\n\n"[..]).unwrap().unwrap_err();
/// let error: ReadError<std::io::Error> = error.into();
/// assert!(matches!(error, ReadError::Limit(limit) if limit.limit == 2));
/// ```
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ReadError<E> {
    /// The source of the bytes failed.
    Source(E),
    /// A part of the stream was longer than the decoder's limit for it.
    Limit(LimitExceeded),
}

impl<E: fmt::Display> fmt::Display for ReadError<E> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Source(error) => error.fmt(f),
            Self::Limit(error) => error.fmt(f),
        }
    }
}

impl<E: core::error::Error> core::error::Error for ReadError<E> {
    fn source(&self) -> Option<&(dyn core::error::Error + 'static)> {
        match self {
            Self::Source(error) => error.source(),
            Self::Limit(_) => None,
        }
    }
}

impl<E> From<LimitExceeded> for ReadError<E> {
    fn from(error: LimitExceeded) -> Self {
        Self::Limit(error)
    }
}

/// Finds the end of the next event in the bytes of `chunk` from `read` on, and moves `read` behind it. Where the piece of
/// the chunk begins that the event is in.
#[inline]
fn find<T: Storage>(
    decoder: &mut Decoder<T>,
    chunk: &[u8],
    read: &mut usize,
) -> Option<Result<usize, LimitExceeded>> {
    loop {
        let start = *read;
        let mut rest = chunk.get(start..).unwrap_or_default();
        let found = decoder.advance(&mut rest);
        *read = chunk.len() - rest.len();
        match found? {
            Found::Event => return Some(Ok(start)),
            Found::Limit => match decoder.item(Found::Limit, chunk) {
                Err(error) if error.part != Part::Comment => return Some(Err(error)),
                _ => {}
            },
            Found::Comment | Found::ReconnectionTime | Found::LastEventId => {}
        }
    }
}

/// The event that [`find`] has found.
// As with that of the block: what goes through memory on its way is waited for.
#[inline(always)]
fn event<'d, T: Storage, E>(
    decoder: &'d mut Decoder<T>,
    chunk: &'d [u8],
    start: usize,
) -> Option<Result<Event<'d>, ReadError<E>>> {
    match decoder.item(Found::Event, chunk.get(start..).unwrap_or_default()) {
        Ok(Item::Event(event)) => Some(Ok(event)),
        Ok(_) => None,
        Err(error) => Some(Err(error.into())),
    }
}

/// A buffer that is filled, and read, and filled again.
#[cfg(any(feature = "std", feature = "embedded-io", feature = "embedded-io-async"))]
#[derive(Clone, Debug)]
struct Window<B> {
    buffer: B,
    /// So many bytes of it are filled.
    filled: usize,
    read: usize,
}

#[cfg(any(feature = "std", feature = "embedded-io", feature = "embedded-io-async"))]
impl<B: AsRef<[u8]>> Window<B> {
    const fn new(buffer: B) -> Self {
        Self { buffer, filled: 0, read: 0 }
    }

    fn find<T: Storage>(
        &mut self,
        decoder: &mut Decoder<T>,
    ) -> Option<Result<usize, LimitExceeded>> {
        find(decoder, self.buffer.as_ref().get(..self.filled)?, &mut self.read)
    }
}

#[cfg(any(feature = "std", feature = "embedded-io", feature = "embedded-io-async"))]
impl<B: AsMut<[u8]>> Window<B> {
    /// So many bytes have been read into the buffer: whether there are any.
    fn fill(&mut self, length: usize) -> bool {
        self.filled = length;
        self.read = 0;
        length > 0
    }
}
