//! What waits to be written to one connection: bytes of its own, and blocks that it shares with others. Pure.

use sse_channel::Block;

/// A block up to this size is copied behind what waits already, so that one call writes both.
const COPIED: usize = 4096;

/// Bytes on their way out. Empty, it keeps no memory.
#[derive(Default)]
pub(crate) struct Queue {
    pieces: Vec<Piece>,
    /// How much of the first piece has left.
    sent: usize,
}

enum Piece {
    Own(Vec<u8>),
    Shared(Block),
}

impl Piece {
    fn bytes(&self) -> &[u8] {
        match self {
            Self::Own(bytes) => bytes,
            Self::Shared(block) => block,
        }
    }
}

impl Queue {
    /// Appends bytes.
    pub(crate) fn extend_from_slice(&mut self, bytes: &[u8]) {
        match self.pieces.last_mut() {
            _ if bytes.is_empty() => {}
            Some(Piece::Own(own)) => own.extend_from_slice(bytes),
            _ => self.pieces.push(Piece::Own(bytes.to_vec())),
        }
    }

    /// Appends a block of which `written` bytes have left already. A large one is not copied: many
    /// connections may wait with the same.
    pub(crate) fn push(&mut self, block: &Block, written: usize) {
        let rest = block.get(written..).unwrap_or_default();
        if rest.len() <= COPIED || (written > 0 && !self.pieces.is_empty()) {
            return self.extend_from_slice(rest);
        }
        self.pieces.push(Piece::Shared(block.clone()));
        if written > 0 {
            self.sent = written;
        }
    }

    /// What has to leave next; empty if nothing has.
    pub(crate) fn next(&self) -> &[u8] {
        let first = self.pieces.first().map(Piece::bytes);
        first.and_then(|bytes| bytes.get(self.sent..)).unwrap_or_default()
    }

    /// So much of what is next has left.
    pub(crate) fn advance(&mut self, count: usize) {
        self.sent += count;
        if self.next().is_empty() && !self.pieces.is_empty() {
            self.pieces.remove(0);
            self.sent = 0;
        }
        if self.pieces.is_empty() {
            self.pieces = Vec::new();
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// All that leaves, `step` bytes at a time.
    fn drain(queue: &mut Queue, step: usize) -> Vec<u8> {
        let mut all = Vec::new();
        while let Some(count) = Some(queue.next().len().min(step)).filter(|count| *count > 0) {
            all.extend_from_slice(&queue.next()[..count]);
            queue.advance(count);
        }
        assert_eq!(queue.pieces.capacity(), 0, "an idle connection keeps no buffer");
        all
    }

    #[test]
    fn everything_leaves_in_order_whatever_is_taken_at_once() {
        for step in [1, 7, 4096, 5000, usize::MAX] {
            for large in [10, COPIED, COPIED + 1, 3 * COPIED] {
                let block: Vec<u8> = (0..large).map(|byte| byte as u8).collect();
                let shared = Block::from(block.clone());
                let mut queue = Queue::default();
                queue.extend_from_slice(b"head");
                queue.push(&shared, 0);
                queue.push(&shared, 3);
                queue.extend_from_slice(b"");
                queue.extend_from_slice(b"tail");
                let expected = [b"head", &block[..], &block[3..], b"tail"].concat();
                assert_eq!(drain(&mut queue, step), expected, "{step} {large}");
                queue.push(&shared, 5);
                queue.push(&shared, 0);
                assert_eq!(drain(&mut queue, step), [&block[5..], &block[..]].concat());
            }
        }
    }

    #[test]
    fn a_large_block_is_not_copied() {
        let shared = Block::from(vec![7; 1 << 20]);
        let mut queue = Queue::default();
        queue.push(&shared, 100);
        assert_eq!(queue.next().as_ptr(), shared[100..].as_ptr());
    }
}
