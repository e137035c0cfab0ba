//! A chunk of HTTP/1.1 (RFC 9112, 7.1), in one piece of memory. Depends on nothing; pure.

use std::sync::Arc;

/// The end of a chunk.
pub(crate) const CHUNK_END: usize = 2;

/// A chunk of the exact size, allocated once; `encode` fills its block.
pub(crate) fn chunk(size: &ChunkSize, length: usize, encode: impl FnOnce(&mut [u8])) -> Arc<[u8]> {
    let head = size.as_bytes();
    let mut chunk: Arc<[u8]> = std::iter::repeat_n(0, head.len() + length + CHUNK_END).collect();
    if let Some(bytes) = Arc::get_mut(&mut chunk) {
        let (start, rest) = bytes.split_at_mut(head.len());
        let (block, end) = rest.split_at_mut(length);
        start.copy_from_slice(head);
        encode(block);
        end.copy_from_slice(b"\r\n");
    }
    chunk
}

/// The line before a chunk: its length in hexadecimal digits.
pub(crate) struct ChunkSize {
    bytes: [u8; 18],
    length: usize,
}

impl ChunkSize {
    pub(crate) fn of(length: usize) -> Self {
        let digits = length.checked_ilog2().unwrap_or(0) as usize / 4 + 1;
        let mut bytes = *b"0000000000000000\r\n";
        for (place, shift) in (0..digits).rev().enumerate() {
            if let Some(byte) = bytes.get_mut(place) {
                *byte = b"0123456789abcdef"[(length >> (4 * shift)) & 15];
            }
        }
        if let Some(end) = bytes.get_mut(digits..digits + 2) {
            end.copy_from_slice(b"\r\n");
        }
        Self { bytes, length: digits + 2 }
    }

    pub(crate) fn as_bytes(&self) -> &[u8] {
        self.bytes.get(..self.length).unwrap_or_default()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_chunk_says_how_long_it_is() {
        for length in [0, 1, 9, 10, 15, 16, 17, 255, 256, 4095, 4096, 65_536, usize::MAX] {
            let expected = format!("{length:x}\r\n");
            assert_eq!(ChunkSize::of(length).as_bytes(), expected.as_bytes(), "{length}");
        }
    }
}
