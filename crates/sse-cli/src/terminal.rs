//! What a terminal is shown: colours where there is one, and no control characters from the network.
//! Pure, but for the question whether a stream is a terminal.

use clap::ValueEnum;
use std::fmt::{self, Display};
use std::io::IsTerminal;

/// When to write in colours.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum Colour {
    /// On a terminal, unless the environment has NO_COLOR or TERM=dumb
    Auto,
    /// Into pipes and files too
    Always,
    /// Nowhere
    Never,
}

impl Colour {
    /// How to write to this stream.
    pub(crate) fn on(self, stream: &impl IsTerminal) -> Paint {
        let is_dumb = || std::env::var_os("TERM").is_some_and(|term| term == "dumb");
        let is_unwanted = || std::env::var_os("NO_COLOR").is_some_and(|value| !value.is_empty());
        Paint(match self {
            Self::Auto => stream.is_terminal() && !is_dumb() && !is_unwanted(),
            Self::Always => true,
            Self::Never => false,
        })
    }
}

/// Puts colours around text, or leaves it as it is.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Paint(bool);

/// Select Graphic Rendition (ECMA-48, 8.3.117), by what a text is.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Style {
    Name,
    Aside,
    Good,
    Doubtful,
    Bad,
}

impl Paint {
    pub(crate) fn paint<T: Display>(self, style: Style, text: T) -> Painted<T> {
        Painted { style: self.0.then_some(style), text }
    }
}

pub(crate) struct Painted<T> {
    style: Option<Style>,
    text: T,
}

impl<T: Display> Display for Painted<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Some(style) = self.style else { return self.text.fmt(f) };
        let code = match style {
            Style::Name => "1;36",
            Style::Aside => "2",
            Style::Good => "32",
            Style::Doubtful => "1;33",
            Style::Bad => "1;31",
        };
        write!(f, "\x1b[{code}m{}\x1b[0m", self.text)
    }
}

/// Text from the network, with everything made visible that a terminal would obey: control characters, and
/// those that turn the direction of text. Line feeds and tabs stay.
pub(crate) struct Visible<'a>(pub(crate) &'a str);

impl Display for Visible<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut rest = self.0;
        while let Some((at, character)) = rest.char_indices().find(|(_, it)| is_obeyed(*it)) {
            let (before, after) = rest.split_at(at);
            write!(f, "{before}{}", character.escape_unicode())?;
            rest = &after[character.len_utf8()..];
        }
        f.write_str(rest)
    }
}

fn is_obeyed(character: char) -> bool {
    let turns = matches!(character, '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}');
    turns || (character.is_control() && !matches!(character, '\n' | '\t'))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_terminal_would_obey_is_made_visible() {
        for (text, shown) in [
            ("plain ☺ text\n\twith lines", "plain ☺ text\n\twith lines"),
            ("\x1b[2J", "\\u{1b}[2J"),
            ("a\x07\u{9b}b\u{202e}", "a\\u{7}\\u{9b}b\\u{202e}"),
        ] {
            assert_eq!(Visible(text).to_string(), shown);
        }
    }

    #[test]
    fn colours_are_written_where_they_are_wanted() {
        let paint = |colour: Colour| colour.on(&std::io::stdout()).paint(Style::Name, "a");
        assert_eq!(paint(Colour::Always).to_string(), "\x1b[1;36ma\x1b[0m");
        assert_eq!(paint(Colour::Never).to_string(), "a");
    }
}
