//! How much of a stream came after its last blank line: the block that its end leaves unfinished.
//! Pure; depends on nothing.

/// Counts what was read since the last blank line.
#[derive(Debug)]
pub(crate) struct Tail {
    unfinished: u64,
    /// The last two bytes that were read; before a stream it is as if lines had ended.
    last: [u8; 2],
}

impl Default for Tail {
    fn default() -> Self {
        Self { unfinished: 0, last: [b'\n'; 2] }
    }
}

/// So many bytes are looked at together for the end of a line.
const BLOCK: usize = 32;

impl Tail {
    pub(crate) fn unfinished(&self) -> u64 {
        self.unfinished
    }

    /// An event was dispatched by a blank line that ends with this byte.
    #[inline]
    pub(crate) fn dispatched(&mut self, end: u8) {
        self.unfinished = 0;
        self.last = [end; 2];
    }

    /// These bytes were read, and no event was dispatched in them.
    #[cold]
    pub(crate) fn read(&mut self, bytes: &[u8]) {
        match self.last_blank_line(bytes) {
            Some(end) => self.unfinished = (bytes.len() - end) as u64,
            None => {
                // The line feed of a blank line that was known by its CR is not of the next block.
                let of_blank =
                    self.unfinished == 0 && self.last[1] == b'\r' && bytes.first() == Some(&b'\n');
                self.unfinished += bytes.len() as u64 - u64::from(of_blank);
            }
        }
        match *bytes {
            [] => {}
            [only] => self.last = [self.last[1], only],
            [.., before, last] => self.last = [before, last],
        }
    }

    /// Where the last blank line ends. Looked for from the end, where it is when a stream waits; what
    /// has no line's end in it, most of a long event, is passed over quickly.
    fn last_blank_line(&self, bytes: &[u8]) -> Option<usize> {
        let mut end = bytes.len();
        for block in bytes.rchunks(BLOCK) {
            let start = end - block.len();
            if block.iter().fold(false, |found, &byte| found | is_end(byte)) {
                let found = (start..end).rev().find(|&at| self.is_blank_line_end(bytes, at));
                if let Some(at) = found {
                    return Some(at + 1);
                }
            }
            end = start;
        }
        None
    }

    fn is_blank_line_end(&self, bytes: &[u8], at: usize) -> bool {
        let before = |count: usize| match at.checked_sub(count) {
            Some(at) => bytes[at],
            None => self.last[2 - (count - at)],
        };
        match bytes[at] {
            b'\n' if before(1) == b'\r' => is_end(before(2)),
            b'\r' | b'\n' => is_end(before(1)),
            _ => false,
        }
    }
}

fn is_end(byte: u8) -> bool {
    (byte == b'\r') | (byte == b'\n')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_after_the_last_blank_line_in_pieces_of_every_size() {
        let long = format!("\n\n{}", "x".repeat(100));
        for (stream, unfinished) in [
            ("", 0),
            ("\n", 0),
            ("data: 1", 7),
            ("data: 1\n", 8),
            (": c\n\n", 0),
            (": c\r\r", 0),
            (": c\r\n\r\n", 0),
            (": c\r\n\r\nid", 2),
            (": c\n\r\nid", 2),
            (": c\r\n\rid", 2),
            (": c\r\n", 5),
            ("a\n\nb\n\nc\nd\n", 4),
            (&long, 100),
        ] {
            for size in 1..=stream.len().max(1) {
                let mut tail = Tail::default();
                for piece in stream.as_bytes().chunks(size) {
                    tail.read(piece);
                }
                assert_eq!(tail.unfinished(), unfinished, "{stream:?} by {size}");
            }
        }
    }

    #[test]
    fn an_event_begins_the_count_afresh() {
        for (end, rest, unfinished) in
            [(b'\n', "", 0), (b'\r', "\n", 0), (b'\r', "\nid", 2), (b'\n', "id: 1\n", 6)]
        {
            let mut tail = Tail::default();
            tail.read(b"data: 1\n");
            tail.dispatched(end);
            tail.read(rest.as_bytes());
            assert_eq!(tail.unfinished(), unfinished, "{rest:?}");
        }
    }
}
