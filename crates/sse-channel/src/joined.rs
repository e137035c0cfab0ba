//! What was joined last, for all who stand at the same place: a thousand clients that have everything get the same
//! block, and so do those who come back together. Depends on `batch` and `ring`; pure.

use crate::ring::Ring;
use crate::{Batch, Block, Framing};

/// The last batch; none is kept that is older than the log's newest entry.
#[derive(Debug, Default)]
pub(crate) struct Joined(Option<Known>);

#[derive(Debug)]
struct Known {
    batch: Batch,
    framing: Framing,
    /// Where the log ended: what has been pushed since would belong to it.
    end: u64,
}

impl Joined {
    /// The entries from `position` on, of about `max_bytes`, which is the same for all who ask; `None` if there are none,
    /// or the position has been dropped.
    pub(crate) fn at(
        &mut self,
        position: u64,
        max_bytes: usize,
        framing: Framing,
        ring: &Ring,
    ) -> Option<Batch> {
        let end = ring.end();
        if position == end {
            return None;
        }
        let is_same =
            |it: &&Known| (it.batch.first(), it.framing, it.end) == (position, framing, end);
        if let Some(known) = self.0.as_ref().filter(is_same) {
            return Some(known.batch.clone());
        }
        let entries = ring.read(position, max_bytes).ok().filter(|it| !it.is_empty())?;
        let batch = Batch::join(position, &entries, framing);
        let batch = Batch { block: batch.block.map(Block::for_many), ..batch };
        self.0 = Some(Known { batch: batch.clone(), framing, end });
        Some(batch)
    }

    /// Keeps nothing.
    pub(crate) fn forget(&mut self) {
        self.0 = None;
    }
}

#[cfg(test)]
mod tests {
    use sse_proto::Frame;

    use super::*;
    use crate::{Entry, History};

    fn push(ring: &mut Ring, text: &str) {
        ring.push(Entry::new(&Frame::message(text)));
    }

    fn text(batch: &Batch) -> String {
        batch.block().unwrap().escape_ascii().to_string()
    }

    #[test]
    fn who_asks_at_the_same_place_shares_the_bytes() {
        let mut ring = Ring::new(1, History::default());
        let mut joined = Joined::default();
        assert!(joined.at(1, 100, Framing::Plain, &ring).is_none());
        push(&mut ring, "a");
        push(&mut ring, "b");
        let one = joined.at(1, 100, Framing::Plain, &ring).unwrap();
        let two = joined.at(1, 100, Framing::Plain, &ring).unwrap();
        let place = |batch: &Batch| batch.block().unwrap().as_ptr();
        assert_eq!((text(&one), place(&one)), (r"data: a\n\ndata: b\n\n".into(), place(&two)));
        assert_eq!((one.first(), one.end(), one.events()), (1, 3, 2));
    }

    #[cfg(feature = "bytes")]
    #[test]
    fn bytes_are_those_of_the_block() {
        let (mut ring, mut joined) = (Ring::new(1, History::default()), Joined::default());
        for (plain, chunked) in [
            (r"data: a\n\n", r"9\r\ndata: a\n\n\r\n"),
            (r"data: a\n\ndata: a\n\n", r"9\r\ndata: a\n\n\r\n9\r\ndata: a\n\n\r\n"),
        ] {
            push(&mut ring, "a");
            for (framing, expected) in [(Framing::Plain, plain), (Framing::Chunked, chunked)] {
                let block = joined.at(1, 100, framing, &ring).unwrap().block.unwrap();
                assert_eq!(bytes::Bytes::from(block).escape_ascii().to_string(), expected);
            }
        }
    }

    #[test]
    fn another_place_framing_or_end_gives_its_own() {
        let history = History { events: 3, ..History::default() };
        let (mut ring, mut joined) = (Ring::new(1, history), Joined::default());
        push(&mut ring, "a");
        push(&mut ring, "b");
        let mut at = |position, framing, ring: &Ring| {
            joined.at(position, 100, framing, ring).map(|batch| text(&batch))
        };
        let (a, b, c) = (r"data: a\n\n", r"data: b\n\n", r"data: c\n\n");
        for _ in 0..2 {
            assert_eq!(at(1, Framing::Plain, &ring), Some([a, b].concat()));
            assert_eq!(at(2, Framing::Plain, &ring), Some(b.into()));
            assert_eq!(at(2, Framing::Chunked, &ring), Some(format!(r"9\r\n{b}\r\n")));
            assert_eq!(at(3, Framing::Chunked, &ring), None);
        }
        assert_eq!(at(2, Framing::Plain, &ring), Some(b.into()));
        push(&mut ring, "c");
        assert_eq!(at(2, Framing::Plain, &ring), Some([b, c].concat()));
        push(&mut ring, "d");
        // Dropped: that is for others to tell.
        assert_eq!(at(1, Framing::Plain, &ring), None);
    }
}
