//! Bytes to events: WHATWG HTML, section 9.2.6. Imports `core` and the modules below it.
//!
//! A decoder is a `block`, the buffers of the standard, and a `torn` line, of which the end has not come. Bytes get from
//! there to here one by one; with the feature `whole-lines` a `chunk` is read by `whole`, which leaves to `torn` only what
//! does not lie whole in the chunk.

mod block;
#[cfg(feature = "whole-lines")]
mod chunk;
mod torn;
#[cfg(feature = "whole-lines")]
mod whole;

use core::time::Duration;

use block::Block;
#[cfg(feature = "whole-lines")]
use chunk::read;
use torn::Torn;
#[cfg(not(feature = "whole-lines"))]
use torn::read;

use crate::error::{FrameError, LastEventIdError, LimitExceeded, Part};
use crate::event::{Event, Item};
use crate::field::{find_outside_of_id, from_milliseconds};
use crate::found::Found;
#[cfg(feature = "alloc")]
use crate::storage::Limits;
use crate::storage::{Growable, Storage};
use crate::text::Text;

/// Reads an event stream that arrives in chunks of any size: section 9.2.6 of the standard,
/// "Interpreting an event stream".
///
/// Hand over each chunk and ask [`next`](Self::next) until it has nothing more to say. What is
/// found does not depend on where the chunks are cut. An event is there with the byte that completes
/// its blank line, even if that is the CR of a CRLF. An unfinished block at the end of a stream is
/// no event: call [`reset`](Self::reset) and begin with the next stream.
///
/// With the feature `whole-lines`, the data of an event that is one line inside one chunk is borrowed
/// from that chunk. Anything else is copied once into the storage `S`, which is kept from event to event:
///
/// | `S` | memory | without the feature `alloc` |
/// |---|---|---|
/// | [`Growable`], the default | grows when it must, up to [`Limits`](crate::Limits) | no |
/// | [`Fixed`](crate::Fixed) | inside the decoder | yes |
/// | [`Lent`](crate::Lent) | slices of the caller | yes |
///
/// Time is linear in the bytes read, however they are cut.
///
/// ```
/// use sse_proto::{Decoder, Fixed, Item};
///
/// let mut decoder = Decoder::with_storage(Fixed::<256, 64>::new());
/// let mut events = 0;
/// for chunk in ["event: greeting\ndata: hel", "lo\nid: 7\n\n: bea", "t\n"] {
///     let mut rest = chunk.as_bytes();
///     while let Some(item) = decoder.next(&mut rest) {
///         match item? {
///             Item::Event(event) => {
///                 assert_eq!(event.event_type(), "greeting");
///                 assert_eq!(event.data(), "hello");
///                 assert_eq!(event.last_event_id(), "7");
///                 events += 1;
///             }
///             Item::Comment(text) => assert_eq!(text, "beat"),
///             Item::ReconnectionTime(_) | Item::LastEventId(_) => {}
///         }
///     }
/// }
/// assert_eq!(events, 1);
/// # Ok::<(), sse_proto::LimitExceeded>(())
/// ```
#[derive(Debug)]
pub struct Decoder<S = Growable, T: ?Sized = str> {
    block: Block<S, T>,
    torn: Torn,
}

impl<S: Clone, T: ?Sized> Clone for Decoder<S, T> {
    fn clone(&self) -> Self {
        Self { block: self.block.clone(), torn: self.torn.clone() }
    }
}

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

    /// The reconnection time that the stream has set, if any: at most `u64::MAX` milliseconds.
    ///
    /// [`reset`](Self::reset) does not change it.
    ///
    /// ```
    /// use core::time::Duration;
    /// use sse_proto::{Decoder, Fixed};
    ///
    /// let mut decoder = Decoder::with_storage(Fixed::<64, 16>::new());
    /// assert_eq!(decoder.reconnection_time(), None);
    /// assert!(decoder.next(&mut &b"retry: 2500\n"[..]).is_some());
    /// assert_eq!(decoder.reconnection_time(), Some(Duration::from_millis(2500)));
    /// ```
    #[must_use]
    pub const fn reconnection_time(&self) -> Option<Duration> {
        match self.block.reconnection_time() {
            Some(milliseconds) => Some(from_milliseconds(milliseconds)),
            None => None,
        }
    }
}

impl<S: Storage, T: Text + ?Sized> Decoder<S, T> {
    /// Reads `input` up to the end of the next item and takes what was read off its front.
    ///
    /// `None` when all of `input` has been read: hand over the next chunk then. A loop that has to
    /// give the item out of its own function, an asynchronous one say, splits this into
    /// [`advance`](Self::advance) and [`item`](Self::item).
    ///
    /// # Errors
    ///
    /// If a part of the stream is longer than the storage allows: the error says which, and as
    /// soon as it is known. The decoder stays usable. It skips the rest of the block, up to the next
    /// blank line, and nothing of that block moves the last event ID. Of a comment that is too long
    /// only the comment is skipped.
    ///
    /// ```
    /// use sse_proto::{Decoder, Fixed, Item, Part};
    ///
    /// let mut decoder = Decoder::with_storage(Fixed::<8, 8>::new());
    /// let mut rest = &b"id: 1\ndata: 123456789\n\ndata: 2\n\n"[..];
    /// let error = decoder.next(&mut rest).unwrap().unwrap_err();
    /// assert_eq!((error.part, error.limit), (Part::Data, 8));
    /// let Some(Ok(Item::Event(event))) = decoder.next(&mut rest) else { unreachable!() };
    /// assert_eq!((event.data(), event.last_event_id()), ("2", ""));
    /// assert!(decoder.next(&mut rest).is_none());
    /// ```
    #[inline]
    pub fn next<'d, 'i: 'd>(
        &'d mut self,
        input: &mut &'i [u8],
    ) -> Option<Result<Item<'d, T>, LimitExceeded>> {
        let chunk = *input;
        self.advance(input).map(|found| self.item(found, chunk))
    }

    /// Like [`next`](Self::next), for those who want events and nothing else.
    ///
    /// The other items are not lost: [`reconnection_time`](Self::reconnection_time) and
    /// [`last_event_id`](Self::last_event_id) tell. Comments are skipped, however long.
    ///
    /// # Errors
    ///
    /// As for [`next`](Self::next), but never for a comment.
    ///
    /// ```
    /// use sse_proto::{Decoder, Fixed};
    ///
    /// let mut decoder = Decoder::with_storage(Fixed::<64, 16>::new());
    /// let mut rest = &b": beat\n\nretry: 10\ndata: 1\n\nid: 5\n\n"[..];
    /// while let Some(event) = decoder.next_event(&mut rest) {
    ///     assert_eq!(event?.data(), "1");
    /// }
    /// assert_eq!(decoder.last_event_id(), "5");
    /// # Ok::<(), sse_proto::LimitExceeded>(())
    /// ```
    #[cfg_attr(feature = "whole-lines", inline(always))]
    pub fn next_event<'d, 'i: 'd>(
        &'d mut self,
        input: &mut &'i [u8],
    ) -> Option<Result<Event<'d, T>, LimitExceeded>> {
        loop {
            let chunk = *input;
            match self.find(input, false)? {
                Found::Event => return Some(self.block.event(chunk)),
                Found::Limit => return Some(Err(self.block.limit_exceeded())),
                Found::Comment | Found::ReconnectionTime | Found::LastEventId => {}
            }
        }
    }

    /// The first half of [`next`](Self::next): finds the next item and takes what was read off
    /// the front of `input`.
    ///
    /// When an item is complete, this says of which kind it is: call [`item`](Self::item) then, with `input` as it
    /// was before this call. `None` when all of `input` has been read.
    ///
    /// This half borrows nothing for longer than it takes. So a function that reads in a loop can
    /// return what it finds, which the borrow checker does not allow with [`next`](Self::next):
    ///
    /// ```
    /// use std::io::{self, Read};
    /// use sse_proto::{Decoder, Fixed, Item, LimitExceeded};
    ///
    /// struct Events<R> {
    ///     source: R,
    ///     chunk: Vec<u8>,
    ///     read: usize,
    ///     decoder: Decoder<Fixed<256, 64>>,
    /// }
    ///
    /// impl<R: Read> Events<R> {
    ///     fn next(&mut self) -> io::Result<Option<Result<Item<'_>, LimitExceeded>>> {
    ///         loop {
    ///             let start = self.read;
    ///             let mut rest = &self.chunk[start..];
    ///             let found = self.decoder.advance(&mut rest);
    ///             self.read = self.chunk.len() - rest.len();
    ///             if let Some(found) = found {
    ///                 return Ok(Some(self.decoder.item(found, &self.chunk[start..])));
    ///             }
    ///             self.chunk.resize(16, 0);
    ///             let length = self.source.read(&mut self.chunk)?;
    ///             self.chunk.truncate(length);
    ///             self.read = 0;
    ///             if length == 0 {
    ///                 return Ok(None);
    ///             }
    ///         }
    ///     }
    /// }
    ///
    /// let source = &b"data: a line that is longer than a chunk\n\n"[..];
    /// let decoder = Decoder::with_storage(Fixed::new());
    /// let mut events = Events { source, chunk: Vec::new(), read: 0, decoder };
    /// let Some(Ok(Item::Event(event))) = events.next()? else { unreachable!() };
    /// assert_eq!(event.data(), "a line that is longer than a chunk");
    /// # io::Result::Ok(())
    /// ```
    #[inline]
    pub fn advance(&mut self, input: &mut &[u8]) -> Option<Found> {
        self.find(input, true)
    }

    /// The last event ID is again what it was before the last blank line.
    pub(crate) fn take_back_id(&mut self) {
        self.block.take_back_id();
    }

    /// The reconnection time in milliseconds.
    pub(crate) const fn reconnection_milliseconds(&self) -> Option<u64> {
        self.block.reconnection_time()
    }

    /// The reconnection time is again what it was.
    pub(crate) fn take_back_reconnection_time(&mut self, milliseconds: Option<u64>) {
        self.block.take_back_reconnection_time(milliseconds);
    }

    /// What there is next in `input`, comments among it or not.
    #[cfg_attr(feature = "whole-lines", inline(always))]
    fn find(&mut self, input: &mut &[u8], comments: bool) -> Option<Found> {
        self.block.clear_if_over();
        read(input, &mut self.block, &mut self.torn, comments)
    }

    /// The second half of [`next`](Self::next): the item that [`advance`](Self::advance) has
    /// found. `chunk` is the input as it was before that call. It may go on behind the end of that
    /// input, with any bytes: text is validated faster, by whole blocks, if there are some.
    ///
    /// Bytes become text here, and only those of this item: U+FFFD takes the place of what is not
    /// UTF-8, as the Encoding standard has it. With another `chunk` than that of the call, or after another call of
    /// `advance`, the texts may be any.
    ///
    /// # Errors
    ///
    /// As for [`next`](Self::next).
    ///
    /// ```
    /// use sse_proto::{Decoder, Fixed, Item};
    ///
    /// let mut decoder = Decoder::with_storage(Fixed::<64, 16>::new());
    /// let chunk = &b"data: 1\xFF\n\n"[..];
    /// let mut rest = chunk;
    /// let found = decoder.advance(&mut rest).unwrap();
    /// let Item::Event(event) = decoder.item(found, chunk)? else { unreachable!() };
    /// assert_eq!(event.data(), "1\u{FFFD}");
    /// # Ok::<(), sse_proto::LimitExceeded>(())
    /// ```
    #[cfg_attr(feature = "whole-lines", inline(always))]
    pub fn item<'d>(
        &'d mut self,
        found: Found,
        chunk: &'d [u8],
    ) -> Result<Item<'d, T>, LimitExceeded> {
        self.block.item(found, chunk)
    }

    /// The last event ID: empty if the stream has set none, or has reset it.
    ///
    /// This is the "last event ID string" of the standard, what a client sends as `Last-Event-ID`
    /// when it comes back. The ID of a block counts from its blank line on, with an event or without.
    ///
    /// ```
    /// use sse_proto::{Decoder, Fixed};
    ///
    /// let mut decoder = Decoder::with_storage(Fixed::<64, 16>::new());
    /// assert!(decoder.next(&mut &b"id: 41\n\nid: 42\n"[..]).is_some());
    /// assert_eq!(decoder.last_event_id(), "41");
    /// ```
    #[must_use]
    pub fn last_event_id(&self) -> &T {
        self.block.last_event_id()
    }

    /// Sets the last event ID, for a stream that goes on where an earlier one has ended.
    ///
    /// Call it before the first byte of a stream. By the letter of the standard each stream begins
    /// with an empty last event ID buffer; browsers begin with the last event ID instead, so that an
    /// event without an ID does not make the client forget where it was. So does this decoder.
    ///
    /// # Errors
    ///
    /// If the ID holds CR, LF or NUL, or is longer than the storage allows. The last event ID
    /// is then what it was.
    ///
    /// ```
    /// use sse_proto::{Decoder, Fixed};
    ///
    /// let mut decoder = Decoder::with_storage(Fixed::<64, 16>::new());
    /// decoder.set_last_event_id("41")?;
    /// let event = decoder.next_event(&mut &b"data: 1\n\n"[..]).unwrap().unwrap();
    /// assert_eq!(event.last_event_id(), "41");
    /// # Ok::<(), sse_proto::LastEventIdError>(())
    /// ```
    pub fn set_last_event_id(&mut self, id: &T) -> Result<(), LastEventIdError> {
        let id = id.bytes();
        if let Some((offset, byte)) = find_outside_of_id(id) {
            let part = Part::LastEventId;
            return Err(LastEventIdError::Invalid(FrameError { part, byte, offset }));
        }
        self.block.set_last_event_id(id).map_err(LastEventIdError::TooLong)
    }

    /// Makes ready for the next connection: forgets the unfinished block, keeps the last event
    /// ID and the reconnection time.
    ///
    /// "Once the end of the file is reached, any pending data must be discarded. (If the file ends
    /// in the middle of an event, before the final empty line, the incomplete event is not
    /// dispatched.)"
    ///
    /// ```
    /// use sse_proto::{Decoder, Fixed};
    ///
    /// let mut decoder = Decoder::with_storage(Fixed::<64, 16>::new());
    /// assert!(decoder.next(&mut &b"id: 1\n\nid: 2\ndata: lost"[..]).is_some());
    /// decoder.reset();
    /// let event = decoder.next_event(&mut &b"data: kept\n\n"[..]).unwrap()?;
    /// assert_eq!((event.data(), event.last_event_id()), ("kept", "1"));
    /// # Ok::<(), sse_proto::LimitExceeded>(())
    /// ```
    pub fn reset(&mut self) {
        self.block.discard();
        self.torn = Torn::START_OF_STREAM;
    }
}
