//! The lower layer: what a line says. Imports `core` only.

/// What a line says: the grammar of section 9.2.5.
///
/// ```text
/// event     = *( comment / field ) end-of-line
/// comment   = colon *any-char end-of-line
/// field     = 1*name-char [ colon [ space ] *any-char ] end-of-line
/// name-char = a scalar value other than U+000A LINE FEED (LF), U+000D CARRIAGE RETURN (CR), or U+003A COLON (:)
/// any-char  = a scalar value other than U+000A LINE FEED (LF) or U+000D CARRIAGE RETURN (CR)
/// ```
///
/// The bytes are those of the stream: they may be ill-formed UTF-8.
///
/// ```
/// use sse_proto::Line;
///
/// assert_eq!(Line::parse(b"x-trace: 7"), Line::Field { name: b"x-trace", value: b"7" });
/// assert_eq!(Line::parse(b"data"), Line::Field { name: b"data", value: b"" });
/// assert_eq!(Line::parse(b": beat"), Line::Comment(b"beat"));
/// assert_eq!(Line::parse(b""), Line::Blank);
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Line<'a> {
    /// The end of a block.
    Blank,
    /// What follows the colon, without one space at its start.
    Comment(&'a [u8]),
    /// A field, of a known or an unknown name.
    Field {
        /// The bytes before the first colon, or all of them if there is none.
        name: &'a [u8],
        /// What follows the colon, without one space at its start.
        value: &'a [u8],
    },
}

impl<'a> Line<'a> {
    /// Reads a line that has been cut off its line ending.
    #[must_use]
    pub fn parse(line: &'a [u8]) -> Self {
        // "Collect the characters on the line before the first U+003A COLON character (:)"
        let colon = line.iter().position(|&byte| byte == b':').unwrap_or(line.len());
        let (name, value) = line.split_at_checked(colon).unwrap_or_default();
        // "Collect the characters on the line after the first U+003A COLON character (:), and let value be that string."
        // "If value starts with a U+0020 SPACE character, remove it from value."
        let value = value.strip_prefix(b":").unwrap_or(value);
        let value = value.strip_prefix(b" ").unwrap_or(value);
        match (name, line) {
            (_, b"") => Self::Blank,
            (b"", _) => Self::Comment(value),
            _ => Self::Field { name, value },
        }
    }
}
