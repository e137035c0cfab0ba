//! The lower layer: an event stream cut into lines. Imports `core`, the search and the storage.

use core::mem::take;

use crate::buffer::Buffer;
use crate::error::{LimitExceeded, Part};
use crate::search::{BOM, find_line_end};
#[cfg(feature = "alloc")]
use crate::storage::Limits;
use crate::storage::{Growable, Slot, Storage};

/// Cuts an event stream into its lines, for proxies and tools that must see every field.
///
/// A line is borrowed from the chunk if it lies whole in it, else from the reader's storage, which
/// needs room for one line: as much as the storage has for data. It comes without its line ending
/// and, the first one, without a byte order mark: section 9.2.6 of the standard up to "Lines must be
/// processed". What the line says, [`Line::parse`](crate::Line::parse) tells.
///
/// Whoever wants events uses a [`Decoder`](crate::Decoder), which does not need the layer below.
///
/// ```
/// use sse_proto::{Fixed, Line, LineReader};
///
/// let mut lines = LineReader::with_storage(Fixed::<64, 0>::new());
/// let mut fields = 0;
/// for chunk in [&b"x-trace: 7\nda"[..], b"ta: 1\r", b"\n\r\n"] {
///     let mut rest = chunk;
///     while let Some(line) = lines.next(&mut rest) {
///         match Line::parse(line?) {
///             Line::Field { name, value } => {
///                 assert!(matches!((name, value), (b"x-trace", b"7") | (b"data", b"1")));
///                 fields += 1;
///             }
///             Line::Comment(_) | Line::Blank => {}
///         }
///     }
/// }
/// assert_eq!(fields, 2);
/// # Ok::<(), sse_proto::LimitExceeded>(())
/// ```
#[derive(Clone, Debug)]
pub struct LineReader<S = Growable> {
    storage: S,
    /// No line has been handed out: the first may begin with a byte order mark.
    first: bool,
    /// The last byte was a CR: an LF now belongs to the same line ending.
    after_cr: bool,
    /// The line was too long: its rest is not for us.
    skipping: bool,
    /// The line that was handed out is in the storage.
    done: bool,
}

#[cfg(feature = "alloc")]
impl LineReader<Growable> {
    /// A reader with storage on the heap for lines of at most `limit` bytes.
    ///
    /// ```
    /// use sse_proto::LineReader;
    ///
    /// let mut lines = LineReader::with_limit(64 << 10);
    /// assert_eq!(lines.next(&mut &b"data: 1\n"[..]), Some(Ok(&b"data: 1"[..])));
    /// ```
    #[must_use]
    pub fn with_limit(limit: usize) -> Self {
        Self::with_storage(Growable::new(Limits { data: limit, ..Limits::DEFAULT }))
    }
}

impl<S: Storage> LineReader<S> {
    /// A reader that keeps an unfinished line in `storage`.
    #[must_use]
    pub const fn with_storage(storage: S) -> Self {
        Self { storage, first: true, after_cr: false, skipping: false, done: false }
    }

    /// The next line, if `input` completes one; what was read is taken off the front of `input`.
    ///
    /// `None` when all of `input` has been read: hand over the next chunk then.
    ///
    /// # Errors
    ///
    /// If a line is longer than the storage allows. The next line is right.
    pub fn next<'d, 'i: 'd>(
        &'d mut self,
        input: &mut &'i [u8],
    ) -> Option<Result<&'d [u8], LimitExceeded>> {
        if take(&mut self.done) {
            self.storage.buffer(Slot::A, Part::Line).clear();
        }
        loop {
            let mut chunk = *input;
            if !chunk.is_empty() && take(&mut self.after_cr) {
                chunk = chunk.strip_prefix(b"\n").unwrap_or(chunk);
            }
            let Some(end) = find_line_end(chunk) else {
                *input = &[];
                return self.keep(chunk).err().map(Err);
            };
            let (line, ending) = chunk.split_at_checked(end).unwrap_or_default();
            self.after_cr = ending.first() == Some(&b'\r');
            *input = ending.get(1..).unwrap_or_default();
            if !take(&mut self.skipping) {
                return Some(self.line(line));
            }
        }
    }

    /// Makes ready for the next stream: forgets the unfinished line.
    pub fn reset(&mut self) {
        self.storage.buffer(Slot::A, Part::Line).clear();
        self.first = true;
        self.after_cr = false;
        self.skipping = false;
        self.done = false;
    }

    /// Keeps the part of a line that the chunk ends with.
    fn keep(&mut self, part: &[u8]) -> Result<(), LimitExceeded> {
        let mut buffer = self.storage.buffer(Slot::A, Part::Line);
        if self.skipping || buffer.append(part) {
            return Ok(());
        }
        buffer.clear();
        self.first = false;
        self.skipping = true;
        Err(LimitExceeded { part: Part::Line, limit: buffer.limit() })
    }

    /// The line that ends with these bytes.
    fn line<'d>(&'d mut self, end: &'d [u8]) -> Result<&'d [u8], LimitExceeded> {
        let first = take(&mut self.first);
        let mut buffer = self.storage.buffer(Slot::A, Part::Line);
        let limit = buffer.limit();
        let line = if buffer.as_slice().is_empty() && end.len() <= limit {
            end
        } else if buffer.append(end) {
            self.done = true;
            buffer.into_bytes()
        } else {
            buffer.clear();
            return Err(LimitExceeded { part: Part::Line, limit });
        };
        Ok(if first { line.strip_prefix(&BOM).unwrap_or(line) } else { line })
    }
}
