//! The checksum of a snapshot: CRC-32 as in zip and PNG (ISO 3309, polynomial 0xEDB88320). Pure.
//!
//! Chosen over FNV-1a because it finds every damage of up to 32 bits in a row, whatever else is in the file, and because
//! Python, zlib and most languages have it: who reads a snapshot by a script writes no checksum. Eight bytes at a time it
//! takes a small part of what a restore does.

/// One table for each byte of eight.
static TABLES: [[u32; 256]; 8] = tables();

const fn tables() -> [[u32; 256]; 8] {
    let mut tables = [[0; 256]; 8];
    let mut byte = 0;
    while byte < 256 {
        let mut sum = byte as u32;
        let mut bit = 0;
        while bit < 8 {
            sum = (sum >> 1) ^ (0xEDB8_8320 * (sum & 1));
            bit += 1;
        }
        tables[0][byte] = sum;
        byte += 1;
    }
    let mut table = 1;
    while table < 8 {
        let mut byte = 0;
        while byte < 256 {
            let sum: u32 = tables[table - 1][byte];
            tables[table][byte] = (sum >> 8) ^ tables[0][(sum & 255) as usize];
            byte += 1;
        }
        table += 1;
    }
    tables
}

/// The checksum of all bytes so far.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Crc32(u32);

impl Crc32 {
    pub(crate) const fn new() -> Self {
        Self(u32::MAX)
    }

    pub(crate) fn sum(self) -> u32 {
        !self.0
    }

    pub(crate) fn update(&mut self, bytes: &[u8]) {
        let entry = |table: usize, byte: u8| TABLES[table][usize::from(byte)];
        let (chunks, rest) = bytes.split_at(bytes.len() - bytes.len() % 8);
        for chunk in chunks.chunks_exact(8) {
            let Ok([a, b, c, d, e, f, g, h]) = <[u8; 8]>::try_from(chunk) else { return };
            let [a, b, c, d] = (self.0 ^ u32::from_le_bytes([a, b, c, d])).to_le_bytes();
            self.0 = entry(7, a) ^ entry(6, b) ^ entry(5, c) ^ entry(4, d);
            self.0 ^= entry(3, e) ^ entry(2, f) ^ entry(1, g) ^ entry(0, h);
        }
        for byte in rest {
            self.0 = (self.0 >> 8) ^ entry(0, self.0 as u8 ^ byte);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_is_the_sum_of_everybody_else() {
        let text = b"The quick brown fox jumps over the lazy dog";
        let vectors: [(&[u8], u32); 4] =
            [(b"", 0), (b"a", 0xE8B7_BE43), (b"123456789", 0xCBF4_3926), (text, 0x414F_A339)];
        for (bytes, expected) in vectors {
            for cut in 0..=bytes.len() {
                let mut crc = Crc32::new();
                let (one, two) = bytes.split_at(cut);
                crc.update(one);
                crc.update(two);
                assert_eq!(crc.sum(), expected, "{cut}");
            }
        }
    }
}
