//! How a decoder comes to be: with which storage, and for text or for bytes. Imports the decoder.

use super::Decoder;
use super::block::Block;
use super::torn::Torn;
use crate::storage::Storage;
#[cfg(feature = "alloc")]
use crate::storage::{Growable, Limits};

#[cfg(feature = "alloc")]
impl Decoder<Growable> {
    /// A decoder with storage on the heap and the default [`Limits`].
    ///
    /// ```
    /// let mut decoder = sse_proto::Decoder::new();
    /// let event = decoder.next_event(&mut &b"data: 1\n\n"[..]).unwrap()?;
    /// assert_eq!(event.data(), "1");
    /// # Ok::<(), sse_proto::LimitExceeded>(())
    /// ```
    #[must_use]
    pub fn new() -> Self {
        Self::with_limits(Limits::DEFAULT)
    }

    /// A decoder with storage on the heap that never grows past `limits`.
    ///
    /// ```
    /// use sse_proto::{Decoder, Limits, Part};
    ///
    /// let mut decoder = Decoder::with_limits(Limits { data: 4, ..Limits::DEFAULT });
    /// let mut rest = &b"data: 12345\n\ndata: 1234\n\n"[..];
    /// let error = decoder.next(&mut rest).unwrap().unwrap_err();
    /// assert_eq!((error.part, error.limit), (Part::Data, 4));
    /// assert_eq!(decoder.next_event(&mut rest).unwrap()?.data(), "1234");
    /// # Ok::<(), sse_proto::LimitExceeded>(())
    /// ```
    #[must_use]
    pub fn with_limits(limits: Limits) -> Self {
        Self::with_storage(Growable::new(limits))
    }
}

impl<S: Storage + Default> Default for Decoder<S> {
    fn default() -> Self {
        Self::with_storage(S::default())
    }
}

impl<S> Decoder<S> {
    /// A decoder that keeps what it must keep in `storage`.
    ///
    /// ```
    /// use sse_proto::{Decoder, Fixed};
    ///
    /// // At most 512 bytes of data; at most 64 each of event type, ID and comment.
    /// const READY: Decoder<Fixed<512, 64>> = Decoder::with_storage(Fixed::new());
    /// let mut decoder = READY;
    /// assert!(decoder.next(&mut &b"data: unfinished"[..]).is_none());
    /// ```
    #[must_use]
    pub const fn with_storage(storage: S) -> Self {
        Self::of(storage)
    }
}

impl<S> Decoder<S, [u8]> {
    /// A decoder that hands out bytes in place of text, and is otherwise the same: they may be ill-formed UTF-8, and a
    /// program without any text holds no code to check it, which takes about a kilobyte on a small machine.
    ///
    /// ```
    /// use sse_proto::{Decoder, Fixed, Item};
    ///
    /// let mut decoder = Decoder::for_bytes(Fixed::<64, 16>::new());
    /// let mut rest = &b"data: 1\xFF\n\n"[..];
    /// let Some(Ok(Item::Event(event))) = decoder.next(&mut rest) else { unreachable!() };
    /// assert_eq!((event.event_type(), event.data()), (&b"message"[..], &b"1\xFF"[..]));
    /// ```
    #[must_use]
    pub const fn for_bytes(storage: S) -> Self {
        Self::of(storage)
    }
}

impl<S, T: ?Sized> Decoder<S, T> {
    const fn of(storage: S) -> Self {
        Self { block: Block::new(storage), torn: Torn::START_OF_STREAM }
    }
}
