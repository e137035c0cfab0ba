//! Bytes to events: WHATWG HTML, section 9.2.6. Imports `core` and the modules below it.

use core::time::Duration;

#[cfg(feature = "alloc")]
use crate::Limits;
use crate::block::{Block, Dispatched};
use crate::buffer::Place;
use crate::error::{FrameError, LastEventIdError, LimitExceeded, Part};
use crate::event::{Event, Item};
use crate::field::{Digits, Name, find_forbidden};
use crate::search::find_line_end;
use crate::storage::{Growable, Storage};

/// Reads an event stream that arrives in chunks of any size.
///
/// ```
/// use sse_proto::{Decoder, Item};
///
/// let mut decoder = Decoder::new();
/// for chunk in ["data: hel", "lo\n\nda"] {
///     let mut rest = chunk.as_bytes();
///     while let Some(item) = decoder.next(&mut rest) {
///         if let Item::Event(event) = item? {
///             assert_eq!(event.data(), "hello");
///         }
///     }
/// }
/// # Ok::<(), sse_proto::LimitExceeded>(())
/// ```
#[derive(Clone, Debug)]
pub struct Decoder<S = Growable> {
    pub(crate) block: Block<S>,
    /// What `item` will say.
    pub(crate) ready: Ready,
    /// Which limit was passed, when `ready` says so.
    pub(crate) passed: Part,
    /// Where the text of a comment is that is ready.
    pub(crate) comment: Place,
    pub(crate) reconnection_time: Option<Duration>,
    /// The chunk before has left something open, in one of the fields below.
    pub(crate) torn: bool,
    /// How many bytes of a byte order mark have been seen at the start of the stream.
    pub(crate) bom: u8,
    /// The last byte was a CR: an LF now belongs to the same line ending.
    pub(crate) after_cr: bool,
    /// A limit was passed: the rest of the block is not for us.
    pub(crate) skipping: bool,
    /// Where the next byte stands in its line.
    pub(crate) position: Position,
    pub(crate) retry: Digits,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Ready {
    Nothing,
    Event,
    Comment,
    ReconnectionTime,
    LastEventId,
    Limit,
}

#[derive(Clone, Copy, Debug)]
pub(crate) enum Position {
    /// At the start of a line.
    Start,
    /// In what can only be this name: so many bytes of it have been seen.
    Name { name: Name, seen: u8 },
    /// After the colon: one space may follow that is not of the value.
    Colon(Name),
    /// In a value.
    Value(Name),
}

#[cfg(feature = "alloc")]
impl Decoder<Growable> {
    /// A decoder with storage on the heap and the default [`Limits`].
    #[must_use]
    pub fn new() -> Self {
        Self::with_limits(Limits::DEFAULT)
    }

    /// A decoder with storage on the heap that never grows past `limits`.
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
    #[must_use]
    pub const fn with_storage(storage: S) -> Self {
        Self {
            block: Block::new(storage),
            ready: Ready::Nothing,
            passed: Part::Line,
            comment: Place::Nowhere,
            reconnection_time: None,
            torn: true,
            bom: 0,
            after_cr: false,
            skipping: false,
            position: Position::Start,
            retry: Digits::NONE,
        }
    }

    /// The reconnection time that the stream has set, if any.
    #[must_use]
    pub const fn reconnection_time(&self) -> Option<Duration> {
        self.reconnection_time
    }
}

impl<S: Storage> Decoder<S> {
    /// Reads `input` up to the end of the next item and takes what was read off its front.
    ///
    /// `None` when all of `input` has been read: hand over the next chunk then.
    ///
    /// # Errors
    ///
    /// If a part of the stream is longer than the storage allows. The decoder stays usable:
    /// it skips to the end of the block.
    #[inline]
    pub fn next<'d, 'i: 'd>(
        &'d mut self,
        input: &mut &'i [u8],
    ) -> Option<Result<Item<'d>, LimitExceeded>> {
        let chunk = *input;
        self.advance(input).then(|| self.item(chunk))
    }

    /// Like [`next`](Self::next), for those who want events and nothing else.
    ///
    /// The other items are not lost: [`reconnection_time`](Self::reconnection_time) and
    /// [`last_event_id`](Self::last_event_id) tell. Comments are skipped, however long.
    ///
    /// # Errors
    ///
    /// As for [`next`](Self::next).
    #[inline]
    pub fn next_event<'d, 'i: 'd>(
        &'d mut self,
        input: &mut &'i [u8],
    ) -> Option<Result<Event<'d>, LimitExceeded>> {
        loop {
            let chunk = *input;
            let (read, ready) = self.scan(chunk, false);
            *input = chunk.get(read..).unwrap_or_default();
            match ready {
                Ready::Nothing => return None,
                Ready::Event => return Some(self.block.event(chunk)),
                Ready::Limit => return Some(Err(self.exceeded(self.passed))),
                Ready::Comment | Ready::ReconnectionTime | Ready::LastEventId => {}
            }
        }
    }

    /// The first half of [`next`](Self::next): finds the next item and takes what was read off
    /// the front of `input`.
    ///
    /// True when an item is complete: call [`item`](Self::item) then, with `input` as it was
    /// before this call. False when all of `input` has been read.
    #[inline]
    pub fn advance(&mut self, input: &mut &[u8]) -> bool {
        let (read, ready) = self.scan(input, true);
        *input = input.get(read..).unwrap_or_default();
        ready != Ready::Nothing
    }

    /// The second half of [`next`](Self::next): the item that [`advance`](Self::advance) has
    /// found. `chunk` is the input as it was before that call.
    ///
    /// If `advance` has found nothing, this is the last event ID.
    ///
    /// # Errors
    ///
    /// As for [`next`](Self::next).
    #[inline]
    pub fn item<'d>(&'d mut self, chunk: &'d [u8]) -> Result<Item<'d>, LimitExceeded> {
        match self.ready {
            Ready::Event => self.block.event(chunk).map(Item::Event),
            Ready::Comment => {
                let exceeded = self.exceeded(Part::Comment);
                self.block
                    .comment(&self.comment, chunk)
                    .map(Item::Comment)
                    .ok_or(exceeded)
            }
            Ready::ReconnectionTime => Ok(Item::ReconnectionTime(
                self.reconnection_time.unwrap_or_default(),
            )),
            Ready::LastEventId | Ready::Nothing => {
                Ok(Item::LastEventId(self.block.last_event_id()))
            }
            Ready::Limit => Err(self.exceeded(self.passed)),
        }
    }

    /// Whether the item that [`advance`](Self::advance) has found is an event. Known without
    /// [`item`](Self::item), so that a loop can pass over the rest and borrow only at its end.
    #[must_use]
    pub const fn holds_event(&self) -> bool {
        matches!(self.ready, Ready::Event)
    }

    /// The last event ID: empty if the stream has set none, or has reset it.
    #[must_use]
    pub fn last_event_id(&self) -> &str {
        self.block.last_event_id()
    }

    /// Sets the last event ID, for a stream that goes on where an earlier one has ended.
    ///
    /// Call it before the first byte of a stream.
    ///
    /// # Errors
    ///
    /// If the ID holds CR, LF or NUL, or is longer than the storage allows. The last event ID
    /// is then what it was.
    pub fn set_last_event_id(&mut self, id: &str) -> Result<(), LastEventIdError> {
        let part = Part::LastEventId;
        if let Some((offset, byte)) = find_forbidden(id, true) {
            return Err(LastEventIdError::Invalid(FrameError { part, byte, offset }));
        }
        if self.block.set_last_event_id(id) {
            return Ok(());
        }
        Err(LastEventIdError::TooLong(self.exceeded(part)))
    }

    /// Makes ready for the next connection: forgets the unfinished block, keeps the last event
    /// ID and the reconnection time.
    ///
    /// "Once the end of the file is reached, any pending data must be discarded."
    pub fn reset(&mut self) {
        self.block.discard();
        self.ready = Ready::Nothing;
        self.torn = true;
        self.bom = 0;
        self.after_cr = false;
        self.skipping = false;
        self.position = Position::Start;
    }

    /// Reads up to the end of the next item, or to the end of the chunk. Returns how far.
    fn scan(&mut self, chunk: &[u8], comments: bool) -> (usize, Ready) {
        if matches!(self.ready, Ready::Event | Ready::LastEventId) {
            self.block.clear();
        }
        self.ready = Ready::Nothing;
        let mut at = if self.torn {
            self.resume(chunk, comments)
        } else {
            0
        };
        while self.ready == Ready::Nothing && at < chunk.len() {
            at = self.line(chunk, at, comments);
        }
        if self.ready != Ready::Event {
            self.block.keep(chunk);
        }
        (at, self.ready)
    }

    /// Reads the line that begins at `start`, and the blank line after it if it is there.
    /// Returns where the next line begins.
    #[inline(always)]
    fn line(&mut self, chunk: &[u8], start: usize, comments: bool) -> usize {
        let rest = chunk.get(start..).unwrap_or_default();
        // Nearly every block has a data line, and few have any other.
        if let Some(value) = rest.strip_prefix(b"data:") {
            let Some(length) = find_line_end(value) else {
                return self.tear_data(chunk, value);
            };
            let begin = start + b"data:".len();
            let end = begin + length;
            let space = usize::from(value.first() == Some(&b' '));
            if !self.block.data_line(chunk, begin + space, end) {
                self.exceed(Part::Data);
            }
            return self.end_of_line(chunk, end);
        }
        let Some(length) = find_line_end(rest) else {
            return self.tear(chunk, rest, comments);
        };
        let end = start + length;
        match rest.first() {
            // "If the line starts with a U+003A COLON character (:): Ignore the line."
            Some(b':') if comments => self.comment_line(chunk, start + 1, end),
            Some(b':') => {}
            Some(b'\n' | b'\r') => {
                // "If the line is empty (a blank line): Dispatch the event."
                self.dispatch();
                return self.pass_line_end(chunk, end);
            }
            _ => self.field_line(chunk, start, end),
        }
        self.end_of_line(chunk, end)
    }

    /// Passes the line ending at `end`, and the blank line after it, if that is there as well.
    #[inline(always)]
    fn end_of_line(&mut self, chunk: &[u8], end: usize) -> usize {
        let next = self.pass_line_end(chunk, end);
        if chunk.get(next) == Some(&b'\n') && self.ready == Ready::Nothing {
            self.dispatch();
            return next + 1;
        }
        next
    }

    /// Any other field than data: there is at most one of each in a usual block.
    fn field_line(&mut self, chunk: &[u8], start: usize, end: usize) {
        let line = chunk.get(start..end).unwrap_or_default();
        let name = line
            .first()
            .map_or(Name::Unknown, |&first| Name::beginning_with(first));
        // "Collect the characters on the line before the first U+003A COLON character (:), and
        // let field be that string." "If value starts with a U+0020 SPACE character, remove it
        // from value."
        let value = match line.strip_prefix(name.as_bytes()) {
            Some([b':', b' ', value @ ..] | [b':', value @ ..] | value @ []) => value,
            _ => return,
        };
        if name == Name::Of(Part::EventType) {
            if !self.block.event_type_line(end - value.len(), end) {
                self.exceed(Part::EventType);
            }
            return;
        }
        self.begin_value(chunk, name);
        self.part_of_value(name, value);
        self.end_value(name);
    }

    #[inline]
    fn comment_line(&mut self, chunk: &[u8], start: usize, end: usize) {
        let start = start + usize::from(chunk.get(start) == Some(&b' '));
        self.comment = Place::Chunk(start, end);
        self.ready = Ready::Comment;
        if end - start > self.block.limit(Part::Comment) {
            self.exceed(Part::Comment);
        }
    }

    /// Where the next line begins after a line that ends at `end`.
    #[inline(always)]
    pub(crate) fn pass_line_end(&mut self, chunk: &[u8], end: usize) -> usize {
        if chunk.get(end) != Some(&b'\r') {
            return end + 1;
        }
        match chunk.get(end + 1) {
            Some(b'\n') => end + 2,
            Some(_) => end + 1,
            None => {
                self.after_cr = true;
                self.torn = true;
                end + 1
            }
        }
    }

    /// A blank line: "dispatch the event".
    #[inline]
    fn dispatch(&mut self) {
        self.ready = match self.block.dispatch() {
            Dispatched::Nothing => Ready::Nothing,
            Dispatched::Event => Ready::Event,
            Dispatched::LastEventId => Ready::LastEventId,
        };
    }

    /// A limit is passed: the rest of the block will be skipped, or of the comment.
    #[cold]
    pub(crate) fn exceed(&mut self, part: Part) {
        self.ready = Ready::Limit;
        self.passed = part;
        if part != Part::Comment {
            self.block.discard();
            self.skipping = true;
            self.torn = true;
        }
    }

    fn exceeded(&mut self, part: Part) -> LimitExceeded {
        LimitExceeded {
            part,
            limit: self.block.limit(part),
        }
    }
}
