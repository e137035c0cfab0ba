//! Bytes to events: WHATWG HTML, section 9.2.6. Imports `core` and the modules below it.

use core::ops::Range;
use core::str::from_utf8;
use core::time::Duration;

use crate::FrameError;
#[cfg(feature = "alloc")]
use crate::Limits;
use crate::error::{LastEventIdError, LimitExceeded, Part};
use crate::event::{Event, Item};
use crate::field::{Digits, Name, find_forbidden};
use crate::line::find_line_end;
use crate::storage::{Buffer, Buffers, Growable, Storage};
use crate::utf8;

const BOM: [u8; 3] = [0xEF, 0xBB, 0xBF];

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
    storage: S,
    /// What `item` will say.
    ready: Ready,
    /// Where the next byte stands in its line.
    line: Line,
    /// How many bytes of a byte order mark have been seen at the start of the stream.
    bom: usize,
    /// The last byte was a CR: an LF now belongs to the same line ending.
    after_cr: bool,
    /// A limit was passed: the rest of the block is not for us.
    skipping: bool,
    /// The block has a `data` line.
    has_data: bool,
    /// The only data line so far, when it lies whole in the chunk that is being read.
    in_chunk: Option<Span>,
    /// The block has an `id` field.
    has_id: bool,
    /// The cell of the last event ID, "last event ID string" of the event source.
    committed: Cell,
    /// The cell of the "last event ID buffer" of the event stream.
    pending: Cell,
    /// The cell of `committed` before the block that `ready` is about.
    previous: Cell,
    retry: Digits,
    reconnection_time: Option<Duration>,
}

/// An index into the cells of the storage.
type Cell = u8;

/// A range of the chunk.
#[derive(Clone, Copy, Debug)]
struct Span {
    start: usize,
    end: usize,
}

impl From<Span> for Range<usize> {
    fn from(span: Span) -> Self {
        span.start..span.end
    }
}

#[derive(Clone, Copy, Debug)]
enum Line {
    /// At its start.
    Start,
    /// In its name, of which no more than these bytes have been seen.
    Name {
        bytes: [u8; Name::MAX],
        length: usize,
    },
    /// After the colon: one space may follow that is not of the value.
    Colon(Name),
    /// In its value.
    Value(Name),
}

#[derive(Clone, Copy, Debug)]
enum Ready {
    Nothing,
    Event,
    Comment(Option<Span>),
    ReconnectionTime(Duration),
    LastEventId,
    Limit(Part),
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
            storage,
            ready: Ready::Nothing,
            line: Line::Start,
            bom: 0,
            after_cr: false,
            skipping: false,
            has_data: false,
            in_chunk: None,
            has_id: false,
            committed: 0,
            pending: 0,
            previous: 0,
            retry: Digits::NONE,
            reconnection_time: None,
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
    pub fn next<'d, 'i: 'd>(
        &'d mut self,
        input: &mut &'i [u8],
    ) -> Option<Result<Item<'d>, LimitExceeded>> {
        let chunk = *input;
        self.advance(input).then(|| self.item(chunk))
    }

    /// The first half of [`next`](Self::next): finds the next item and takes what was read off
    /// the front of `input`.
    ///
    /// True when an item is complete: call [`item`](Self::item) then, with `input` as it was
    /// before this call. False when all of `input` has been read.
    pub fn advance(&mut self, input: &mut &[u8]) -> bool {
        self.begin();
        let chunk = *input;
        let mut position = self.skip_prefix(chunk);
        while let Some(rest) = chunk.get(position..).filter(|rest| !rest.is_empty()) {
            let Some(end) = find_line_end(rest) else {
                position = chunk.len();
                self.keep(chunk);
                self.part_of_line(rest);
                break;
            };
            let line = position..position + end;
            position = line.end + 1;
            if chunk.get(line.end) == Some(&b'\r') {
                match chunk.get(position) {
                    Some(b'\n') => position += 1,
                    Some(_) => {}
                    None => self.after_cr = true,
                }
            }
            self.whole_line(chunk, line);
            if !matches!(self.ready, Ready::Nothing) {
                break;
            }
        }
        if !matches!(self.ready, Ready::Event) {
            self.keep(chunk);
        }
        *input = chunk.get(position..).unwrap_or_default();
        !matches!(self.ready, Ready::Nothing)
    }

    /// The second half of [`next`](Self::next): the item that [`advance`](Self::advance) has
    /// found. `chunk` is the input as it was before that call.
    ///
    /// If `advance` has found nothing, this is the last event ID.
    ///
    /// # Errors
    ///
    /// As for [`next`](Self::next).
    pub fn item<'d>(&'d mut self, chunk: &'d [u8]) -> Result<Item<'d>, LimitExceeded> {
        let limits = self.storage.limits();
        let free = self.free_cell();
        let Buffers {
            data,
            event_type,
            cells,
        } = self.storage.buffers_mut();
        let last_event_id = usize::from(self.committed);
        match self.ready {
            Ready::Event => {
                let in_chunk = self
                    .in_chunk
                    .map(|span| chunk.get(Range::from(span)).unwrap_or_default());
                let data = match in_chunk.map(|bytes| (bytes, from_utf8(bytes))) {
                    Some((_, Ok(text))) => Some(text),
                    Some((bytes, Err(_))) => {
                        data.clear();
                        if data.append(bytes, limits.data) {
                            data.text(limits.data)
                        } else {
                            None
                        }
                    }
                    None => data.text(limits.data),
                };
                let Some(data) = data else {
                    self.committed = self.previous;
                    self.pending = self.previous;
                    return Err(LimitExceeded {
                        part: Part::Data,
                        limit: limits.data,
                    });
                };
                let Some(event_type) = event_type.text(limits.event_type) else {
                    self.committed = self.previous;
                    self.pending = self.previous;
                    return Err(LimitExceeded {
                        part: Part::EventType,
                        limit: limits.event_type,
                    });
                };
                let last_event_id = text_of(cells.get(last_event_id));
                Ok(Item::Event(Event {
                    event_type,
                    data,
                    last_event_id,
                    has_id: self.has_id,
                }))
            }
            Ready::Comment(span) => {
                let exceeded = LimitExceeded {
                    part: Part::Comment,
                    limit: limits.comment,
                };
                let cell = cells.get_mut(usize::from(free)).ok_or(exceeded)?;
                if let Some(span) = span {
                    let bytes = chunk.get(Range::from(span)).unwrap_or_default();
                    if let Ok(text) = from_utf8(bytes) {
                        return Ok(Item::Comment(text));
                    }
                    cell.clear();
                    if !cell.append(bytes, limits.comment) {
                        return Err(exceeded);
                    }
                }
                cell.text(limits.comment).map(Item::Comment).ok_or(exceeded)
            }
            Ready::ReconnectionTime(time) => Ok(Item::ReconnectionTime(time)),
            Ready::LastEventId | Ready::Nothing => {
                Ok(Item::LastEventId(text_of(cells.get(last_event_id))))
            }
            Ready::Limit(part) => Err(LimitExceeded {
                part,
                limit: match part {
                    Part::Data => limits.data,
                    Part::EventType => limits.event_type,
                    Part::LastEventId => limits.last_event_id,
                    Part::Comment | Part::Line => limits.comment,
                },
            }),
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
        text_of(
            self.storage
                .buffers()
                .cells
                .get(usize::from(self.committed)),
        )
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
        let limit = self.storage.limits().last_event_id;
        let free = self.free_cell();
        if id.len() > limit
            || !self.cell_mut(free).is_some_and(|cell| {
                cell.clear();
                cell.append(id.as_bytes(), limit)
            })
        {
            return Err(LastEventIdError::TooLong(LimitExceeded { part, limit }));
        }
        self.committed = free;
        self.pending = free;
        Ok(())
    }

    /// Makes ready for the next connection: forgets the unfinished block, keeps the last event
    /// ID and the reconnection time.
    ///
    /// "Once the end of the file is reached, any pending data must be discarded."
    pub fn reset(&mut self) {
        self.clear_block();
        self.pending = self.committed;
        self.ready = Ready::Nothing;
        self.line = Line::Start;
        self.bom = 0;
        self.after_cr = false;
        self.skipping = false;
    }

    /// Forgets the item that was handed out.
    fn begin(&mut self) {
        if matches!(self.ready, Ready::Event | Ready::LastEventId) {
            self.clear_block();
        }
        self.ready = Ready::Nothing;
    }

    fn clear_block(&mut self) {
        let buffers = self.storage.buffers_mut();
        buffers.data.clear();
        buffers.event_type.clear();
        self.in_chunk = None;
        self.has_data = false;
        self.has_id = false;
    }

    /// Skips what belongs to the chunks before: the rest of a byte order mark or of a CRLF.
    fn skip_prefix(&mut self, chunk: &[u8]) -> usize {
        let mut position = 0;
        // "The UTF-8 decode algorithm strips one leading UTF-8 Byte Order Mark (BOM), if any."
        while let (Some(expected), Some(byte)) = (BOM.get(self.bom), chunk.get(position)) {
            if byte != expected {
                if self.bom > 0 {
                    // The bytes that looked like one begin a name that nobody knows.
                    self.line = Line::Value(Name::Unknown);
                }
                self.bom = BOM.len();
                break;
            }
            self.bom += 1;
            position += 1;
        }
        if self.after_cr && !chunk.is_empty() {
            self.after_cr = false;
            position += usize::from(chunk.first() == Some(&b'\n'));
        }
        position
    }

    /// Copies the data that was only remembered as a range of `chunk`.
    fn keep(&mut self, chunk: &[u8]) {
        if let Some(span) = self.in_chunk.take() {
            self.append_data(chunk.get(Range::from(span)).unwrap_or_default());
        }
    }

    /// Reads a line, or the end of one, that lies whole in the chunk.
    fn whole_line(&mut self, chunk: &[u8], range: Range<usize>) {
        let line = chunk.get(range.clone()).unwrap_or_default();
        if !matches!(self.line, Line::Start) {
            self.keep(chunk);
            self.part_of_line(line);
            self.end_line();
            return;
        }
        // "If the line is empty (a blank line): Dispatch the event."
        if line.is_empty() {
            return self.dispatch();
        }
        if self.skipping {
            return;
        }
        let colon = line
            .iter()
            .take(Name::MAX + 1)
            .position(|&byte| byte == b':');
        let name = Name::of(line.get(..colon.unwrap_or(line.len())).unwrap_or_default());
        // "If value starts with a U+0020 SPACE character, remove it from value."
        let mut start = range.start + colon.map_or(line.len(), |colon| colon + 1);
        if chunk
            .get(start..range.end)
            .is_some_and(|value| value.first() == Some(&b' '))
        {
            start += 1;
        }
        let span = Span {
            start,
            end: range.end,
        };
        let value = chunk.get(start..range.end).unwrap_or_default();
        let limits = self.storage.limits();
        match name {
            Name::Data if !self.has_data && value.len() <= limits.data => {
                self.has_data = true;
                self.in_chunk = Some(span);
            }
            Name::Comment if value.len() <= limits.comment => {
                self.ready = Ready::Comment(Some(span))
            }
            _ => {
                if name == Name::Data {
                    self.keep(chunk);
                }
                self.begin_value(name);
                self.part_of_value(name, value);
                self.end_line();
            }
        }
    }

    /// Reads bytes of a line that is split over chunks; none of them ends it.
    fn part_of_line(&mut self, mut bytes: &[u8]) {
        while let Some((&byte, rest)) = bytes.split_first() {
            match self.line {
                _ if self.skipping => {
                    self.line = Line::Value(Name::Unknown);
                    return;
                }
                Line::Start if byte == b':' => self.line = Line::Colon(Name::Comment),
                Line::Start => {
                    let mut name = [0; Name::MAX];
                    name[0] = byte;
                    self.line = Line::Name {
                        bytes: name,
                        length: 1,
                    };
                }
                Line::Name {
                    bytes: name,
                    length,
                } if byte == b':' => {
                    self.line = Line::Colon(Name::of(name.get(..length).unwrap_or_default()));
                }
                Line::Name {
                    bytes: mut name,
                    length,
                } => {
                    self.line = match name.get_mut(length) {
                        Some(place) => {
                            *place = byte;
                            Line::Name {
                                bytes: name,
                                length: length + 1,
                            }
                        }
                        None => Line::Value(Name::Unknown),
                    };
                }
                Line::Colon(name) => {
                    self.begin_value(name);
                    self.line = Line::Value(name);
                    let value = if byte == b' ' { rest } else { bytes };
                    return self.part_of_value(name, value);
                }
                Line::Value(name) => return self.part_of_value(name, bytes),
            }
            bytes = rest;
        }
    }

    /// The value of the current line begins.
    fn begin_value(&mut self, name: Name) {
        self.line = Line::Value(name);
        match name {
            Name::Data => {
                if self.has_data {
                    self.append_data(b"\n");
                }
            }
            Name::EventType => self.storage.buffers_mut().event_type.clear(),
            Name::Id | Name::Comment => {
                let free = self.free_cell();
                if let Some(cell) = self.cell_mut(free) {
                    cell.clear();
                }
            }
            Name::Retry => self.retry = Digits::NONE,
            Name::Unknown => {}
        }
    }

    /// Takes over bytes of the value of the current line.
    fn part_of_value(&mut self, name: Name, bytes: &[u8]) {
        let limits = self.storage.limits();
        match name {
            _ if self.skipping => {}
            Name::Data => self.append_data(bytes),
            Name::EventType => {
                if !self
                    .storage
                    .buffers_mut()
                    .event_type
                    .append(bytes, limits.event_type)
                {
                    self.exceed(Part::EventType);
                }
            }
            Name::Id => {
                let free = self.free_cell();
                if !self
                    .cell_mut(free)
                    .is_some_and(|cell| cell.append(bytes, limits.last_event_id))
                {
                    self.exceed(Part::LastEventId);
                }
            }
            Name::Comment => {
                let free = self.free_cell();
                if !self
                    .cell_mut(free)
                    .is_some_and(|cell| cell.append(bytes, limits.comment))
                {
                    self.line = Line::Value(Name::Unknown);
                    self.ready = Ready::Limit(Part::Comment);
                }
            }
            Name::Retry => self.retry.push(bytes),
            Name::Unknown => {}
        }
    }

    fn append_data(&mut self, bytes: &[u8]) {
        let limit = self.storage.limits().data;
        if !self.skipping && !self.storage.buffers_mut().data.append(bytes, limit) {
            self.exceed(Part::Data);
        }
    }

    /// The current line ends.
    fn end_line(&mut self) {
        let name = match self.line {
            Line::Start => Name::Unknown,
            // "Otherwise, the string is not empty but does not contain a U+003A COLON character (:)":
            // the whole line is the name, the value is empty.
            Line::Name { bytes, length } => {
                let name = Name::of(bytes.get(..length).unwrap_or_default());
                self.begin_value(name);
                name
            }
            Line::Colon(name) => {
                self.begin_value(name);
                name
            }
            Line::Value(name) => name,
        };
        self.line = Line::Start;
        if self.skipping {
            return;
        }
        match name {
            Name::Data => self.has_data = true,
            Name::Id => self.end_id(),
            Name::Retry => {
                if let Some(time) = self.retry.time() {
                    self.reconnection_time = Some(time);
                    self.ready = Ready::ReconnectionTime(time);
                }
            }
            Name::Comment => self.ready = Ready::Comment(None),
            Name::EventType | Name::Unknown => {}
        }
    }

    /// "If the field value does not contain U+0000 NULL, then set the last event ID buffer to
    /// the field value. Otherwise, ignore the field."
    fn end_id(&mut self) {
        let limit = self.storage.limits().last_event_id;
        let free = self.free_cell();
        let Some(cell) = self.cell_mut(free) else {
            return;
        };
        if cell.as_slice().contains(&0) {
            return;
        }
        if from_utf8(cell.as_slice()).is_err() && !utf8::repair(cell, limit) {
            return self.exceed(Part::LastEventId);
        }
        self.pending = free;
        self.has_id = true;
    }

    /// A blank line: "dispatch the event".
    fn dispatch(&mut self) {
        if self.skipping {
            self.skipping = false;
            return;
        }
        // "Set the last event ID string of the event source to the value of the last event ID buffer."
        self.previous = self.committed;
        self.committed = self.pending;
        if self.has_data {
            self.ready = Ready::Event;
        } else if self.has_id {
            self.ready = Ready::LastEventId;
        } else {
            // "If the data buffer is an empty string, set the data buffer and the event type
            // buffer to the empty string and return."
            self.clear_block();
        }
    }

    /// A limit is passed: the rest of the block will be skipped.
    fn exceed(&mut self, part: Part) {
        self.clear_block();
        self.pending = self.committed;
        self.skipping = true;
        self.ready = Ready::Limit(part);
    }

    fn free_cell(&self) -> Cell {
        (0..3)
            .find(|&cell| cell != self.committed && cell != self.pending)
            .unwrap_or(0)
    }

    fn cell_mut(&mut self, cell: Cell) -> Option<&mut <S as crate::storage::Parts>::Text> {
        self.storage.buffers_mut().cells.get_mut(usize::from(cell))
    }
}

fn text_of(cell: Option<&impl Buffer>) -> &str {
    cell.and_then(|cell| from_utf8(cell.as_slice()).ok())
        .unwrap_or_default()
}
