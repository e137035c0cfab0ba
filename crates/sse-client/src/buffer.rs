//! The read buffer of one connection. Pure.

/// Small, because ten thousand idle streams have one each.
const INITIAL: usize = 1024;
/// What a stream at full speed grows it to.
const MAX: usize = 64 * 1024;
/// So many reads in a row that would have fitted into a quarter let it shrink by half.
const CALM_READS: u8 = 32;

/// Bytes that were read and are not consumed yet, and the room after them.
#[derive(Debug, Default)]
pub(crate) struct Buffer {
    bytes: Vec<u8>,
    start: usize,
    end: usize,
    calm: u8,
}

impl Buffer {
    #[inline]
    pub(crate) fn unread(&self) -> &[u8] {
        self.bytes.get(self.start..self.end).unwrap_or_default()
    }

    /// Where `unread` starts in `bytes`.
    #[inline]
    pub(crate) fn position(&self) -> usize {
        self.start
    }

    /// Everything, consumed bytes included, until the next `room`.
    #[inline]
    pub(crate) fn bytes(&self) -> &[u8] {
        &self.bytes
    }

    #[inline]
    pub(crate) fn consume(&mut self, count: usize) {
        self.start = self.end.min(self.start.saturating_add(count));
    }

    /// Room to read into, at least one byte of it. What has been consumed is overwritten.
    pub(crate) fn room(&mut self) -> &mut [u8] {
        if self.start == self.end {
            self.start = 0;
            self.end = 0;
            if self.calm >= CALM_READS {
                self.calm = 0;
                self.bytes.truncate(self.bytes.len() / 2);
                self.bytes.shrink_to_fit();
            }
        }
        if self.end == self.bytes.len() {
            self.bytes.resize((self.bytes.len() * 2).max(INITIAL), 0);
        }
        self.bytes.get_mut(self.end..).unwrap_or_default()
    }

    /// `count` bytes were read into the room.
    pub(crate) fn filled(&mut self, count: usize) {
        let room = self.bytes.len() - self.end;
        self.end = self.bytes.len().min(self.end.saturating_add(count));
        if count >= room && self.bytes.len() < MAX && self.start == 0 {
            self.bytes.resize((self.bytes.len() * 2).min(MAX), 0);
        }
        let calm = count <= self.bytes.len() / 4 && self.bytes.len() > INITIAL;
        self.calm = if calm { self.calm.saturating_add(1) } else { 0 };
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keeps_what_is_not_consumed() {
        let mut buffer = Buffer::default();
        buffer.room()[..5].copy_from_slice(b"hello");
        buffer.filled(5);
        buffer.consume(2);
        assert_eq!((buffer.unread(), buffer.position()), (&b"llo"[..], 2));
        buffer.room()[0] = b'!';
        buffer.filled(1);
        assert_eq!(buffer.unread(), b"llo!");
        buffer.consume(4);
        assert_eq!((buffer.unread(), &buffer.bytes()[..6]), (&b""[..], &b"hello!"[..]));
        assert_eq!(buffer.room().len(), INITIAL);
    }

    #[test]
    fn grows_under_load_and_shrinks_when_calm() {
        let mut buffer = Buffer::default();
        for _ in 0..20 {
            let room = buffer.room().len();
            buffer.filled(room);
            buffer.consume(room);
        }
        assert_eq!(buffer.room().len(), MAX);
        for _ in 0..20 * usize::from(CALM_READS) {
            buffer.room();
            buffer.filled(10);
            buffer.consume(10);
        }
        assert_eq!(buffer.room().len(), INITIAL);
    }
}
