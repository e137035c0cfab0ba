//! Bytes to events: WHATWG HTML, section 9.2.6. Imports `core` and the modules below it.
//!
//! A decoder is a `block`, the buffers of the standard, and a `torn` line, of which the end has not come. Bytes get from
//! there to here one by one; with the feature `whole-lines` a `chunk` is read by `whole`, which leaves to `torn` only what
//! does not lie whole in the chunk. `new` says how a decoder comes to be, `kept` what of it outlives a connection.

mod block;
#[cfg(feature = "whole-lines")]
mod chunk;
mod kept;
mod new;
mod torn;
#[cfg(feature = "whole-lines")]
mod whole;

use block::Block;
#[cfg(feature = "whole-lines")]
use chunk::read;
use torn::Torn;
#[cfg(not(feature = "whole-lines"))]
use torn::read;

use crate::error::LimitExceeded;
use crate::event::{Event, Item};
use crate::found::Found;
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
}
