//! What waits to be written to one connection: bytes of its own, and blocks that it shares with others. Pure.

use std::collections::VecDeque;

use sse_channel::Block;

/// A block up to this size is copied behind what waits already, so that one call writes both.
const COPIED: usize = 4096;

/// Bytes on their way out. Empty, it keeps no memory.
#[derive(Default)]
pub(crate) struct Queue(Option<Box<Pieces>>);

/// What an idle connection has none of.
struct Pieces {
    first: Piece,
    /// How much of the first piece has left.
    sent: usize,
    others: VecDeque<Piece>,
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
        let last =
            self.0.as_mut().map(|pieces| pieces.others.back_mut().unwrap_or(&mut pieces.first));
        match last {
            _ if bytes.is_empty() => {}
            Some(Piece::Own(own)) => own.extend_from_slice(bytes),
            _ => self.add(Piece::Own(bytes.to_vec()), 0),
        }
    }

    /// Appends a block of which `written` bytes have left already. A large one is not copied: many
    /// connections may wait with the same.
    pub(crate) fn push(&mut self, block: &Block, written: usize) {
        let rest = block.get(written..).unwrap_or_default();
        if rest.len() <= COPIED || (written > 0 && self.0.is_some()) {
            return self.extend_from_slice(rest);
        }
        self.add(Piece::Shared(block.clone()), written);
    }

    /// Appends a piece, of which nothing has left unless it is the first.
    fn add(&mut self, piece: Piece, sent: usize) {
        match &mut self.0 {
            Some(pieces) => pieces.others.push_back(piece),
            None => {
                let pieces = Pieces { first: piece, sent, others: VecDeque::new() };
                self.0 = Some(Box::new(pieces));
            }
        }
    }

    /// What has to leave next; empty if nothing has.
    pub(crate) fn next(&self) -> &[u8] {
        let pieces = self.0.as_ref();
        pieces.and_then(|it| it.first.bytes().get(it.sent..)).unwrap_or_default()
    }

    /// So much of what is next has left.
    pub(crate) fn advance(&mut self, count: usize) {
        let Some(pieces) = &mut self.0 else { return };
        pieces.sent += count;
        if pieces.sent < pieces.first.bytes().len() {
            return;
        }
        match pieces.others.pop_front() {
            Some(next) => (pieces.first, pieces.sent) = (next, 0),
            None => self.0 = None,
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
        assert!(queue.0.is_none(), "an idle connection keeps no buffer");
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
