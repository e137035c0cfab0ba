//! The lines of a stream that are no field of the standard: "Otherwise: The field is ignored."
//! They are looked for beside the decoder, and only when somebody asked for details. Pure.

/// Finds lines that the decoder ignores.
#[derive(Debug)]
pub(crate) struct Strays {
    line: Vec<u8>,
    /// No more of a line is kept.
    limit: usize,
    /// The byte before was a CR; a line feed after it ends no other line.
    after_cr: bool,
    /// No line has ended yet.
    first: bool,
}

impl Strays {
    pub(crate) fn new(limit: usize) -> Self {
        Self { line: Vec::new(), limit, after_cr: false, first: true }
    }

    /// How much of `text` to give to the decoder and to [`see`](Self::see) in one piece: up to a
    /// line's end, so that what is found in it comes in order.
    pub(crate) fn piece(text: &[u8]) -> usize {
        text.iter().position(|byte| is_end(*byte)).map_or(text.len(), |at| at + 1)
    }

    /// Takes a piece, or what the decoder has read of it. The line that ends with it, if that is no
    /// field.
    pub(crate) fn see(&mut self, piece: &[u8]) -> Option<String> {
        let (&last, before) = piece.split_last()?;
        if !is_end(last) {
            self.keep(piece);
            return None;
        }
        self.keep(before);
        let continues_end = last == b'\n' && self.after_cr && self.line.is_empty();
        self.after_cr = last == b'\r';
        if continues_end {
            return None;
        }
        let line = std::mem::take(&mut self.line);
        let line = match std::mem::take(&mut self.first) {
            true => line.strip_prefix(b"\xEF\xBB\xBF").unwrap_or(&line),
            false => &line,
        };
        is_stray(line).then(|| String::from_utf8_lossy(line).into_owned())
    }

    fn keep(&mut self, bytes: &[u8]) {
        let room = self.limit.saturating_sub(self.line.len()).min(bytes.len());
        self.line.extend_from_slice(&bytes[..room]);
    }
}

fn is_end(byte: u8) -> bool {
    matches!(byte, b'\r' | b'\n')
}

/// Neither blank, nor a comment, nor one of the four fields.
fn is_stray(line: &[u8]) -> bool {
    let name = line.split(|byte| *byte == b':').next().unwrap_or_default();
    !line.is_empty() && ![&b""[..], b"data", b"event", b"id", b"retry"].contains(&name)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_no_field_is_found_in_pieces_of_every_size() {
        let stream = "\u{feff}data: 1\n{\"error\":\r\n  \"no\"}\r\r: c\n:\nretry\nid:x\nevents: 2\nDATA\n\n: \n流: x\nunfinished";
        let expected = ["{\"error\":", "  \"no\"}", "events: 2", "DATA", "流: x"];
        for size in 1..stream.len() {
            let mut strays = Strays::new(100);
            let mut found = Vec::new();
            for mut text in stream.as_bytes().chunks(size) {
                while !text.is_empty() {
                    let (piece, rest) = text.split_at(Strays::piece(text));
                    found.extend(strays.see(piece));
                    text = rest;
                }
            }
            assert_eq!(found, expected, "by {size}");
        }
    }

    #[test]
    fn of_a_long_line_the_beginning_is_kept() {
        let mut strays = Strays::new(5);
        assert_eq!(strays.see(b"<html>"), None);
        assert_eq!(strays.see(b"more\n").as_deref(), Some("<html"));
        assert_eq!(strays.see(b"<a>\n").as_deref(), Some("<a>"));
    }
}
