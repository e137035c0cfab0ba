//! The UTF-8 decoder of the Encoding standard, transcribed as the oracle's first step.

/// A character and the offset of the byte after it.
pub(super) type Character = (char, usize);

/// "Streams must be decoded using the UTF-8 decode algorithm."
pub(super) fn utf_8_decode(bytes: &[u8]) -> Vec<Character> {
    // "The UTF-8 decode algorithm strips one leading UTF-8 Byte Order Mark (BOM), if any."
    let mut at = if bytes.starts_with(b"\xEF\xBB\xBF") { 3 } else { 0 };
    let mut characters = Vec::new();
    // The Encoding standard, section 8.1.1, "UTF-8 decoder". Its errors become U+FFFD.
    let (mut code_point, mut bytes_seen, mut bytes_needed) = (0, 0, 0);
    let (mut lower_boundary, mut upper_boundary) = (0x80, 0xBF);
    while at < bytes.len() {
        let byte = bytes[at];
        at += 1;
        if bytes_needed == 0 {
            match byte {
                0x00..=0x7F => characters.push((char::from(byte), at)),
                0xC2..=0xDF => {
                    bytes_needed = 1;
                    code_point = u32::from(byte & 0x1F);
                }
                0xE0..=0xEF => {
                    // "If byte is 0xE0, then set UTF-8 lower boundary to 0xA0."
                    if byte == 0xE0 {
                        lower_boundary = 0xA0;
                    }
                    // "If byte is 0xED, then set UTF-8 upper boundary to 0x9F."
                    if byte == 0xED {
                        upper_boundary = 0x9F;
                    }
                    bytes_needed = 2;
                    code_point = u32::from(byte & 0xF);
                }
                0xF0..=0xF4 => {
                    // "If byte is 0xF0, then set UTF-8 lower boundary to 0x90."
                    if byte == 0xF0 {
                        lower_boundary = 0x90;
                    }
                    // "If byte is 0xF4, then set UTF-8 upper boundary to 0x8F."
                    if byte == 0xF4 {
                        upper_boundary = 0x8F;
                    }
                    bytes_needed = 3;
                    code_point = u32::from(byte & 0x7);
                }
                // "Otherwise: Return error."
                _ => characters.push((char::REPLACEMENT_CHARACTER, at)),
            }
            continue;
        }
        let in_range = (lower_boundary..=upper_boundary).contains(&byte);
        (lower_boundary, upper_boundary) = (0x80, 0xBF);
        if !in_range {
            // "Restore byte to ioQueue. Return error."
            (code_point, bytes_seen, bytes_needed) = (0, 0, 0);
            at -= 1;
            characters.push((char::REPLACEMENT_CHARACTER, at));
            continue;
        }
        code_point = (code_point << 6) | u32::from(byte & 0x3F);
        bytes_seen += 1;
        if bytes_seen == bytes_needed {
            let character = char::from_u32(code_point).expect("the boundaries exclude the rest");
            characters.push((character, at));
            (code_point, bytes_seen, bytes_needed) = (0, 0, 0);
        }
    }
    // "If byte is end-of-queue and UTF-8 bytes needed is not 0 [...] return error."
    if bytes_needed != 0 {
        characters.push((char::REPLACEMENT_CHARACTER, at));
    }
    characters
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The standard library replaces maximal subparts as well: two opinions on every sequence of
    /// the bytes at which the decoder's rules change.
    #[test]
    fn utf_8_is_decoded_as_the_standard_library_does() {
        const EDGES: [u8; 20] = [
            b'a', 0x7F, 0x80, 0x8F, 0x90, 0x9F, 0xA0, 0xBF, 0xC0, 0xC1, 0xC2, 0xDF, 0xE0, 0xED,
            0xEF, 0xF0, 0xF4, 0xF5, 0xF8, 0xFF,
        ];
        for length in 0..=4_u32 {
            for number in 0..EDGES.len().pow(length) {
                let bytes: Vec<u8> = (0..length)
                    .map(|place| EDGES[number / EDGES.len().pow(place) % EDGES.len()])
                    .collect();
                let text: String = utf_8_decode(&bytes).iter().map(|it| it.0).collect();
                assert_eq!(text, String::from_utf8_lossy(&bytes), "{bytes:x?}");
            }
        }
    }
}
