//! How a decoder gets from item to item. Imports what the decoder does.

use crate::decoder::Decoder;
use crate::error::Part;
use crate::found::Found;
use crate::storage::Storage;

impl<S: Storage> Decoder<S> {
    /// Reads up to the end of the next item, or to the end of the chunk. Returns how far.
    pub(crate) fn scan(&mut self, chunk: &[u8], comments: bool) -> (usize, Option<Found>) {
        if self.block.is_dispatched() {
            self.block.clear();
        }
        let read = self.read(chunk, comments);
        (read, self.found.take())
    }

    /// A blank line: "dispatch the event". What the standard says of a task, which "dispatches the newly created event at
    /// the EventSource object", is up to the caller, who is handed the event.
    #[inline]
    pub(crate) fn dispatch(&mut self) {
        self.found = self.block.dispatch();
    }

    /// A limit is passed: the rest of the block will be skipped, or of the comment.
    #[cold]
    pub(crate) fn exceed(&mut self, part: Part) {
        self.found = Some(Found::Limit);
        self.passed = part;
        if part != Part::Comment {
            self.block.discard();
            self.skipping = true;
            #[cfg(feature = "memchr")]
            {
                self.torn = true;
            }
        }
    }
}
